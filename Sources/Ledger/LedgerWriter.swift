// The collector's side of a ledger: adds, in one transaction, tallies and the account of where they
// came from. Either all of it is in the ledger afterwards, or nothing.

internal import CSQLite
internal import Glibc
public import Tallies

/// One source of packets as it is entered.
public struct CaptureEntry: Sendable {
  public var record: CaptureRecord
  /// `file`, or the interface's name.
  public var source: String
  /// Bytes of the file and its digest; `nil` for an interface.
  public var file: FileIdentity?

  public init(record: CaptureRecord, source: String, file: FileIdentity?) {
    self.record = record
    self.source = source
    self.file = file
  }
}

/// A file as the ledger remembers it. Its name is no part of that: names can contain addresses.
public struct FileIdentity: Hashable, Sendable {
  public var size: UInt64
  /// XXH3-128 in hexadecimal.
  public var digest: String

  public init(size: UInt64, digest: String) {
    self.size = size
    self.digest = digest
  }
}

/// What was in force while packets were counted.
public struct CollectionContext: Sendable {
  public var collectorVersion: String
  /// SHA-256 of the configuration in its canonical form, hexadecimal.
  public var configurationHash: String
  public var databases: [DatabaseRecord]
  /// SHA-256 of the collector's file, hexadecimal; empty where nobody looked.
  public var programDigest: String

  public init(
    collectorVersion: String, configurationHash: String, databases: [DatabaseRecord],
    programDigest: String = ""
  ) {
    self.collectorVersion = collectorVersion
    self.configurationHash = configurationHash
    self.databases = databases
    self.programDigest = programDigest
  }
}

public enum CommitOutcome: Equatable, Sendable {
  case committed
  /// Some files are in the ledger already, or twice among the new ones; positions of these.
  case refused(repeated: [Int])
}

public struct LedgerWriter: ~Copyable {
  public let path: String
  private let patience: Int32
  /// Whether this writer made the file, so that it may take it back.
  private var hasMade = false
  private var isCommitted = false
  private var inTransaction = false
  private var connection: Connection?

  /// Checks that the ledger can be written to. One that does not exist is not made before there is
  /// something to add, so that a failed command leaves none behind.
  /// - Parameter patience: milliseconds to wait for another process's lock.
  public init(path: String, patience: Int32 = 60_000) throws(LedgerError) {
    self.path = path
    self.patience = patience
    if let reason = reasonAgainstFile(path) { throw .cannotOpen(path: path, reason: reason) }
    let folder = enclosingFolder(of: path)
    if unsafe access(path, F_OK) == 0 {
      guard unsafe access(path, R_OK | W_OK) == 0 else {
        throw .noPermission(path: path, reason: unsafe String(cString: strerror(errno)))
      }
      try open()
    } else if unsafe access(folder, W_OK | X_OK) != 0 {
      let reason = LedgerError.reasonForNotOpening(path)
      if errno == EACCES || errno == EROFS { throw .noPermission(path: path, reason: reason) }
      throw .cannotOpen(path: path, reason: reason)
    }
  }

  deinit {
    guard case .some(let connection) = connection else { return }
    if inTransaction { try? connection.execute("ROLLBACK") }
    if hasMade, !isCommitted { NewLedger.removeIfEmpty(path, connection) }
  }

  /// Files with packets that have been read into this ledger. (One without any is like the
  /// beginning of every other, and nothing of it can be counted twice.)
  public func filesRead() throws(LedgerError) -> Set<FileIdentity> {
    guard isOpen else { return [] }
    return try attempt { connection throws(SQLiteError) in
      let rows = try connection.prepare(
        "SELECT file_size, file_digest FROM captures WHERE file_digest IS NOT NULL AND packets > 0")
      var files: Set<FileIdentity> = []
      while try rows.step() {
        files.insert(FileIdentity(size: UInt64(rows.integer(0)), digest: rows.text(1)))
      }
      return files
    }
  }

