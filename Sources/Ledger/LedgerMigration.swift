// A ledger of an earlier version becomes one of this version, and a copy of what it was stays.

internal import CSQLite
internal import Glibc
internal import Tallies

/// Version 1 did not keep the largest flow and knew fewer reasons; version 2 did not keep the
/// collector's digest.
///
/// Only a writer does this, when it has something to add; readers understand both. The change is one
/// transaction, and the copy is whole and on the disk before that begins to write.
struct LedgerMigration {
  let path: String

  /// Beside the ledger, with its permissions and its owner.
  private var copy: String { path + ".before-v\(Schema.version)" }

  /// To be called outside of a transaction. Does nothing to a ledger of this version.
  func run(_ connection: borrowing Connection) throws(SQLiteError) {
    let version = "PRAGMA user_version"
    guard try connection.integer(version) < Schema.version else { return }
    // From here on no other process writes: what is copied is what will be changed.
    try connection.execute("BEGIN IMMEDIATE")
    do throws(SQLiteError) {
      // Another process may have been quicker.
      let found = try connection.integer(version)
      if found < Schema.version {
        try makeCopy()
        if found < 2 { try connection.execute(Self.toVersion2) }
        try connection.execute(
          """
          ALTER TABLE captures ADD COLUMN \(Schema.programDigest);
          PRAGMA user_version = \(Schema.version)
          """)
      }
      try connection.execute("COMMIT")
    } catch {
      try? connection.execute("ROLLBACK")
      throw error
    }
  }

  private static let toVersion2 = """
    ALTER TABLE tallies ADD COLUMN largest_flow INTEGER NOT NULL DEFAULT 0;
    UPDATE tallies SET largest_flow = bytes_out + bytes_in;
    \(Schema.leftOutSinceVersion2.map {
      "ALTER TABLE captures ADD COLUMN left_out_\($0.rawValue) INTEGER NOT NULL DEFAULT 0;"
    }.joined(separator: "\n"))
    \(Schema.folded)
    """

  private func makeCopy() throws(SQLiteError) {
    let unfinished = copy + ".unfinished"
    unsafe unlink(unfinished)
    do throws(SQLiteError) {
      try makeEmptyFile(unfinished)
      let reader = try Connection(path: path, flags: SQLITE_OPEN_READWRITE)
      let statement = try reader.prepare("VACUUM INTO ?")
      try statement.bind(1, unfinished.hasPrefix("/") ? unfinished : "./" + unfinished)
      try statement.run()
      try finish(unfinished)
    } catch {
      unsafe unlink(unfinished)
      throw error
    }
  }

  /// SQLite fills a file that is there and empty, and leaves its permissions.
  private func makeEmptyFile(_ name: String) throws(SQLiteError) {
    let made = unsafe open(name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
    guard made >= 0 else { throw failure(SQLITE_CANTOPEN) }
    defer { close(made) }
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { throw failure(SQLITE_IOERR) }
    // Who may not give files away keeps the copy, with the group if that can be had.
    if fchown(made, status.st_uid, status.st_gid) != 0 {
      _ = fchown(made, uid_t.max, status.st_gid)
    }
    guard fchmod(made, status.st_mode & 0o666) == 0 else { throw failure(SQLITE_IOERR) }
  }

  /// The copy has its name only when the disk has all of it.
  private func finish(_ name: String) throws(SQLiteError) {
    for (file, flags) in [(name, O_RDWR), (enclosingFolder(of: path), O_RDONLY | O_DIRECTORY)] {
      if file != name, unsafe rename(name, copy) != 0 { throw failure(SQLITE_IOERR) }
      let descriptor = unsafe open(file, flags | O_CLOEXEC)
      guard descriptor >= 0 else { throw failure(SQLITE_IOERR) }
      defer { close(descriptor) }
      guard fsync(descriptor) == 0 else { throw failure(SQLITE_IOERR) }
    }
  }

  private func failure(_ code: Int32) -> SQLiteError {
    let number = errno
    return SQLiteError(
      code: code, message: "no copy \(copy): \(unsafe String(cString: strerror(number)))",
      systemErrno: number)
  }
}
