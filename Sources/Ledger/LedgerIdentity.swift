// Whether a database is a ledger, and one that this version knows.

struct LedgerIdentity {
  private let application: Int64
  let version: Int64

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
