// A ledger as other tools see it: by SQL, and by the names that are fixed.

@testable import Ledger

struct LedgerContents: Equatable {
  var tallies: [[String]]
  /// Of each of the tallies.
  var largestFlows: [Int64]
  var captures: [[String: String]]
  var coverage: [[String]]
  var databases: [[String]]
  var networks: [[String]]

  init(path: String) throws {
    let readOnly: Int32 = 1  // SQLITE_OPEN_READONLY
    let connection = try Connection(path: path, flags: readOnly)
    tallies = try Self.rows(
      connection,
      """
      SELECT hour, ip_version, protocol, port, asn, country, flows, flows_answered, packets_out,
        packets_in, bytes_out, bytes_in FROM tallies ORDER BY 1, 2, 3, 4, 5, 6
      """, columns: 12)
    largestFlows = try Self.rows(
      connection,
      "SELECT largest_flow FROM tallies ORDER BY hour, ip_version, protocol, port, asn, country",
      columns: 1
    ).map { Int64($0[0]) ?? -1 }
    let names = try Self.rows(
      connection, "SELECT name FROM pragma_table_info('captures')", columns: 1
    ).map { $0[0] }
    captures = try Self.rows(
      connection, "SELECT \(names.joined(separator: ", ")) FROM captures ORDER BY id",
      columns: Int32(names.count)
    ).map { Dictionary(uniqueKeysWithValues: zip(names, $0)) }
    coverage = try Self.rows(
      connection, "SELECT capture, began, ended FROM coverage ORDER BY 1, 2", columns: 3)
    databases = try Self.rows(
      connection,
      "SELECT sha256, kind, type, built_at, licence, attribution FROM databases ORDER BY 1, 2",
      columns: 6)
    networks = try Self.rows(connection, "SELECT asn, name FROM networks ORDER BY 1", columns: 2)
  }

  private static func rows(
    _ connection: borrowing Connection, _ sql: String, columns: Int32
  ) throws -> [[String]] {
    let statement = try connection.prepare(sql)
    var rows: [[String]] = []
    while try statement.step() {
      rows.append((0..<columns).map { statement.isNull($0) ? "NULL" : statement.text($0) })
    }
    return rows
  }

  /// The sum of a column over all captures.
  func sum(_ column: String) -> Int64 {
    captures.reduce(0) { $0 + (Int64($1[column] ?? "") ?? 0) }
  }

  /// The sum of a column of `tallies`, by its position.
  func tallySum(_ position: Int) -> Int64 {
    tallies.reduce(0) { $0 + (Int64($1[position]) ?? 0) }
  }
}
