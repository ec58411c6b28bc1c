// A capture that goes on: its row is entered with the first flush and brought up to date by each
// further one, in the same transaction as the tallies that it accounts for.

public import Tallies

/// Where a running capture stands in its ledger.
public struct RunningRow: Equatable, Sendable {
  let id: Int64
  /// The first second that it covers. With the source it makes sure that the row is the one that was
  /// entered, should somebody have put another ledger in the place of the first.
  let began: Int64?
}

/// What a flush adds to a running capture.
public struct RunningEntry: Sendable {
  /// The interface's name.
  public var source: String
  /// Counted since the last flush.
  public private(set) var addition = CaptureRecord()
  /// `nil` before the first flush.
  public var row: RunningRow?

  public init(source: String) { self.source = source }

  public mutating func add(_ record: CaptureRecord) { addition.add(record) }

  public mutating func wasFlushed(row: RunningRow?) {
    addition = CaptureRecord()
    self.row = row
  }
}

extension LedgerWriter {
  /// Adds tallies and the captures that they came from in one transaction.
  ///
  /// After an error nothing was added, and the next flush begins afresh: with ``LedgerError/moved``,
  /// on the ledger that is at the path then, where the rows so far are unknown.
  /// - Parameter captures: those without anything to add are passed over.
  /// - Returns: a row for each capture.
  public mutating func flush(
    _ tallies: TallyMap, _ captures: [(entry: RunningEntry, context: CollectionContext)],
    networkNames: [UInt32: String]
  ) throws(LedgerError) -> [RunningRow?] {
    do throws(LedgerError) {
      try add(tallies)
      let rows = try attempt { connection throws(SQLiteError) in
        var rows: [RunningRow?] = []
        for (entry, context) in captures {
          if entry.addition == CaptureRecord() {
            rows.append(entry.row)
          } else if let row = entry.row,
            let updated = try Self.update(row, entry, connection)
          {
            rows.append(updated)
          } else {
            let record = entry.addition
            try Self.insert(
              CaptureEntry(record: record, source: entry.source, file: nil), context, connection)
            rows.append(
              RunningRow(id: connection.lastInsertedRow, began: record.observed.began))
          }
          try Self.insert(context.databases, connection)
        }
        try Self.insert(names: networkNames, connection)
        return rows
      }
      try commitTransaction()
      return rows
    } catch {
      abandon()
      throw error
    }
  }

  /// The seconds of a stretch of time, in Unix seconds, in which captures of a source observed.
  public func observedTime(
    of source: String, in seconds: Range<Int64>
  ) throws(LedgerError) -> ObservedTime {
    // One that does not exist yet has seen nothing.
    guard isOpen else { return ObservedTime() }
    return try attempt { connection throws(SQLiteError) in
      let rows = try connection.prepare(
        """
        SELECT coverage.began, coverage.ended FROM coverage JOIN captures ON id = capture
        WHERE source = ? AND coverage.ended >= ? AND coverage.began < ?
        """)
      try rows.bind(1, source)
      try rows.bind(2, seconds.lowerBound)
      try rows.bind(3, seconds.upperBound)
      return try Self.observedTime(rows).intersection(seconds)
    }
  }

  /// - Returns: `nil` where there is no such row.
  private static func update(
    _ row: RunningRow, _ entry: RunningEntry, _ connection: borrowing Connection
  ) throws(SQLiteError) -> RunningRow? {
    let found = try connection.prepare(
      "SELECT count(*) FROM captures WHERE id = ? AND source = ? AND began IS ?")
    try found.bind(1, row.id)
    try found.bind(2, entry.source)
    try found.bind(3, row.began)
    guard try found.step(), found.integer(0) == 1 else { return nil }
    found.reset()

    let addition = entry.addition
    var observed = try observedTime(of: row.id, connection)
    observed.formUnion(addition.observed)
    let numbers: [(String, UInt64)] =
      [
        ("packets", addition.packets), ("packets_counted", addition.packetsCounted),
        ("unmarked_flows", addition.unmarkedFlows), ("dropped_kernel", addition.droppedByKernel),
        ("dropped_interface", addition.droppedByInterface),
      ] + zip(Schema.leftOutColumns, LeftOutReason.allCases).map { ($0, addition.leftOut[$1]) }
    let statement = try connection.prepare(
      """
      UPDATE captures SET began = ?, ended = ?,
        \(numbers.map { "\($0.0) = \($0.0) + ?" }.joined(separator: ", "))
      WHERE id = ?
      """)
    try statement.bind(1, observed.began)
    try statement.bind(2, observed.ended)
    for (position, (_, number)) in zip(Int32(3)..., numbers) {
      try statement.bind(position, Int64(number))
    }
    try statement.bind(Int32(3 + numbers.count), row.id)
    try statement.run()

    let removal = try connection.prepare("DELETE FROM coverage WHERE capture = ?")
    try removal.bind(1, row.id)
    try removal.run()
    try insert(observed, of: row.id, connection)
    return RunningRow(id: row.id, began: observed.began)
  }

  private static func observedTime(
    of capture: Int64, _ connection: borrowing Connection
  ) throws(SQLiteError) -> ObservedTime {
    let rows = try connection.prepare("SELECT began, ended FROM coverage WHERE capture = ?")
    try rows.bind(1, capture)
    return try observedTime(rows)
  }

  /// Of rows with the first and the last second of intervals.
  private static func observedTime(
    _ rows: borrowing Statement
  ) throws(SQLiteError) -> ObservedTime {
    var intervals: [ClosedRange<Int64>] = []
    while try rows.step() {
      let (began, ended) = (rows.integer(0), rows.integer(1))
      if began <= ended { intervals.append(began...ended) }
    }
    return ObservedTime(intervals: intervals)
  }
}
