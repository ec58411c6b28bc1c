// The reporter's side of a ledger: reads, while a collector may be writing, and changes nothing.

internal import CSQLite
internal import Dispatch
internal import Glibc
internal import Synchronization
public import Tallies

public struct LedgerReader: ~Copyable {
  public let path: String
  private let connection: Connection
  /// The same snapshot once more, for a second thread; `nil` where that can't be had.
  private let second: Connection?
  private let version: Int64

  /// Opens the ledger read-only. Everything is read from one snapshot: what a collector commits
  /// from now on is not seen.
  public init(path: String) throws(LedgerError) {
    let connection = try Self.open(path)
    let second = try Self.open(path)
    let areSame: Bool
    (areSame, version) = try translatingErrors(path) { () throws(SQLiteError) in
      (try Self.beginSnapshot(connection, second), try LedgerIdentity(connection).version)
    }
    self.connection = connection
    self.second = areSame ? consume second : nil
    self.path = path
  }

  /// Begins a read transaction on both connections, with nothing committed between them: then
  /// `data_version`, which tells of other connections' commits, is what it was before.
  /// - Returns: whether they see the same. Not so for a ledger whose `-wal` and `-shm` files no
  ///   collector has open, and that can't be written to: there every transaction counts as a change.
  private static func beginSnapshot(
    _ first: borrowing Connection, _ second: borrowing Connection
  ) throws(SQLiteError) -> Bool {
    // The snapshot begins with the first page that is read.
    let begin = "BEGIN; SELECT count(*) FROM sqlite_schema"
    for _ in 0..<10 {
      let version = try second.integer("PRAGMA data_version")
      try first.execute(begin)
      try second.execute(begin)
      if try second.integer("PRAGMA data_version") == version { return true }
      try first.execute("ROLLBACK")
      try second.execute("ROLLBACK")
    }
    try first.execute(begin)
    return false
  }

  private static func open(_ path: String) throws(LedgerError) -> Connection {
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
      try connection.execute("PRAGMA query_only = ON")
      return try LedgerIdentity(connection)
    }
    try identity.check(path)
    return connection
  }

  /// Runs work on the snapshot, with the version of the ledger's schema.
  func inSnapshot<Result>(
    _ work: (borrowing Connection, Int64) throws(SQLiteError) -> Result
  ) throws(LedgerError) -> Result {
    try translatingErrors(path) { () throws(SQLiteError) in try work(connection, version) }
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

  /// The first and the last hour of a month that has tallies.
  public func hours(of month: CalendarMonth) throws(LedgerError) -> ClosedRange<Int64>? {
    try translatingErrors(path) { () throws(SQLiteError) in
      let ends = try connection.prepare(
        """
        SELECT (SELECT min(hour) FROM tallies WHERE hour >= ?1 AND hour < ?2),
          (SELECT max(hour) FROM tallies WHERE hour >= ?1 AND hour < ?2)
        """)
      try ends.bind(1, month.seconds.lowerBound)
      try ends.bind(2, month.seconds.upperBound)
      guard try ends.step(), !ends.isNull(0) else { return nil }
      return ends.integer(0)...ends.integer(1)
    }
  }

  /// Adds every tally of a month to one of a few sums, each made by a thread.
  ///
  /// - Parameters:
  ///   - zero: the sum of nothing.
  ///   - begin: told, by one thread at a time, which day of the month is read next.
  ///   - add: adds a tally to a sum.
  public func sums<Sum: Sendable>(
    of month: CalendarMonth, from zero: Sum, begin: @Sendable (CalendarDate) -> Void = { _ in },
    _ add: @Sendable (inout Sum, TallyKey, TallyCounters) -> Void
  ) throws(LedgerError) -> [Sum] {
    // Handed out by the day, since half of a month may be all that there is of it.
    let days = Mutex(
      stride(from: month.seconds.lowerBound, to: month.seconds.upperBound, by: 86_400)
        .map { $0..<$0 + 86_400 }.reversed() as [Range<Int64>])
    @Sendable func nextDay() -> Range<Int64>? {
      days.withLock { days in
        let day = days.popLast()
        if let day { begin(CalendarDate(unixSeconds: day.lowerBound)) }
        return day
      }
    }
    let results = Mutex<[Result<Sum, SQLiteError>]>([])
    return try translatingErrors(path) { () throws(SQLiteError) in
      // Each of them is used by one thread alone.
      nonisolated(unsafe) let rows = try connection.prepare(
        Schema.selectTallies(version: version))
      nonisolated(unsafe) let secondRows = try second?.prepare(
        Schema.selectTallies(version: version))
      DispatchQueue.concurrentPerform(iterations: second == nil ? 1 : 2) { thread in
        var sum = zero
        do throws(SQLiteError) {
          while let day = nextDay() {
            if thread == 0 {
              try unsafe rows.forEachTally(in: day) { add(&sum, $0, $1) }
            } else {
              try unsafe secondRows?.forEachTally(in: day) { add(&sum, $0, $1) }
            }
          }
          results.withLock { $0.append(.success(sum)) }
        } catch {
          results.withLock { $0.append(.failure(error)) }
        }
      }
      var sums: [Sum] = []
      for result in results.withLock({ $0 }) { sums.append(try result.get()) }
      return sums
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
          \(Schema.selectProgramDigest(version: version)), \(Schema.selectLeftOut(version: version))
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
        collectors.insert(
          CollectorRecord(
            version: rows.text(9), configurationHash: rows.text(10), programDigest: rows.text(11)))
        for (reason, column) in zip(LeftOutReason.allCases, Int32(12)...) {
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

extension Statement {
  /// Runs ``Schema/selectTallies(version:)`` for a stretch of time.
  fileprivate func forEachTally(
    in seconds: Range<Int64>, _ body: (TallyKey, TallyCounters) -> Void
  ) throws(SQLiteError) {
    try bind(1, seconds.lowerBound)
    try bind(2, seconds.upperBound)
    while try step() {
      let country = pair(5).flatMap { CountryCode($0.0, $0.1) }
      let key = TallyKey(
        hour: integer(0), ipVersion: UInt8(clamping: integer(1)),
        transport: UInt8(clamping: integer(2)), servicePort: UInt16(clamping: integer(3)),
        network: Network(asn: UInt32(clamping: integer(4)), country: country ?? .unknown))
      var counters = TallyCounters()
      counters.flows = UInt64(clamping: integer(6))
      counters.flowsAnswered = UInt64(clamping: integer(7))
      counters.packetsOut = UInt64(clamping: integer(8))
      counters.packetsIn = UInt64(clamping: integer(9))
      counters.bytesOut = UInt64(clamping: integer(10))
      counters.bytesIn = UInt64(clamping: integer(11))
      counters.largestFlow = UInt64(clamping: integer(12))
      body(key, counters)
    }
    reset()
  }
}
