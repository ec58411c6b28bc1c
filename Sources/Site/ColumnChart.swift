// Figures over time, as a table whose cells are drawn as columns.
//
// A table is its own text alternative, and needs neither script nor image. Heights are classes of
// the stylesheet, a whole percent each: a style in the page would need a laxer policy.

/// What a column stands for.
enum ColumnValue {
  case number(UInt64)
  /// Between these two.
  case bounds(lower: UInt64, upper: UInt64)
  /// Nothing to draw, and why.
  case none(String)

  fileprivate var largest: UInt64 {
    switch self {
    case .number(let number): number
    case .bounds(_, let upper): upper
    case .none: 0
    }
  }
}

struct ColumnChart {
  struct Column {
    /// Of the month or day, in full.
    let name: String
    /// A letter or number below the column; empty for none.
    let tick: String
    /// A year below that.
    let year: String?
    let value: String
    let height: String
    /// The part between the bounds.
    let uncertain: String?
    let isGap: Bool
  }

  let id: String
  let headline: String
  let subtitle: String
  let subjectHeading: String
  let valueHeading: String
  /// What the top of the chart stands for.
  let scale: String
  let columns: [Column]
  let hasBounds: Bool
  let hasGaps: Bool
  /// Whether the columns are as many as a month's days.
  let isDense: Bool

  /// - Parameters:
  ///   - entries: what stands below a column, what it is called and what it is worth.
  ///   - top: what the whole height stands for; the largest value where it is `nil`.
  init(
    id: String, headline: String, subtitle: String, subject: String, value: String,
    entries: [(label: ColumnLabel, value: ColumnValue)], top: UInt64? = nil,
    wording: (ColumnValue) -> String, scale: (UInt64) -> String
  ) {
    self.id = id
    self.headline = headline
    self.subtitle = subtitle
    subjectHeading = subject
    valueHeading = value
    let highest = max(1, top ?? entries.map(\.value.largest).max() ?? 1)
    self.scale = scale(highest)
    columns = entries.map { label, value in
      let (height, uncertain) = Self.heights(value, of: highest)
      var isGap = false
      if case .none = value { isGap = true }
      return Column(
        name: label.name, tick: label.tick, year: label.year, value: wording(value),
        height: String(height), uncertain: uncertain.map { String($0) }, isGap: isGap)
    }
    hasBounds = columns.contains { $0.uncertain != nil }
    hasGaps = columns.contains { $0.isGap }
    isDense = columns.count > 27
  }

  /// What is there is seen, however small.
  private static func heights(
    _ value: ColumnValue, of highest: UInt64
  ) -> (UInt64, uncertain: UInt64?) {
    switch value {
    case .none: return (0, nil)
    case .number(let number):
      return (number == 0 ? 0 : max(1, wholePercentage(number, of: highest)), nil)
    case .bounds(let lower, let upper):
      let certain = wholePercentage(lower, of: highest)
      return (certain, max(certain, wholePercentage(upper, of: highest)) - certain)
    }
  }
}

/// What stands below a column.
struct ColumnLabel {
  let name: String
  let tick: String
  let year: String?
}
