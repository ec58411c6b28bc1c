// Thinning with age: hours become days, days become a month; every sum stays what it was.
//
// One day, or one month, is one transaction, so that a crash leaves it folded or not folded. What it
// frees is overwritten, and then given back to the file system. It is done in steps that are short
// enough for a collector to do between two flushes.

internal import CSQLite
internal import Glibc
internal import Tallies

/// How long finer times are kept.
public struct FoldingAges: Equatable, Sendable {
  /// Days after the end of a month until its hours are folded into days.
  public var hoursForDays: Int
  /// Months after the end of a month until its days are folded into one.
  public var daysForMonths: Int

  public init(hoursForDays: Int, daysForMonths: Int) {
    self.hoursForDays = hoursForDays
    self.daysForMonths = daysForMonths
  }

  /// Whether the hours of a month are to be days at some time, in Unix seconds.
  func isFinal(_ month: CalendarMonth, at now: Int64) -> Bool {
    now >= month.seconds.upperBound + Int64(hoursForDays) * 86_400
  }

  func isToBeOne(_ month: CalendarMonth, at now: Int64) -> Bool {
    let months = month.year * 12 + month.month + daysForMonths
    guard isFinal(month, at: now),
      let due = CalendarMonth(year: months / 12, month: months % 12 + 1)
    else { return false }
    return now >= due.seconds.lowerBound
  }
}

/// A day or a month that is folded, or is to be.
public struct FoldedStretch: Equatable, Sendable {
  /// Unix seconds, the end not included.
  public let seconds: Range<Int64>
  public let span: TallySpan

  /// `2026-10-31`, or `2026-10`.
  public var name: String {
    let day = CalendarDate(unixSeconds: seconds.lowerBound)
    guard span == .month, let month = CalendarMonth(containing: seconds.lowerBound) else {
      return "\(day)"
    }
    return "\(month)"
  }
}

public struct LedgerFolding: ~Copyable {
  public let path: String
  private let connection: Connection
  private let patience: Int32

  /// Pages given back in one step: 16 MiB of them, as SQLite's usually are.
  private static let pagesInAStep = 4096

  /// Opens a ledger that there is.
  /// - Parameter patience: milliseconds to wait for another process's lock.
  public init(path: String, patience: Int32 = 60_000) throws(LedgerError) {
    if let reason = reasonAgainstFile(path) { throw .notALedger(path: path, reason: reason) }
    guard unsafe access(path, F_OK) == 0 else { throw .missing(path: path) }
    guard unsafe access(path, R_OK | W_OK) == 0 else {
      throw .noPermission(path: path, reason: unsafe String(cString: strerror(errno)))
    }
    let connection = try translatingErrors(path) { () throws(SQLiteError) in
      try Connection(path: path, flags: SQLITE_OPEN_READWRITE)
    }
    let identity = try translatingErrors(path) { () throws(SQLiteError) in
      connection.setBusyTimeout(milliseconds: patience)
      connection.keepWALFiles()
      return try LedgerIdentity(connection)
    }
    try identity.check(path)
    try translatingErrors(path) { () throws(SQLiteError) in
      // Deleted rows are overwritten with zeros, and nothing is put into temporary files.
      try connection.execute(
        """
        PRAGMA secure_delete = ON;
        PRAGMA synchronous = FULL;
        PRAGMA temp_store = MEMORY;
        PRAGMA journal_size_limit = 16777216;
        """)
    }
    self.connection = connection
    self.path = path
    self.patience = patience
  }

  /// What is to be folded at some time, in the order in which it will be.
  public func due(at now: Int64, _ ages: FoldingAges) throws(LedgerError) -> [FoldedStretch] {
    try translatingErrors(path) { () throws(SQLiteError) in
      try stretches(at: now, ages, onlyFirst: false)
    }
  }

  /// Whether there is something to fold at some time.
  public func isDue(at now: Int64, _ ages: FoldingAges) throws(LedgerError) -> Bool {
    try translatingErrors(path) { () throws(SQLiteError) in
      try !stretches(at: now, ages, onlyFirst: true).isEmpty
    }
  }

  /// Whether any second of a stretch of time, in Unix seconds, was observed.
  public func hasObserved(_ seconds: Range<Int64>) throws(LedgerError) -> Bool {
    try translatingErrors(path) { () throws(SQLiteError) in
      let rows = try connection.prepare(
        "SELECT EXISTS (SELECT * FROM coverage WHERE ended >= ? AND began < ?)")
      try rows.bind(1, seconds.lowerBound)
      try rows.bind(2, seconds.upperBound)
      return try rows.step() && rows.integer(0) == 1
    }
  }

  /// Folds one day or month.
  /// - Returns: which one, or `nil` where there is nothing left to fold.
  public func foldNext(at now: Int64, _ ages: FoldingAges) throws(LedgerError) -> FoldedStretch? {
    try translatingErrors(path) { () throws(SQLiteError) in
      // Without a lock first: most of the time there is nothing to do.
      if try stretches(at: now, ages, onlyFirst: true).isEmpty { return nil }
      try LedgerMigration(path: path).run(connection)
      try connection.execute("BEGIN IMMEDIATE")
      do throws(SQLiteError) {
        // Another process may have been quicker.
        let stretch = try stretches(at: now, ages, onlyFirst: true).first
        if let stretch { try fold(stretch) }
        try connection.execute("COMMIT")
        return stretch
      } catch {
        try? connection.execute("ROLLBACK")
        throw error
      }
    }
  }

