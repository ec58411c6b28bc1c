// Calendar arithmetic in UTC, on the proleptic Gregorian calendar. No time zones, no locale.

/// A month of a year, written `2026-10` (ISO 8601).
public struct CalendarMonth: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let year: Int
  /// 1 to 12.
  public let month: Int

  public init?(year: Int, month: Int) {
    guard (1...9999).contains(year), (1...12).contains(month) else { return nil }
    self.year = year
    self.month = month
  }

  /// `nil` unless `text` is four digits, a hyphen and two digits that name a month.
  public init?(_ text: String) {
    let parts = text.utf8.split(separator: 0x2d, omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].count == 4, parts[1].count == 2,
      text.utf8.allSatisfy({ $0 == 0x2d || (0x30...0x39).contains($0) }),
      let year = Int(Substring(parts[0])), let month = Int(Substring(parts[1]))
    else { return nil }
    self.init(year: year, month: month)
  }

  /// The month that holds `unixSeconds`; `nil` outside of the years 1 to 9999.
  public init?(containing unixSeconds: Int64) {
    let date = CalendarDate(daysSinceEpoch: Int(unixSeconds.floorDivided(by: 86_400)))
    self.init(year: date.year, month: date.month)
  }

  /// Unix seconds from the first one of the month to the first one of the next.
  public var seconds: Range<Int64> {
    let begin = CalendarDate(year: year, month: month, day: 1).daysSinceEpoch
    let end =
      month == 12
      ? CalendarDate(year: year + 1, month: 1, day: 1).daysSinceEpoch
      : CalendarDate(year: year, month: month + 1, day: 1).daysSinceEpoch
    return Int64(begin) * 86_400..<Int64(end) * 86_400
  }

  public var description: String { "\(padded(year, 4))-\(padded(month, 2))" }

  public static func < (left: CalendarMonth, right: CalendarMonth) -> Bool {
    (left.year, left.month) < (right.year, right.month)
  }
}

/// A day of the calendar, written `2026-10-31` (ISO 8601).
public struct CalendarDate: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let year: Int
  public let month: Int
  public let day: Int

  init(year: Int, month: Int, day: Int) {
    self.year = year
    self.month = month
    self.day = day
  }

  /// `nil` unless `text` is four digits, two and two, with hyphens between, that name a day.
  public init?(_ text: String) {
    guard text.utf8.count == 10, let month = CalendarMonth(String(text.prefix(7))),
      text.utf8.dropFirst(7).first == 0x2d,
      text.utf8.suffix(2).allSatisfy({ (0x30...0x39).contains($0) }), let day = Int(text.suffix(2)),
      (1...Int(month.seconds.count) / 86_400).contains(day)
    else { return nil }
    self.init(year: month.year, month: month.month, day: day)
  }

  public init(unixSeconds: Int64) {
    self.init(daysSinceEpoch: Int(unixSeconds.floorDivided(by: 86_400)))
  }

  // Both conversions after H. Hinnant, "chrono-Compatible Low-Level Date Algorithms": years are
  // counted from March, so that the leap day is the last of its year.

  init(daysSinceEpoch days: Int) {
    let shifted = days + 719_468
    let era = shifted.floorDivided(by: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  var daysSinceEpoch: Int {
    let yearFromMarch = month <= 2 ? year - 1 : year
    let era = yearFromMarch.floorDivided(by: 400)
    let yearOfEra = yearFromMarch - era * 400
    let monthFromMarch = month > 2 ? month - 3 : month + 9
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  public var description: String { "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))" }

  public static func < (left: CalendarDate, right: CalendarDate) -> Bool {
    (left.year, left.month, left.day) < (right.year, right.month, right.day)
  }
}

/// Unix seconds as ISO 8601 in UTC: `2026-10-31T23:59:59Z`.
public func iso8601(_ unixSeconds: Int64) -> String {
  let secondOfDay = unixSeconds - unixSeconds.floorDivided(by: 86_400) * 86_400
  let hour = padded(Int(secondOfDay / 3600), 2)
  let minute = padded(Int(secondOfDay / 60 % 60), 2)
  let second = padded(Int(secondOfDay % 60), 2)
  return "\(CalendarDate(unixSeconds: unixSeconds))T\(hour):\(minute):\(second)Z"
}

extension SignedInteger where Self: FixedWidthInteger {
  /// Division that rounds towards negative infinity; `divisor` is positive.
  public func floorDivided(by divisor: Self) -> Self {
    let quotient = self / divisor
    return self % divisor < 0 ? quotient - 1 : quotient
  }
}

private func padded(_ number: Int, _ width: Int) -> String {
  let digits = String(number)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
