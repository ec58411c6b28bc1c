// How a ledger comes to be, and how one that came to nothing goes again.

internal import CSQLite
internal import Glibc

enum NewLedger {
  /// Makes an empty ledger where there is no file.
  /// - Returns: `false` where there is one. After an error there is none, unless somebody else has
  ///   begun to use it.
  static func make(_ path: String) throws(SQLiteError) -> Bool {
    // Unreleased numbers are for the group's eyes at most. A file that exists is not touched: closing
    // it would give up the locks that other connections of this process hold on it.
    let created = unsafe open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o640)
    guard created >= 0 else {
      if errno == EEXIST { return false }
      let number = errno
      throw SQLiteError(
        code: SQLITE_CANTOPEN, message: unsafe String(cString: strerror(number)),
        systemErrno: number)
    }
    close(created)
    do throws(SQLiteError) {
      let connection = try Connection(path: path, flags: SQLITE_OPEN_READWRITE)
      connection.setBusyTimeout(milliseconds: 60_000)
      try makeTables(connection)
      try useWAL(connection)
      // The first transaction makes the files that go with it, for which there may be no space.
      try connection.execute("BEGIN IMMEDIATE; ROLLBACK")
    } catch {
      removeIfEmpty(path)
      throw error
    }
    return true
  }

  /// A ledger has all its tables from its first transaction on. A database that has any, or that
  /// another program has put its name to, is left alone.
  static func makeTables(_ connection: borrowing Connection) throws(SQLiteError) {
    let count = "SELECT count(*) FROM sqlite_schema"
    guard try connection.integer(count) == 0,
      try connection.integer("PRAGMA application_id") == 0
    else { return }
    // Before the first table, or never: pages that are freed can be given back one by one.
    try connection.execute("PRAGMA auto_vacuum = INCREMENTAL; BEGIN IMMEDIATE")
    // Another process may have been quicker.
    if try connection.integer(count) == 0 {
      try connection.execute(
        """
        PRAGMA application_id = \(Schema.applicationID);
        PRAGMA user_version = \(Schema.version);
        \(Schema.tables)
        """)
    }
    try connection.execute("COMMIT")
  }

  static func useWAL(_ connection: borrowing Connection) throws(SQLiteError) {
    // The reader's account may be allowed to read the files of the log, but not to make them.
    connection.keepWALFiles()
    // Of two processes that go over to the log at once SQLite refuses one at once, whatever its
    // patience: each would wait for the other.
    for _ in 0..<1000 {
      do throws(SQLiteError) {
        return try connection.execute("PRAGMA journal_mode = WAL")
      } catch {
        guard error.primaryCode == SQLITE_BUSY else { throw error }
        usleep(10_000)
      }
    }
    try connection.execute("PRAGMA journal_mode = WAL")
  }

  /// Removes a ledger to which nothing was ever added. The lock keeps other writers from adding to
  /// it meanwhile; one that waits for the lock finds out through `hasMoved`.
  static func removeIfEmpty(_ path: String, _ connection: borrowing Connection) {
    guard (try? connection.execute("BEGIN IMMEDIATE")) != nil, !connection.hasMoved else { return }
    let tables = (try? connection.integer("SELECT count(*) FROM sqlite_schema")) ?? 0
    if tables > 0, (try? connection.integer("SELECT count(*) FROM captures")) != 0 { return }
    for suffix in ["", "-wal", "-shm", "-journal"] { unsafe unlink(path + suffix) }
  }

  private static func removeIfEmpty(_ path: String) {
    guard let connection = try? Connection(path: path, flags: SQLITE_OPEN_READWRITE) else { return }
    // Alone on it, SQLite keeps the log's index in memory, and needs no space on the disk.
    guard (try? connection.execute("PRAGMA locking_mode = EXCLUSIVE")) != nil else { return }
    removeIfEmpty(path, connection)
  }
}