  /// Adds tallies to the transaction, which begins with the first call. Other writers wait from
  /// then on until ``commit(_:context:networkNames:allowingAgain:)``.
  public mutating func add(_ tallies: TallyMap) throws(LedgerError) {
    try begin()
    // In the order of the primary key, so that the tree is walked once, from left to right.
    let ordered = tallies.keys.sorted()
    try attempt { connection throws(SQLiteError) in
      let statement = try connection.prepare(Schema.addTally)
      let folded = try FoldedTime(connection, from: ordered.first?.hour ?? .max)
      for key in ordered {
        guard let counters = tallies[key] else { continue }
        try statement.bind(1, folded.place(of: key.hour))
        try statement.bind(2, Int64(key.ipVersion))
        try statement.bind(3, Int64(key.transport))
        try statement.bind(4, Int64(key.servicePort))
        try statement.bind(5, Int64(key.network.asn))
        try statement.bind(6, key.network.country)
        try statement.bind(7, Int64(counters.flows))
        try statement.bind(8, Int64(counters.flowsAnswered))
        try statement.bind(9, Int64(counters.packetsOut))
        try statement.bind(10, Int64(counters.packetsIn))
        try statement.bind(11, Int64(counters.bytesOut))
        try statement.bind(12, Int64(counters.bytesIn))
        try statement.bind(13, Int64(counters.largestFlow))
        try statement.run()
      }
    }
  }

  /// Adds the captures that all tallies since the last commit came from, and commits.
  /// - Parameter allowingAgain: whether files may be entered that are in the ledger already.
  /// - Returns: what became of it; where it was refused, or an error is thrown, nothing is added.
  public mutating func commit(
    _ captures: [CaptureEntry], context: CollectionContext, networkNames: [UInt32: String],
    allowingAgain: Bool
  ) throws(LedgerError) -> CommitOutcome {
    try begin()
    if !allowingAgain {
      // Asked again inside of the transaction: another process may have read the same file.
      var known = try filesRead()
      let repeated = captures.indices.filter { position in
        guard let file = captures[position].file, captures[position].record.packets > 0 else {
          return false
        }
        return !known.insert(file).inserted
      }
      if !repeated.isEmpty { return .refused(repeated: repeated) }
    }
    try attempt { connection throws(SQLiteError) in
      for capture in captures { try Self.insert(capture, context, connection) }
      try Self.insert(context.databases, connection)
      try Self.insert(names: networkNames, connection)
    }
    try commitTransaction()
    return .committed
  }

  mutating func commitTransaction() throws(LedgerError) {
    try attempt { connection throws(SQLiteError) in try connection.execute("COMMIT") }
    inTransaction = false
    isCommitted = true
  }

  /// Gives up the transaction and the connection: the next call opens the ledger again.
  mutating func abandon() {
    if inTransaction {
      // Closing it would do the same; a failed statement may have done it already.
      try? attempt { connection throws(SQLiteError) in try connection.execute("ROLLBACK") }
    }
    inTransaction = false
    connection = nil
  }

