// The reporter's side of a ledger: reads, while a collector may be writing, and changes nothing.

internal import CSQLite
internal import Glibc
public import Tallies

public struct LedgerReader: ~Copyable {
  public let path: String
  private let connection: Connection
  private let version: Int64

  /// Opens the ledger read-only. Everything is read from one snapshot: what a collector commits
  /// from now on is not seen.
  public init(path: String) throws(LedgerError) {
    let connection = try Self.snapshot(path)
    version = try Self.version(of: connection, path)
    self.connection = connection
    self.path = path
  }

  private static func snapshot(_ path: String) throws(LedgerError) -> Connection {
    if let reason = reasonAgainstFile(path) { throw .notALedger(path: path, reason: reason) }
    guard unsafe access(path, F_OK) == 0 else { throw .missing(path: path) }
    guard unsafe access(path, R_OK) == 0 else {
      throw .noPermission(path: path, reason: unsafe String(cString: strerror(errno)))
    }
    let connection = try translatingErrors(path) { () throws(SQLiteError) in
      try Connection(path: path, flags: SQLITE_OPEN_READONLY)
    }
    let identity = try translatingErrors(path) { () throws(SQLiteError) in
      connection.setBusyTimeout(milliseconds: 60_000)
      // The snapshot begins with the first page that is read.
      try connection.execute(
        "PRAGMA query_only = ON; BEGIN; SELECT count(*) FROM sqlite_schema")
      return try LedgerIdentity(connection)
    }
    try identity.check(path)
    return connection
  }

  private static func version(
    of connection: borrowing Connection, _ path: String
  ) throws(LedgerError) -> Int64 {
    do throws(SQLiteError) {
      return try LedgerIdentity(connection).version
    } catch {
      throw LedgerError(error, path: path)
    }
  }

  /// The months that have tallies, in ascending order.
  public func months() throws(LedgerError) -> [CalendarMonth] {
    try translatingErrors(path) { () throws(SQLiteError) in
      // Each step leaps to the first hour of another month: the key's order makes that a search.
      let next = try connection.prepare("SELECT min(hour) FROM tallies WHERE hour >= ?")
      var months: [CalendarMonth] = []
      var from = Int64.min
      while true {
        try next.bind(1, from)
        guard try next.step(), !next.isNull(0) else { return months }
        let hour = next.integer(0)
        next.reset()
        guard let month = CalendarMonth(containing: hour), month.seconds.contains(hour) else {
          return months
        }
        months.append(month)
        from = month.seconds.upperBound
      }
    }
  }

  /// Hands every tally of a month to `body`, in the order of hours.
  public func forEachTally(
    in month: CalendarMonth, _ body: (TallyKey, TallyCounters) -> Void
  ) throws(LedgerError) {
    let seconds = month.seconds
    try translatingErrors(path) { () throws(SQLiteError) in
      let rows = try connection.prepare(Schema.selectTallies(version: version))
      try rows.bind(1, seconds.lowerBound)
      try rows.bind(2, seconds.upperBound)
      while try rows.step() {
        let key = TallyKey(
          hour: rows.integer(0), ipVersion: UInt8(clamping: rows.integer(1)),
          transport: UInt8(clamping: rows.integer(2)),
          servicePort: UInt16(clamping: rows.integer(3)),
          network: Network(
            asn: UInt32(clamping: rows.integer(4)),
            country: CountryCode(rows.text(5)) ?? .unknown))
        var counters = TallyCounters()
        counters.flows = UInt64(clamping: rows.integer(6))
        counters.flowsAnswered = UInt64(clamping: rows.integer(7))
        counters.packetsOut = UInt64(clamping: rows.integer(8))
        counters.packetsIn = UInt64(clamping: rows.integer(9))
        counters.bytesOut = UInt64(clamping: rows.integer(10))
        counters.bytesIn = UInt64(clamping: rows.integer(11))
        counters.largestFlow = UInt64(clamping: rows.integer(12))
        body(key, counters)
      }
    }
  }

  /// The captures that cover some second of a month, the databases that they used, and the
  /// collectors that made them.
  public func captures(
    overlapping month: CalendarMonth
  ) throws(LedgerError) -> (
    records: [CaptureRecord], databases: Set<DatabaseRecord>, collectors: Set<CollectorRecord>
  ) {
    let seconds = month.seconds
    return try translatingErrors(path) { () throws(SQLiteError) in
      let rows = try connection.prepare(
        """
        SELECT id, packets, packets_counted, unmarked_flows, cut_off, dropped_kernel,
          dropped_interface, asn_database, country_database, collector_version, config_hash,
          \(Schema.leftOutColumns.joined(separator: ", "))
        FROM captures WHERE id IN
          (SELECT capture FROM coverage WHERE ended >= ? AND began < ?)
        ORDER BY id
        """)
      try rows.bind(1, seconds.lowerBound)
      try rows.bind(2, seconds.upperBound)
      let intervals = try connection.prepare(
        "SELECT began, ended FROM coverage WHERE capture = ? ORDER BY began")
      var records: [CaptureRecord] = []
      var digests: Set<String> = []
      var collectors: Set<CollectorRecord> = []
      while try rows.step() {
        var record = CaptureRecord()
        record.packets = UInt64(clamping: rows.integer(1))
        record.packetsCounted = UInt64(clamping: rows.integer(2))
        record.unmarkedFlows = UInt64(clamping: rows.integer(3))
        record.isCutOff = rows.integer(4) != 0
        record.droppedByKernel = UInt64(clamping: rows.integer(5))
        record.droppedByInterface = UInt64(clamping: rows.integer(6))
        digests.formUnion([rows.text(7), rows.text(8)])
        collectors.insert(CollectorRecord(version: rows.text(9), configurationHash: rows.text(10)))
        for (reason, column) in zip(LeftOutReason.allCases, Int32(11)...) {
          record.leftOut[reason] = UInt64(clamping: rows.integer(column))
        }
        record.observed = try observedTime(of: rows.integer(0), intervals)
        records.append(record)
      }
      return (records, try databases().filter { digests.contains($0.sha256) }, collectors)
    }
  }

  /// The name of every autonomous system that was met.
  public func networkNames() throws(LedgerError) -> [UInt32: String] {
    try translatingErrors(path) { () throws(SQLiteError) in
      let rows = try connection.prepare("SELECT asn, name FROM networks")
      var names: [UInt32: String] = [:]
      while try rows.step() { names[UInt32(clamping: rows.integer(0))] = rows.text(1) }
      return names
    }
  }

  private func observedTime(
    of capture: Int64, _ rows: borrowing Statement
  ) throws(SQLiteError) -> ObservedTime {
    try rows.bind(1, capture)
    var intervals: [ClosedRange<Int64>] = []
    while try rows.step() {
      let (began, ended) = (rows.integer(0), rows.integer(1))
      if began <= ended { intervals.append(began...ended) }
    }
    rows.reset()
    return ObservedTime(intervals: intervals)
  }

  private func databases() throws(SQLiteError) -> Set<DatabaseRecord> {
    let rows = try connection.prepare(
      "SELECT sha256, kind, type, built_at, licence, attribution FROM databases")
    var databases: Set<DatabaseRecord> = []
    while try rows.step() {
      guard let kind = DatabaseRecord.Kind(rawValue: rows.text(1)) else { continue }
      databases.insert(
        DatabaseRecord(
          sha256: rows.text(0), kind: kind, type: rows.text(2), builtAt: rows.integer(3),
          licence: rows.text(4), attribution: rows.text(5)))
    }
    return databases
  }
}
