// Which days and months of a ledger have been folded with age: their tallies stand at the first hour.

internal import CSQLite
public import Tallies

/// How much time a tally at some hour stands for.
public enum TallySpan: String, Sendable, CaseIterable {
  case hour
  case day
  case month
}

/// The folded stretches of time from some hour on.
struct FoldedTime {
  private var spans: [Int64: TallySpan] = [:]

  init(_ connection: borrowing Connection, from hour: Int64) throws(SQLiteError) {
    // No month is longer.
    let rows = try connection.prepare("SELECT began, span FROM folded WHERE began > ?")
    try rows.bind(1, hour.subtractingReportingOverflow(31 * 86_400).partialValue)
    while try rows.step() {
      if let span = TallySpan(rawValue: rows.text(1)) { spans[rows.integer(0)] = span }
    }
  }

  /// Where a tally of an hour belongs: late ones go where the others of their day or month are.
  func place(of hour: Int64) -> Int64 {
    if spans.isEmpty { return hour }
    let day = hour.floorDivided(by: 86_400) * 86_400
    if spans[day] == .day { return day }
    guard let month = CalendarMonth(containing: hour)?.seconds.lowerBound else { return hour }
    return spans[month] == .month ? month : hour
  }
}

extension LedgerReader {
  /// The longest time that a tally of a month stands for. Only where it is the hour or the day has
  /// the month days to tell of.
  public func longestSpan(in month: CalendarMonth) throws(LedgerError) -> TallySpan {
    try inSnapshot { connection, version throws(SQLiteError) in
      if version < 2 { return .hour }
      let rows = try connection.prepare(
        "SELECT min(span), max(span) FROM folded WHERE began >= ? AND began < ?")
      try rows.bind(1, month.seconds.lowerBound)
      try rows.bind(2, month.seconds.upperBound)
      guard try rows.step() else { return .hour }
      // "day" comes before "month".
      return TallySpan(rawValue: rows.text(1)) ?? .hour
    }
  }
}
