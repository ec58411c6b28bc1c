// A file counts once, whoever reads it and when.

import Foundation
import Tallies
import Testing
import TestSupport

@testable import Ledger

@Suite struct FileIdentityTests {
  private func commit(
    _ writer: inout LedgerWriter, _ captures: [CaptureEntry], again: Bool = false
  ) throws -> CommitOutcome {
    try writer.commit(captures, context: .test, networkNames: [:], allowingAgain: again)
  }

  @Test("a file that the ledger has is refused, whatever comes with it, and all of that is dropped")
  func known() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      try LedgerWriter.write(path, [.test(): .test()], captures: [.file("one"), .file("two")])
      do {
        var writer = try LedgerWriter(path: path)
        try writer.add([.test(): .test()])
        let outcome = try commit(&writer, [.file("three"), .file("two"), .file("one")])
        #expect(outcome == .refused(repeated: [1, 2]))
      }
      #expect(try value(path, "SELECT sum(flows) FROM tallies") == "1")
      #expect(try value(path, "SELECT count(*) FROM captures") == "2")
    }
  }

  @Test("a file that comes twice at once is refused")
  func twiceAtOnce() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      do {
        var writer = try LedgerWriter(path: path)
        let outcome = try commit(&writer, [.file("one"), .file("two"), .file("one")])
        #expect(outcome == .refused(repeated: [2]))
      }
      #expect(try files(in: folder) == [])
    }
  }

  @Test("of two writers that read the same file at the same time, the second is refused")
  func race() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      try LedgerWriter.write(path)
      do {
        var first = try LedgerWriter(path: path)
        var second = try LedgerWriter(path: path)
        #expect(try first.filesRead().isEmpty)
        #expect(try second.filesRead().isEmpty)
        try first.add([.test(): .test()])
        #expect(try commit(&first, [.file("one")]) == .committed)
        try second.add([.test(): .test()])
        #expect(try commit(&second, [.file("one")]) == .refused(repeated: [0]))
      }
      #expect(try value(path, "SELECT sum(flows) FROM tallies") == "1")
    }
  }

  @Test("size and digest together are a file's identity")
  func identity() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      var other = CaptureEntry.file("one")
      other.file?.size = 101
      try LedgerWriter.write(path, captures: [.file("one"), other, .file("two")])
      let known = try LedgerWriter(path: path).filesRead()
      #expect(
        known == [
          FileIdentity(size: 100, digest: "one"), FileIdentity(size: 101, digest: "one"),
          FileIdentity(size: 100, digest: "two"),
        ])
    }
  }

  @Test("a file without packets, and an interface, can be entered any number of times")
  func nothingToCountTwice() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      var empty = CaptureEntry.file("empty")
      empty.record.packets = 0
      var interface = CaptureEntry.file("")
      interface.file = nil
      for _ in 0..<2 {
        try LedgerWriter.write(path, captures: [empty, empty, interface, interface])
      }
      #expect(try value(path, "SELECT count(*) FROM captures") == "8")
      #expect(try LedgerWriter(path: path).filesRead().isEmpty)
    }
  }

  @Test("what is allowed again is entered again")
  func again() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      try LedgerWriter.write(path, captures: [.file("one")])
      var writer = try LedgerWriter(path: path)
      #expect(try commit(&writer, [.file("one"), .file("one")], again: true) == .committed)
      #expect(try value(path, "SELECT count(*) FROM captures") == "3")
    }
  }
}
