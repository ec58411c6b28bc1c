// The months of a site in their order, and how pages compare them.

import Disclosure
import Tallies

extension CalendarMonth {
  static let abbreviations = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  var next: CalendarMonth? {
    month == 12
      ? CalendarMonth(year: year + 1, month: 1) : CalendarMonth(year: year, month: month + 1)
  }
}

/// What the site publishes, in the order of the months.
struct Months {
  let released: [ReleasedMonth]

  init(_ months: [ReleasedMonth]) { released = months.sorted { $0.month < $1.month } }

  /// The last month with figures.
  var latest: ReleasedMonth? { released.last { $0.total != nil } }

  /// The last `limit` months of the calendar up to the latest one that the site has, those without
  /// data among them.
  func span(_ limit: Int) -> [(month: CalendarMonth, released: ReleasedMonth?)] {
    guard let first = released.first?.month, let last = released.last?.month else { return [] }
    let byMonth = Dictionary(uniqueKeysWithValues: released.map { ($0.month, $0) })
    var span: [(month: CalendarMonth, released: ReleasedMonth?)] = []
    var month: CalendarMonth? = first
    while let present = month, present <= last {
      span.append((present, byMonth[present]))
      month = present.next
    }
    return span.suffix(limit)
  }

  func before(_ month: CalendarMonth) -> ReleasedMonth? { released.last { $0.month < month } }
  func after(_ month: CalendarMonth) -> ReleasedMonth? { released.first { $0.month > month } }
}

extension [(month: CalendarMonth, released: ReleasedMonth?)] {
  /// Below columns: the months' initials, and the years where they begin.
  var labels: [ColumnLabel] {
    enumerated().map { index, entry in
      let month = entry.month
      let isNearJanuary = dropFirst(index + 1).prefix(3).contains { $0.month.month == 1 }
      let hasYear = month.month == 1 || index == 0 && !isNearJanuary
      return ColumnLabel(
        name: month.name, tick: String(CalendarMonth.abbreviations[month.month - 1].prefix(1)),
        year: hasYear ? String(month.year) : nil)
    }
  }
}

extension ReleasedMonth {
  var isProvisional: Bool { status == .provisional }

  /// Of the month that went by, for the parts of it that are in the figures.
  var observedShare: (part: UInt64, whole: UInt64) {
    (UInt64(max(0, coverage.secondsObserved)), UInt64(max(1, coverage.secondsInMonth)))
  }
}

/// `12% more than`, `half as much as`: a number beside an earlier one.
func comparison(_ present: UInt64, with past: UInt64) -> String? {
  guard past > 0 else { return nil }
  let difference = present > past ? present - past : past - present
  // Beyond a thousandfold no percentage helps.
  guard difference / 1000 < past else { return nil }
  let percent = wholePercentage(min(difference, past), of: past)
  if present == past || percent == 0 { return "about as much as" }
  if present > past, difference >= past {
    let (quotient, _) = present.quotientAndRemainder(dividingBy: past)
    return difference == past ? "twice as much as" : "\(grouped(quotient)) times as much as"
  }
  return "\(percent)% \(present > past ? "more" : "less") than"
}

/// Foreign text that a page has room for; data files have it whole.
///
/// Shortened between characters, by what it takes in HTML: an escaped one is up to six bytes.
func shortened(_ text: String) -> String {
  let longest = (characters: 80, bytes: 240)
  let escaping = ScalarEscaping()
  var kept = ""
  var bytes = 0
  for (index, character) in text.enumerated() {
    bytes += escaping.escapeText(String(character)).utf8.count
    if index == longest.characters || bytes > longest.bytes {
      return kept + "…"
    }
    kept.append(character)
  }
  return text
}
