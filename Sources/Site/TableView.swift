// A table as its page shows it: what the templates name, ready for people to read.

import Disclosure
import Tallies

/// Figures as cells. Bytes come twice: in IEC units to read, and exactly for machines.
struct FigureCells {
  let flows: String
  let bytesOut: String
  let bytesOutExact: String
  let bytesIn: String
  let bytesInExact: String
  let bytes: String
  let bytesExact: String
  /// Of the bytes of the month.
  let share: String
  /// The same in whole percent; the stylesheet has a width for each.
  let bar: String
  /// Between which the true figures lie, where noise was added.
  let flowsRange: String?
  let bytesRange: String?

  init(_ figures: Figures, of total: Figures, interval: ReleasedInterval? = nil) {
    flows = grouped(figures.flows)
    bytesOut = iecBytes(figures.bytesOut)
    bytesOutExact = String(figures.bytesOut)
    bytesIn = iecBytes(figures.bytesIn)
    bytesInExact = String(figures.bytesIn)
    bytes = iecBytes(figures.bytes)
    bytesExact = String(figures.bytes)
    share = percentage(figures.bytes, of: total.bytes)
    let whole = wholePercentage(figures.bytes, of: total.bytes)
    bar = String(figures.bytes > 0 ? max(1, whole) : 0)
    flowsRange = interval.map { "\(grouped($0.lower.flows))–\(grouped($0.upper.flows))" }
    bytesRange = interval.map { "\(iecBytes($0.lower.bytes))–\(iecBytes($0.upper.bytes))" }
  }
}

struct RowView {
  let words: SubjectWords
  /// From the page; `nil` where the subject has no page.
  let link: String?
  let figures: FigureCells
}

/// Several rows in one line.
struct SumView {
  let rows: String
  let figures: FigureCells
}

struct TableView {
  let anchor: String
  let heading: String
  let explanation: String?
  let caption: String
  let subjectHeading: String
  let csv: String
  let json: String
  let rows: [RowView]
  /// How many rows stand on their own, here and in the data files.
  let rowCount: String
  /// Rows that have no room on the page, but in the data files.
  let further: SumView?
  let other: SumView?
  let total: FigureCells
  let hasRanges: Bool
  let map: WorldMapView?

  /// Shows the first `limit` rows, which are those with the most bytes.
  init(
    _ table: ReleasedTable, of released: ReleasedMonth, total figures: ReleasedFigures,
    names: SiteTemplates, pages: SubjectPages, root: String, limit: Int
  ) {
    let total = Figures(figures)
    let dimension = table.dimension
    anchor = dimension.fileName
    heading = dimension.heading
    explanation = dimension.explanation
    caption = "Exit traffic by \(dimension.subject.lowercased()), \(released.month.name)"
    subjectHeading = dimension.subject
    csv = "\(dimension.fileName).csv"
    json = "\(dimension.fileName).json"
    rows = table.rows.prefix(limit).map { row in
      RowView(
        words: SubjectWords(row.subject, names: names),
        link: pages.page(of: row.subject, in: dimension).map { root + $0 },
        figures: FigureCells(Figures(row.figures), of: total, interval: row.interval))
    }
    rowCount = counted(table.rows.count, "row")
    further = Self.sum(table.rows.dropFirst(limit), of: total)
    other = table.other.map {
      SumView(
        rows: $0.rows.map { counted($0, "smaller row") } ?? "smaller rows",
        figures: FigureCells(Figures($0.figures), of: total, interval: $0.interval))
    }
    self.total = FigureCells(total, of: total, interval: released.totalInterval)
    hasRanges = released.policy.noise != nil
    map =
      dimension == .country
      ? WorldMapView(table, total: figures, month: released.month, names: names) : nil
  }

  private static func sum(_ rows: ArraySlice<ReleasedRow>, of total: Figures) -> SumView? {
    guard !rows.isEmpty else { return nil }
    var sum = Figures()
    for row in rows { sum += Figures(row.figures) }
    return SumView(
      rows: counted(rows.count, "further row"), figures: FigureCells(sum, of: total))
  }
}
