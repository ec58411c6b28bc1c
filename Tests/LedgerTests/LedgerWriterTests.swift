// Adding to a ledger: all of it, or nothing.

import Foundation
import Tallies
import Testing
import TestSupport

@testable import Ledger

@Suite struct LedgerWriterTests {
  private static let everything = """
    SELECT hour, ip_version, protocol, port, asn, country, flows, flows_answered, packets_out,
      packets_in, bytes_out, bytes_in, largest_flow FROM tallies ORDER BY hour, port, asn, country
    """

  private func withPath(_ body: (String, URL) throws -> Void) throws {
    try withTemporaryFolder { folder in
      try body(folder.appending(path: "ledger").path, folder)
    }
  }

  @Test("every counter goes into its own column")
  func columns() throws {
    try withPath { path, _ in
      let key = TallyKey(
        hour: -3600, ipVersion: 6, transport: 17, servicePort: 65_535,
        network: Network(asn: .max, country: .unknown))
      try LedgerWriter.write(path, [key: .test(1)])
      #expect(
        try rows(path, Self.everything, columns: 13) == [
          ["-3600", "6", "17", "65535", "4294967295", "ZZ", "1", "2", "3", "5", "7", "11", "13"]
        ])
    }
  }

  @Test("what is added twice is summed up, by key")
  func sums() throws {
    try withPath { path, _ in
      let others: [TallyKey] = [
        .test(hour: 1_767_229_200), .test(port: 80), .test(asn: 1), .test(country: "FR"),
      ]
      var tallies: TallyMap = [.test(): .test(10)]
      for (number, key) in others.enumerated() { tallies[key] = .test(UInt64(number + 1)) }
      try LedgerWriter.write(path, tallies)
      try LedgerWriter.write(path, [.test(): .test(100), others[0]: .test(1000)])

      var writer = try LedgerWriter(path: path)
      try writer.add([.test(): .test(2000)])
      try writer.add([.test(): .test(3000)])
      _ = try writer.commit([], context: .test, networkNames: [:], allowingAgain: false)

      let sums = try rows(
        path,
        """
        SELECT flows, flows_answered, packets_out, packets_in, bytes_out, bytes_in FROM tallies
        ORDER BY flows
        """, columns: 6)
      #expect(
        sums == [2, 3, 4, 1001, 5110].map { sum in [1, 2, 3, 5, 7, 11].map { "\($0 * sum)" } })
      // The largest flow is that of the largest part.
      #expect(
        try rows(path, "SELECT largest_flow / 13 FROM tallies ORDER BY flows").map { $0[0] }
          == ["2", "3", "4", "1000", "3000"])
    }
  }

  @Test("large sums are exact")
  func largeSums() throws {
    try withPath { path, _ in
      let huge = UInt64(1) << 61
      var counters = TallyCounters()
      counters.bytesOut = huge + 1
      try LedgerWriter.write(path, [.test(): counters])
      try LedgerWriter.write(path, [.test(): counters])
      #expect(try value(path, "SELECT bytes_out FROM tallies") == "\(2 * huge + 2)")
    }
  }

  @Test("nothing is visible before the commit, and everything after it")
  func visibility() throws {
    try withPath { path, _ in
      try LedgerWriter.write(path, [.test(): .test()])
      var writer = try LedgerWriter(path: path)
      try writer.add([.test(): .test(), .test(port: 80): .test()])
      #expect(try value(path, "SELECT count(*) || ' ' || sum(flows) FROM tallies") == "1 1")
      _ = try writer.commit(
        [.file("one")], context: .test, networkNames: [64_496: "Example"], allowingAgain: false)
      #expect(try value(path, "SELECT count(*) || ' ' || sum(flows) FROM tallies") == "2 3")
      #expect(try value(path, "SELECT count(*) FROM captures") == "1")
      #expect(try value(path, "SELECT name FROM networks") == "Example")
    }
  }

  @Test("a writer that is given up leaves the ledger as it was")
  func givenUp() throws {
    try withPath { path, _ in
      try LedgerWriter.write(path, [.test(): .test()], captures: [.file("one")])
      let before = try rows(path, Self.everything, columns: 12)
      do {
        var writer = try LedgerWriter(path: path)
        try writer.add([.test(): .test(), .test(port: 80): .test()])
      }
      #expect(try rows(path, Self.everything, columns: 12) == before)
      #expect(try value(path, "SELECT count(*) FROM captures") == "1")
      #expect(try value(path, "PRAGMA integrity_check") == "ok")
    }
  }

  @Test("a writer that is given up leaves no file where there was none")
  func noFile() throws {
    try withPath { path, folder in
      do { _ = try LedgerWriter(path: path) }
      #expect(try files(in: folder) == [])
      do {
        var writer = try LedgerWriter(path: path)
        try writer.add([.test(): .test()])
        #expect(try files(in: folder).contains("ledger"))
      }
      #expect(try files(in: folder) == [])
    }
  }

  @Test("a writer that is given up does not take away what another has filled meanwhile")
  func notOnesOwn() throws {
    try withPath { path, folder in
      do {
        var early = try LedgerWriter(path: path)
        try LedgerWriter.write(path, [.test(): .test()], captures: [.file("one")])
        try early.add([.test(): .test()])
      }
      #expect(try files(in: folder).contains("ledger"))
      #expect(try value(path, "SELECT sum(flows) FROM tallies") == "1")
    }
  }

  @Test("an entry of a capture has every number in its own column")
  func captureEntry() throws {
    try withPath { path, _ in
      var record = CaptureRecord.test(observed: 10...20, 100...130)
      record.isCutOff = true
      let file = FileIdentity(size: 12_345, digest: "abc")
      try LedgerWriter.write(
        path, captures: [CaptureEntry(record: record, source: "file", file: file)])
      let row = try rows(
        path,
        """
        SELECT source, began, ended, packets, packets_counted, unmarked_flows, cut_off,
          dropped_kernel, dropped_interface, collector_version, config_hash,
          substr(asn_database, 1, 1), substr(country_database, 1, 1), file_size, file_digest,
          program_sha256
        FROM captures
        """, columns: 16)
      #expect(
        row == [
          [
            "file", "10", "130", "1001", "1002", "1003", "1", "1004", "1005", "1.2.3", "c0ffee",
            "a", "b", "12345", "abc", "d1",
          ]
        ])
      for (position, reason) in LeftOutReason.allCases.enumerated() {
        let packets = try value(path, "SELECT left_out_\(reason.rawValue) FROM captures")
        #expect(packets == "\(2000 + position)")
      }
      #expect(
        try rows(path, "SELECT capture, began, ended FROM coverage ORDER BY began", columns: 3)
          == [["1", "10", "20"], ["1", "100", "130"]])
      #expect(
        try rows(path, "SELECT * FROM databases ORDER BY kind", columns: 6) == [
          [
            String(repeating: "a", count: 64), "asn", "Test-asn", "1700000000", "a licence",
            "an attribution",
          ],
          [
            String(repeating: "b", count: 64), "country", "Test-country", "1700000000",
            "a licence", "an attribution",
          ],
        ])
    }
  }

  @Test("a live capture has no file, and one without packets no times")
  func liveCapture() throws {
    try withPath { path, _ in
      let entry = CaptureEntry(record: CaptureRecord(), source: "eth0", file: nil)
      try LedgerWriter.write(path, captures: [entry, entry])
      let columns = "SELECT source, began, ended, file_size, file_digest, cut_off FROM captures"
      let row = ["eth0", "NULL", "NULL", "NULL", "NULL", "0"]
      #expect(try rows(path, columns, columns: 6) == [row, row])
    }
  }

  @Test("a database is entered once, a network's name is the latest, and none is kept empty")
  func databasesAndNames() throws {
    try withPath { path, _ in
      try LedgerWriter.write(path, names: [1: "One", 2: "", 3: "Three"])
      try LedgerWriter.write(path, names: [1: "One and only", 3: "", 4: "Télécom 東京"])
      #expect(try value(path, "SELECT count(*) FROM databases") == "2")
      #expect(
        try rows(path, "SELECT asn, name FROM networks ORDER BY asn", columns: 2) == [
          ["1", "One and only"], ["3", "Three"], ["4", "Télécom 東京"],
        ])
    }
  }
}
