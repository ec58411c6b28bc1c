// A ledger of an earlier version: read as it is, and changed by who adds to it.

import CSQLite
import Foundation
import Glibc
import Tallies
import Testing
import TestSupport

@testable import Ledger

@Suite struct MigrationTests {
  /// A ledger as version 1 made it, with its largest flows not kept.
  private func withOldLedger(_ body: (String, URL) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      try LedgerWriter.write(
        path, [.test(): .test(3), .test(port: 80): .test(5)], captures: [.file("one")])
      try execute(
        path,
        """
        ALTER TABLE tallies DROP COLUMN largest_flow;
        ALTER TABLE captures DROP COLUMN left_out_sealed_hour;
        ALTER TABLE captures DROP COLUMN left_out_ledger_unavailable;
        ALTER TABLE captures DROP COLUMN program_sha256;
        DROP TABLE folded;
        PRAGMA user_version = 1
        """)
      try body(path, folder)
    }
  }

  private static let all = "SELECT * FROM tallies ORDER BY port"

  private func month() throws -> CalendarMonth { try #require(CalendarMonth("2026-01")) }

  @Test("a reader takes all bytes of a tally for its largest flow, and changes nothing")
  func read() throws {
    try withOldLedger { path, folder in
      let before = try files(in: folder)
      let none: [UInt64] = []
      let largest = try LedgerReader(path: path).sums(of: month(), from: none) {
        $0.append($2.largestFlow)
      }
      let expected: [UInt64] = [3 * 18, 5 * 18]
      #expect(largest.flatMap { $0 }.sorted() == expected)
      // Reasons that came later are asked for as none.
      _ = try LedgerReader(path: path).captures(overlapping: month())
      #expect(try value(path, "PRAGMA user_version") == "1")
      #expect(try files(in: folder) == before)
    }
  }

  @Test("the first addition makes it version 3, with what was before in a copy beside it")
  func migrate() throws {
    try withOldLedger { path, folder in
      let old = try rows(path, Self.all, columns: 12)
      #expect(unsafe chmod(path, 0o604) == 0)
      try LedgerWriter.write(path, [.test(port: 80): .test(100)], captures: [.file("two")])
      #expect(try value(path, "PRAGMA user_version") == "3")
      #expect(
        try rows(path, "SELECT port, flows, largest_flow FROM tallies ORDER BY port", columns: 3)
          == [["80", "105", "1300"], ["443", "3", "54"]])

      let copy = path + ".before-v3"
      #expect(try rows(copy, Self.all, columns: 12) == old)
      #expect(try value(copy, "PRAGMA user_version") == "1")
      #expect(try value(copy, "PRAGMA application_id") == "\(Schema.applicationID)")
      #expect(try value(copy, "SELECT count(*) FROM captures") == "1")
      #expect(try value(copy, "PRAGMA integrity_check") == "ok")
      let attributes = try FileManager.default.attributesOfItem(atPath: copy)
      #expect(attributes[.posixPermissions] as? Int == 0o604)
      #expect(!(try files(in: folder).contains { $0.hasSuffix(".unfinished") }))
      // The copy is a ledger: it can be read and built from.
      #expect(try LedgerReader(path: copy).months() == [month()])
    }
  }

  @Test("of version 2 everything stays, and the collector's digest is known from then on")
  func migrateVersion2() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      try LedgerWriter.write(path, [.test(): .test(3)], captures: [.file("one")])
      try execute(
        path,
        "ALTER TABLE captures DROP COLUMN program_sha256; PRAGMA user_version = 2")
      let before = try rows(path, Self.all, columns: 13)
      let began = try #require(CalendarMonth("1970-01"))
      #expect(
        try LedgerReader(path: path).captures(overlapping: began).collectors
          == [CollectorRecord(version: "1.2.3", configurationHash: "c0ffee")])
      #expect(try value(path, "PRAGMA user_version") == "2")

      var context = CollectionContext.test
      context.programDigest = "d1"
      try LedgerWriter.write(path, captures: [.file("two")], context: context)
      #expect(try value(path, "PRAGMA user_version") == "3")
      #expect(try rows(path, Self.all, columns: 13) == before)
      #expect(
        try rows(path, "SELECT program_sha256 FROM captures ORDER BY id") == [[""], ["d1"]])
      #expect(try value(path + ".before-v3", "PRAGMA user_version") == "2")
      #expect(try rows(path + ".before-v3", Self.all, columns: 13) == before)
    }
  }

  @Test("a ledger of this version is not copied")
  func once() throws {
    try withOldLedger { path, folder in
      try LedgerWriter.write(path, [.test(): .test()])
      let copy = try Data(contentsOf: folder.appending(path: "ledger.before-v3"))
      try LedgerWriter.write(path, [.test(): .test()])
      #expect(try Data(contentsOf: folder.appending(path: "ledger.before-v3")) == copy)
    }
    try withTemporaryFolder { folder in
      try LedgerWriter.write(folder.appending(path: "ledger").path, [.test(): .test()])
      #expect(!(try files(in: folder).contains { $0.contains("before") }))
    }
  }

  @Test("a writer that adds nothing changes nothing")
  func nothingToAdd() throws {
    try withOldLedger { path, folder in
      let before = try rows(path, Self.all, columns: 12)
      do {
        let writer = try LedgerWriter(path: path)
        #expect(try writer.filesRead().count == 1)
      }
      #expect(try value(path, "PRAGMA user_version") == "1")
      #expect(try rows(path, Self.all, columns: 12) == before)
      #expect(!(try files(in: folder).contains { $0.contains("before") }))
    }
  }

  @Test("where no copy can be made the ledger stays as it was")
  func noCopy() throws {
    try withOldLedger { path, folder in
      // A folder in its place can't be replaced by a file.
      let copy = folder.appending(path: "ledger.before-v3")
      try FileManager.default.createDirectory(
        at: copy.appending(path: "within"), withIntermediateDirectories: true)
      #expect(throws: LedgerError.self) { try LedgerWriter.write(path, [.test(): .test()]) }
      #expect(try value(path, "PRAGMA user_version") == "1")
      #expect(try rows(path, "SELECT flows FROM tallies ORDER BY flows") == [["3"], ["5"]])
      #expect(!(try files(in: folder).contains { $0.hasSuffix(".unfinished") }))
    }
  }

  @Test("a copy that was left unfinished is begun anew, and one of an earlier try replaced")
  func again() throws {
    try withOldLedger { path, folder in
      for name in ["ledger.before-v3", "ledger.before-v3.unfinished"] {
        try Data("half of it".utf8).write(to: folder.appending(path: name))
      }
      try LedgerWriter.write(path, [.test(): .test()])
      #expect(try value(path + ".before-v3", "SELECT count(*) FROM tallies") == "2")
      #expect(!(try files(in: folder).contains { $0.hasSuffix(".unfinished") }))
    }
  }
}
