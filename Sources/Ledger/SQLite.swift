// SQLite, as thinly wrapped as types allow: a connection, a statement, an error.

internal import CSQLite
internal import Tallies

/// What SQLite said. `code` is the extended result code (sqlite.org/rescode.html).
struct SQLiteError: Error {
  let code: Int32
  let message: String
  /// `errno` of the system call that failed, where one did; else 0.
  var systemErrno: Int32 = 0

  var primaryCode: Int32 { code & 0xff }
}

/// An open connection. Closed once, by `deinit`.
@safe
struct Connection: ~Copyable {
  private let handle: OpaquePointer

  /// Once for all connections. Refused where some other library was first: then it stays as it is.
  private static let setUp: Int32 = weir_sqlite3_count_no_memory()

  init(path: String, flags: Int32) throws(SQLiteError) {
    _ = Self.setUp
    var opened: OpaquePointer?
    // Names such as "file:x", ":memory:" and "" mean something else to SQLite than to the user.
    let name = path.hasPrefix("/") ? path : "./" + path
    // Without SQLite's own locks, since a connection that can't be copied is used by one thread at a
    // time: they cost a fifth of a month's reading.
    let code = unsafe sqlite3_open_v2(
      name, &opened, flags | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOMUTEX, nil)
    guard code == SQLITE_OK, let handle = unsafe opened else {
      let message = unsafe String(cString: sqlite3_errstr(code))
      unsafe sqlite3_close_v2(opened)
      throw SQLiteError(code: code, message: message)
    }
    unsafe self.handle = handle
  }

  deinit { unsafe sqlite3_close_v2(handle) }

  /// Waits this long for another process's lock.
  func setBusyTimeout(milliseconds: Int32) { unsafe sqlite3_busy_timeout(handle, milliseconds) }

  /// Leaves the `-wal` and `-shm` files in place at the last close.
  func keepWALFiles() {
    var on: Int32 = 1
    unsafe sqlite3_file_control(handle, "main", SQLITE_FCNTL_PERSIST_WAL, &on)
  }

  /// Whether the file has been renamed, replaced or deleted since it was opened: what is written to
  /// it now, nobody will find.
  var hasMoved: Bool {
    var moved: Int32 = 0
    unsafe sqlite3_file_control(handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved)
    return moved != 0
  }

  /// Runs statements that give no rows.
  func execute(_ sql: String) throws(SQLiteError) {
    try check(unsafe sqlite3_exec(handle, sql, nil, nil, nil))
  }

  func prepare(_ sql: String) throws(SQLiteError) -> Statement {
    var prepared: OpaquePointer?
    try check(unsafe sqlite3_prepare_v2(handle, sql, -1, &prepared, nil))
    guard let statement = unsafe prepared else {
      throw SQLiteError(code: SQLITE_MISUSE, message: "an empty statement")
    }
    return unsafe Statement(handle: statement, connection: handle)
  }

  /// The first column of the first row, as an integer.
  func integer(_ sql: String) throws(SQLiteError) -> Int64 {
    let statement = try prepare(sql)
    guard try statement.step() else {
      throw SQLiteError(code: SQLITE_NOTFOUND, message: "no row: \(sql)")
    }
    return statement.integer(0)
  }

  /// The first column of the first row, as text.
  func text(_ sql: String) throws(SQLiteError) -> String {
    let statement = try prepare(sql)
    return try statement.step() ? statement.text(0) : ""
  }

  var lastInsertedRow: Int64 { unsafe sqlite3_last_insert_rowid(handle) }

  private func check(_ code: Int32) throws(SQLiteError) {
    guard code == SQLITE_OK else { throw unsafe .latest(of: handle) }
  }
}

/// A prepared statement. Finalized once, by `deinit`; does not outlive its connection's use.
@safe
struct Statement: ~Copyable {
  private let handle: OpaquePointer
  private let connection: OpaquePointer

  fileprivate init(handle: OpaquePointer, connection: OpaquePointer) {
    unsafe self.handle = handle
    unsafe self.connection = connection
  }

  deinit { unsafe sqlite3_finalize(handle) }

  /// Binds an integer to a parameter, counted from 1.
  func bind(_ position: Int32, _ value: Int64) throws(SQLiteError) {
    try check(unsafe sqlite3_bind_int64(handle, position, value))
  }

  func bind(_ position: Int32, _ value: Int64?) throws(SQLiteError) {
    if let value {
      try bind(position, value)
    } else {
      try check(unsafe sqlite3_bind_null(handle, position))
    }
  }

  func bind(_ position: Int32, _ text: String) throws(SQLiteError) {
    let count = Int32(text.utf8.count)
    try check(unsafe weir_sqlite3_bind_text(handle, position, text, count))
  }

  /// Binds the two letters, without a string.
  func bind(_ position: Int32, _ country: CountryCode) throws(SQLiteError) {
    let letters = country.letters.bigEndian
    // SQLite takes a copy before the bytes are gone.
    try check(
      unsafe withUnsafeBytes(of: letters) { bytes in
        unsafe weir_sqlite3_bind_text(
          handle, position, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), 2)
      })
  }

  /// `true` where there is a row to read.
  func step() throws(SQLiteError) -> Bool {
    switch unsafe sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    default: throw unsafe .latest(of: connection)
    }
  }

  /// Runs a statement that gives no row, and makes it ready to be bound again.
  func run() throws(SQLiteError) {
    _ = try step()
    reset()
  }

  /// Ends the rows, so that parameters can be bound again.
  func reset() { unsafe sqlite3_reset(handle) }

  /// A column of the current row, counted from 0.
  func integer(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(handle, column) }

  func isNull(_ column: Int32) -> Bool {
    unsafe sqlite3_column_type(handle, column) == SQLITE_NULL
  }

  /// A text of two bytes; `nil` where it has another length.
  func pair(_ column: Int32) -> (UInt8, UInt8)? {
    guard let bytes = unsafe sqlite3_column_text(handle, column),
      unsafe sqlite3_column_bytes(handle, column) == 2
    else { return nil }
    return unsafe (bytes[0], bytes[1])
  }

  func text(_ column: Int32) -> String {
    guard let bytes = unsafe sqlite3_column_text(handle, column) else { return "" }
    let count = Int(unsafe sqlite3_column_bytes(handle, column))
    return unsafe String(
      decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
  }

  private func check(_ code: Int32) throws(SQLiteError) {
    guard code == SQLITE_OK else { throw unsafe .latest(of: connection) }
  }
}

extension SQLiteError {
  fileprivate static func latest(of connection: OpaquePointer) -> SQLiteError {
    unsafe SQLiteError(
      code: sqlite3_extended_errcode(connection),
      message: String(cString: sqlite3_errmsg(connection)),
      systemErrno: sqlite3_system_errno(connection))
  }
}
