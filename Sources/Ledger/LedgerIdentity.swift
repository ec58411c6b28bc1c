// Whether a database is a ledger, and one that this version knows.

internal import Glibc

/// Whether a file is a ledger that this version knows, by its first bytes: without opening it as a
/// database, which may make files beside it.
public func checkLedgerHeader(path: String) throws(LedgerError) {
  let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
  guard file >= 0 else {
    throw .noPermission(path: path, reason: unsafe String(cString: strerror(errno)))
  }
  // Not through the descriptors of SQLite: closing gives up locks, and here there are none.
  defer { close(file) }
  var header = [UInt8](repeating: 0, count: 100)
  let count = unsafe header.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
  // An empty file becomes one.
  if count == 0 { return }
  guard count == header.count, header.starts(with: "SQLite format 3\0".utf8) else {
    throw .notALedger(path: path, reason: "it is no SQLite database")
  }
  // The database header (sqlite.org/fileformat.html): user_version at 60, application_id at 68.
  let number = { (offset: Int) in
    header[offset..<offset + 4].reduce(Int64(0)) { $0 << 8 | Int64($1) }
  }
  try LedgerIdentity(application: number(68), version: number(60)).check(path)
}

struct LedgerIdentity {
  private let application: Int64
  let version: Int64

  init(application: Int64, version: Int64) {
    self.application = application
    self.version = version
  }

  init(_ connection: borrowing Connection) throws(SQLiteError) {
    application = try connection.integer("PRAGMA application_id")
    version = try connection.integer("PRAGMA user_version")
  }

  func check(_ path: String) throws(LedgerError) {
    guard application == Schema.applicationID else {
      throw .notALedger(path: path, reason: "it is a database of another program")
    }
    guard version <= Schema.version else {
      throw .newer(path: path, version: version, supported: Schema.version)
    }
  }
}