  /// Gives a part of the freed pages back to the file system.
  /// - Returns: whether there are more.
  public func shrinkNext() throws(LedgerError) -> Bool {
    try translatingErrors(path) { () throws(SQLiteError) in
      let before = try connection.integer("PRAGMA freelist_count")
      guard before > 0, try isShrinkable() else {
        if before == 0 { try truncateLog() }
        return false
      }
      try connection.execute("PRAGMA incremental_vacuum(\(Self.pagesInAStep))")
      let left = try connection.integer("PRAGMA freelist_count")
      if left == 0 || left >= before { try truncateLog() }
      return left > 0 && left < before
    }
  }

  /// Bytes that are free within the file.
  public func freeBytes() throws(LedgerError) -> UInt64 {
    try translatingErrors(path) { () throws(SQLiteError) in
      UInt64(
        clamping: try connection.integer("PRAGMA freelist_count")
          * connection.integer("PRAGMA page_size"))
    }
  }

  /// Whether the ledger was made to give pages back one by one.
  private func isShrinkable() throws(SQLiteError) -> Bool {
    try connection.integer("PRAGMA auto_vacuum") == 2
  }

  /// Writes a ledger anew that can't give pages back one by one, so that from now on it can. It
  /// takes as much space again while it lasts, and nobody else can write meanwhile.
  public func rewriteIfNeeded() throws(LedgerError) {
    try translatingErrors(path) { () throws(SQLiteError) in
      if try isShrinkable() { return }
      // Such a rewriting may be large: not in memory.
      try connection.execute(
        "PRAGMA temp_store = FILE; PRAGMA auto_vacuum = INCREMENTAL; VACUUM; PRAGMA temp_store = MEMORY"
      )
      try truncateLog()
    }
  }

  /// The log still has old pages. A reader's snapshot may need them: then it is done another time.
  private func truncateLog() throws(SQLiteError) {
    connection.setBusyTimeout(milliseconds: 0)
    defer { connection.setBusyTimeout(milliseconds: patience) }
    do throws(SQLiteError) {
      try connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    } catch {
      guard [SQLITE_BUSY, SQLITE_LOCKED].contains(error.primaryCode) else { throw error }
    }
  }

  // MARK: What is due

  private func stretches(
    at now: Int64, _ ages: FoldingAges, onlyFirst: Bool
  ) throws(SQLiteError) -> [FoldedStretch] {
    let isOld = try connection.integer("PRAGMA user_version") < 2
    // Each step leaps over a day, or a month: the key's order makes that a search.
    let next = try connection.prepare("SELECT min(hour) FROM tallies WHERE hour >= ?")
    let span = try isOld ? nil : connection.prepare("SELECT span FROM folded WHERE began = ?")
    var found: [FoldedStretch] = []
    var months: [CalendarMonth] = []
    var from = Int64.min
    while true {
      try next.bind(1, from)
      guard try next.step(), !next.isNull(0) else { break }
      let hour = next.integer(0)
      next.reset()
      guard let month = CalendarMonth(containing: hour), month.seconds.contains(hour),
        ages.isFinal(month, at: now)
      else { break }
      if try Self.look(span, month.seconds.lowerBound) == .month {
        from = month.seconds.upperBound
        continue
      }
      if months.last != month, ages.isToBeOne(month, at: now) { months.append(month) }
      let day = hour.floorDivided(by: 86_400) * 86_400
      if try Self.look(span, day) != .day {
        found.append(FoldedStretch(seconds: day..<day + 86_400, span: .day))
        if onlyFirst { return found }
      }
      from = day + 86_400
    }
    return found + months.map { FoldedStretch(seconds: $0.seconds, span: .month) }
  }

  private static func look(
    _ statement: borrowing Statement?, _ began: Int64
  ) throws(SQLiteError) -> TallySpan? {
    switch statement {
    case .none: return nil
    case .some(let statement):
      try statement.bind(1, began)
      defer { statement.reset() }
      return try statement.step() ? TallySpan(rawValue: statement.text(0)) : nil
    }
  }

  // MARK: Folding

  /// Moves the tallies of every later hour to the first one. Hour by hour, so that what SQLite holds
  /// in memory is no more than one hour's.
  private func fold(_ stretch: FoldedStretch) throws(SQLiteError) {
    let first = stretch.seconds.lowerBound
    let next = try connection.prepare(
      "SELECT min(hour) FROM tallies WHERE hour > \(first) AND hour < \(stretch.seconds.upperBound)"
    )
    let move = try connection.prepare(Schema.moveTallies)
    let remove = try connection.prepare("DELETE FROM tallies WHERE hour = ?")
    while try next.step(), !next.isNull(0) {
      let hour = next.integer(0)
      next.reset()
      try move.bind(1, first)
      try move.bind(2, hour)
      try move.run()
      try remove.bind(1, hour)
      try remove.run()
    }
    let forget = try connection.prepare("DELETE FROM folded WHERE began >= ? AND began < ?")
    try forget.bind(1, first)
    try forget.bind(2, stretch.seconds.upperBound)
    try forget.run()
    let remember = try connection.prepare("INSERT INTO folded VALUES (?, ?)")
    try remember.bind(1, first)
    try remember.bind(2, stretch.span.rawValue)
    try remember.run()
  }
}
