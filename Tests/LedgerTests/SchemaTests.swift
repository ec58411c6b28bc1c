// The tables that other tools read, by their names and types.

import Foundation
import Tallies
import Testing
import TestSupport

@testable import Ledger

@Suite struct SchemaTests {
  private static let columns: [String: [String]] = [
    "tallies": [
      "hour INTEGER", "ip_version INTEGER", "protocol INTEGER", "port INTEGER", "asn INTEGER",
      "country TEXT", "flows INTEGER", "flows_answered INTEGER", "packets_out INTEGER",
      "packets_in INTEGER", "bytes_out INTEGER", "bytes_in INTEGER", "largest_flow INTEGER",
    ],
    "captures": [
      "id INTEGER", "source TEXT", "began INTEGER", "ended INTEGER", "packets INTEGER",
      "packets_counted INTEGER", "unmarked_flows INTEGER", "cut_off INTEGER",
      "dropped_kernel INTEGER", "dropped_interface INTEGER", "left_out_header_cut INTEGER",
      "left_out_not_ip INTEGER", "left_out_version_mismatch INTEGER",
      "left_out_bad_header_length INTEGER", "left_out_bad_total_length INTEGER",
      "left_out_fragment INTEGER", "left_out_not_tcp_udp INTEGER", "left_out_bad_stamp INTEGER",
      "left_out_other_host INTEGER", "left_out_unmarked INTEGER",
      "left_out_flow_table_full INTEGER", "left_out_sealed_hour INTEGER",
      "left_out_ledger_unavailable INTEGER", "collector_version TEXT", "config_hash TEXT",
      "asn_database TEXT", "country_database TEXT", "file_size INTEGER", "file_digest TEXT",
      "program_sha256 TEXT",
    ],
    "coverage": ["capture INTEGER", "began INTEGER", "ended INTEGER"],
    "databases": [
      "sha256 TEXT", "kind TEXT", "type TEXT", "built_at INTEGER", "licence TEXT",
      "attribution TEXT",
    ],
    "networks": ["asn INTEGER", "name TEXT"],
    "folded": ["began INTEGER", "span TEXT"],
  ]

  private func withLedger(_ body: (String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      try LedgerWriter.write(path)
      try body(path)
    }
  }

  @Test("the tables are these, with these columns in this order")
  func tables() throws {
    try withLedger { path in
      let tables = try rows(path, "SELECT name FROM sqlite_schema WHERE type = 'table'").map {
        $0[0]
      }
      #expect(Set(tables) == Set(Self.columns.keys))
      for table in tables {
        let columns = try rows(
          path, "SELECT name || ' ' || type FROM pragma_table_info('\(table)') ORDER BY cid")
        #expect(columns.map { $0[0] } == Self.columns[table])
      }
    }
  }

  @Test("every table is strict, and the tallies are their own index")
  func strict() throws {
    try withLedger { path in
      let tables = try rows(
        path, "SELECT name, wr, strict FROM pragma_table_list WHERE name NOT LIKE 'sqlite_%'",
        columns: 3)
      #expect(tables.count == Self.columns.count)
      #expect(tables.allSatisfy { $0[2] == "1" })
      #expect(tables.contains(["tallies", "1", "1"]))
      let key = try rows(
        path, "SELECT name FROM pragma_table_info('tallies') WHERE pk > 0 ORDER BY pk")
      #expect(
        key.map { $0[0] } == ["hour", "ip_version", "protocol", "port", "asn", "country"])
    }
  }

  @Test("a ledger says what it is, and in which version")
  func identity() throws {
    try withLedger { path throws in
      #expect(try value(path, "PRAGMA user_version") == "3")
      #expect(try value(path, "PRAGMA application_id") == "\(0x5765_6972)")
      #expect(try value(path, "PRAGMA journal_mode") == "wal")
    }
  }

  @Test("no column could be meant for an address, a port of ours or a payload")
  func noAddress() throws {
    try withLedger { path in
      let names = try rows(
        path,
        """
        SELECT info.name FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS info
        WHERE tables.type = 'table'
        """)
      // As whole words of a name: `ip_version` and `left_out_not_ip` tell of the version alone.
      let words = names.flatMap { $0[0].split(separator: "_") }
      #expect(words.count > 50)
      for forbidden in [
        "address", "addr", "src", "dst", "destination", "prefix", "network", "subnet", "exit",
        "remote", "client", "hostname", "domain", "query", "payload", "mac", "path", "nanoseconds",
      ] {
        #expect(!words.contains(Substring(forbidden)))
      }
    }
  }

  @Test("others than the group can't read a ledger")
  func permissions() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      try LedgerWriter.write(path, [.test(): .test()])
      for name in try files(in: folder) {
        let attributes = try FileManager.default.attributesOfItem(
          atPath: folder.appending(path: name).path)
        let mode = try #require(attributes[.posixPermissions] as? Int)
        #expect(mode & 0o027 == 0, "\(name)")
        #expect(mode & 0o600 == 0o600, "\(name)")
      }
    }
  }
}
