// Months, shares and durations as people read them. English, without a locale.

import Tallies

extension CalendarMonth {
  /// `October 2026`.
  var name: String {
    let names = [
      "January", "February", "March", "April", "May", "June", "July", "August", "September",
      "October", "November", "December",
    ]
    return "\(names[month - 1]) \(year)"
  }
}

/// With one decimal. Only the whole is `100.0%`, and only nothing is `0.0%`: what would round to
/// them without being them is `99.9%` and `<0.1%`.
func percentage(_ part: UInt64, of whole: UInt64) -> String {
  guard part > 0, whole > 0 else { return "0.0%" }
  let tenths = rounded(part, times: 1000, over: whole)
  if tenths == 0 { return "<0.1%" }
  let shown = part < whole ? min(tenths, 999) : tenths
  return "\(shown / 10).\(shown % 10)%"
}

/// A whole number from 0 to 100.
func wholePercentage(_ part: UInt64, of whole: UInt64) -> UInt64 {
  whole == 0 ? 0 : min(100, rounded(part, times: 100, over: whole))
}

/// `part × factor / whole`, rounded half up, also where the product has more than 64 bits. `part`
/// is no more than `whole`.
private func rounded(_ part: UInt64, times factor: UInt64, over whole: UInt64) -> UInt64 {
  let product = min(part, whole).multipliedFullWidth(by: factor)
  let (quotient, remainder) = whole.dividingFullWidth(product)
  return remainder >= whole - remainder ? quotient + 1 : quotient
}

/// In its two largest units: `30 days 18 hours`.
func duration(_ seconds: Int64) -> String {
  let units: [(name: String, seconds: Int64)] = [
    ("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1),
  ]
  guard let first = units.firstIndex(where: { seconds >= $0.seconds }) else { return "0 seconds" }
  let whole = counted(seconds / units[first].seconds, units[first].name)
  guard first + 1 < units.count else { return whole }
  let rest = seconds % units[first].seconds / units[first + 1].seconds
  return rest == 0 ? whole : "\(whole) \(counted(rest, units[first + 1].name))"
}

/// `1 row`, `2,000 rows`.
func counted(_ number: some BinaryInteger, _ noun: String) -> String {
  "\(grouped(UInt64(number))) \(noun)\(number == 1 ? "" : "s")"
}