  static func insert(
    _ databases: [DatabaseRecord], _ connection: borrowing Connection
  ) throws(SQLiteError) {
    let statement = try connection.prepare(
      "INSERT INTO databases VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
    for database in databases {
      try statement.bind(1, database.sha256)
      try statement.bind(2, database.kind.rawValue)
      try statement.bind(3, database.type)
      try statement.bind(4, database.builtAt)
      try statement.bind(5, database.licence)
      try statement.bind(6, database.attribution)
      try statement.run()
    }
  }

  static func insert(
    names: [UInt32: String], _ connection: borrowing Connection
  ) throws(SQLiteError) {
    let statement = try connection.prepare(
      "INSERT INTO networks VALUES (?, ?) ON CONFLICT DO UPDATE SET name = excluded.name")
    for (asn, name) in names where !name.isEmpty {
      try statement.bind(1, Int64(asn))
      try statement.bind(2, name)
      try statement.run()
    }
  }

  static func insert(
    _ capture: CaptureEntry, _ context: CollectionContext, _ connection: borrowing Connection
  ) throws(SQLiteError) {
    let record = capture.record
    let digest = { (kind: DatabaseRecord.Kind) in
      context.databases.first { $0.kind == kind }?.sha256 ?? ""
    }
    let numbers: [(String, Int64?)] =
      [
        ("began", record.observed.began), ("ended", record.observed.ended),
        ("packets", Int64(record.packets)), ("packets_counted", Int64(record.packetsCounted)),
        ("unmarked_flows", Int64(record.unmarkedFlows)), ("cut_off", record.isCutOff ? 1 : 0),
        ("dropped_kernel", Int64(record.droppedByKernel)),
        ("dropped_interface", Int64(record.droppedByInterface)),
        ("file_size", capture.file.map { Int64($0.size) }),
      ]
      + zip(Schema.leftOutColumns, LeftOutReason.allCases).map {
        ($0, Int64(record.leftOut[$1]))
      }
    let texts = [
      ("source", capture.source), ("collector_version", context.collectorVersion),
      ("config_hash", context.configurationHash), ("asn_database", digest(.asn)),
      ("country_database", digest(.country)), ("program_sha256", context.programDigest),
    ]
    let columns = numbers.map(\.0) + texts.map(\.0) + (capture.file == nil ? [] : ["file_digest"])
    let statement = try connection.prepare(
      """
      INSERT INTO captures (\(columns.joined(separator: ", ")))
      VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))
      """)
    var position: Int32 = 0
    for (_, number) in numbers {
      position += 1
      try statement.bind(position, number)
    }
    for (_, text) in texts {
      position += 1
      try statement.bind(position, text)
    }
    if let file = capture.file { try statement.bind(position + 1, file.digest) }
    try statement.run()

    try insert(record.observed, of: connection.lastInsertedRow, connection)
  }

  static func insert(
    _ observed: ObservedTime, of capture: Int64, _ connection: borrowing Connection
  ) throws(SQLiteError) {
    let coverage = try connection.prepare("INSERT INTO coverage VALUES (?, ?, ?)")
    for interval in observed.intervals {
      try coverage.bind(1, capture)
      try coverage.bind(2, interval.lowerBound)
      try coverage.bind(3, interval.upperBound)
      try coverage.run()
    }
  }

  // MARK: Opening

  private mutating func begin() throws(LedgerError) {
    if inTransaction { return }
    if connection == nil { try open() }
    try attempt { connection throws(SQLiteError) in
      try LedgerMigration(path: path).run(connection)
    }
    inTransaction = true
    var isEmpty = try lock()
    while isMoved {
      // Another writer took back a ledger that it had made. Nothing was known of it, so the next one
      // is as good; a ledger that had something in it is missed.
      guard isEmpty else { throw .moved(path: path) }
      connection = nil
      try open()
      isEmpty = try lock()
    }
  }

  /// - Returns: whether nothing was ever added.
  private func lock() throws(LedgerError) -> Bool {
    try attempt { connection throws(SQLiteError) in
      try connection.execute("BEGIN IMMEDIATE")
      return try connection.integer("SELECT count(*) FROM captures") == 0
    }
  }

  var isOpen: Bool {
    switch connection {
    case .some: true
    case .none: false
    }
  }

  private var isMoved: Bool {
    switch connection {
    case .some(let connection): connection.hasMoved
    case .none: false
    }
  }

  private mutating func open() throws(LedgerError) {
    let path = self.path
    hasMade = try translatingErrors(path) { () throws(SQLiteError) in try NewLedger.make(path) }
    connection = try translatingErrors(path) { () throws(SQLiteError) in
      try Connection(path: path, flags: SQLITE_OPEN_READWRITE)
    }
    let identity = try attempt { connection throws(SQLiteError) in
      connection.setBusyTimeout(milliseconds: patience)
      try NewLedger.makeTables(connection)
      return try LedgerIdentity(connection)
    }
    try identity.check(path)
    try attempt { connection throws(SQLiteError) in
      try NewLedger.useWAL(connection)
      try connection.execute(
        """
        PRAGMA synchronous = FULL;
        PRAGMA foreign_keys = ON;
        PRAGMA journal_size_limit = 16777216;
        """)
    }
  }

  func attempt<Result>(
    _ work: (borrowing Connection) throws(SQLiteError) -> Result
  ) throws(LedgerError) -> Result {
    try translatingErrors(path) { () throws(SQLiteError) in
      switch connection {
      case .some(let connection): return try work(connection)
      case .none: throw SQLiteError(code: SQLITE_MISUSE, message: "the ledger is not open")
      }
    }
  }
}
