// What is no ledger, or can't be one, is refused, and not touched.

import CSQLite
import Foundation
import Tallies
import Testing
import TestSupport

@testable import Ledger

@Suite struct LedgerErrorTests {
  private func readerError(_ path: String) throws -> LedgerError {
    try #require(throws: LedgerError.self) { try readMonths(path) }
  }

  private func writerError(_ path: String) throws -> LedgerError {
    try #require(throws: LedgerError.self) { try LedgerWriter.isUsable(path) }
  }

  /// A reader can't be the result of a closure that is expected to throw.
  private func readMonths(_ path: String) throws { _ = try LedgerReader(path: path).months() }

  @Test(
    "a file that is no SQLite database", arguments: ["text, and nothing else\n", "SQLite form"])
  func text(content: String) throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "ledger")
      let data = Data(String(repeating: content, count: 200).utf8)
      try data.write(to: file)
      for error in [try readerError(file.path), try writerError(file.path)] {
        guard case .notALedger(file.path, _) = error else {
          Issue.record("\(error)")
          return
        }
        #expect(error.exitCode == 65)
      }
      #expect(try Data(contentsOf: file) == data)
      #expect(try files(in: folder) == ["ledger"])
    }
  }

  @Test(
    "another application's database",
    arguments: [
      "CREATE TABLE bookmarks (id)",
      "PRAGMA application_id = 252006675; CREATE TABLE features (id)",
      "CREATE TABLE tallies (hour)",
    ])
  func otherApplication(sql: String) throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "ledger")
      try execute(file.path, sql)
      let before = try Data(contentsOf: file)
      for error in [try readerError(file.path), try writerError(file.path)] {
        guard case .notALedger(file.path, let reason) = error else {
          Issue.record("\(error)")
          return
        }
        #expect(reason.contains("another program"))
      }
      #expect(try Data(contentsOf: file) == before)
      #expect(try files(in: folder) == ["ledger"])
    }
  }

  @Test("a ledger of a later version")
  func newer() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      try LedgerWriter.write(path, [.test(): .test()])
      try execute(path, "PRAGMA user_version = 4")
      for error in [try readerError(path), try writerError(path)] {
        guard case .newer(path, version: 4, supported: 3) = error else {
          Issue.record("\(error)")
          return
        }
        #expect(error.description.contains("use the Weir that wrote it, or a later one"))
      }
      #expect(try value(path, "SELECT sum(flows) FROM tallies") == "1")
    }
  }

  @Test("what is no regular file is no ledger, and nothing is left in it")
  func noRegularFile() throws {
    try withTemporaryFolder { folder in
      let stream = folder.appending(path: "stream").path
      let status = unsafe mkfifo(stream, 0o600)
      try #require(status == 0)
      for (path, expected) in [
        (folder.path, "it is a folder"), (stream, "it is no regular file"),
        ("/dev/null", "it is no regular file"), ("", "its name is empty"),
      ] {
        let error = try writerError(path)
        guard case .cannotOpen(path, let reason) = error else {
          Issue.record("\(error)")
          continue
        }
        #expect(reason == expected)
        #expect(error.exitCode == 73)
        guard case .notALedger(path, expected) = try readerError(path) else {
          Issue.record("a reader takes '\(path)' for something else")
          continue
        }
      }
      #expect(try files(in: folder) == ["stream"])
    }
  }

  @Test("a path in a folder that is not there")
  func missingFolder() throws {
    try withTemporaryFolder { folder in
      let missing = folder.appending(path: "missing")
      let path = missing.appending(path: "ledger").path
      let error = try writerError(path)
      guard case .cannotOpen(path, let reason) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(reason == "there is no folder \(missing.path)")
      guard case .missing(path) = try readerError(path) else {
        Issue.record("a reader makes no ledger")
        return
      }
      #expect(try files(in: folder) == [])
    }
  }

  @Test("a reader does not make a ledger that is missing")
  func missing() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      let error = try readerError(path)
      #expect(error.description.hasPrefix("no ledger at \(path)"))
      #expect(error.exitCode == 66)
      #expect(try files(in: folder) == [])
    }
  }

  @Test("a writer notices that a ledger with something in it was taken away")
  func moved() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "ledger")
      try LedgerWriter.write(file.path, [.test(): .test()], captures: [.file("one")])
      var writer = try LedgerWriter(path: file.path)
      try FileManager.default.moveItem(at: file, to: folder.appending(path: "elsewhere"))
      let error = #expect(throws: LedgerError.self) { try writer.add([.test(): .test()]) }
      guard case .moved(file.path) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test("a writer makes another ledger where an empty one was taken away")
  func movedEmpty() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "ledger")
      try LedgerWriter.write(file.path)
      var writer = try LedgerWriter(path: file.path)
      for name in try files(in: folder) {
        try FileManager.default.removeItem(at: folder.appending(path: name))
      }
      try writer.add([.test(): .test()])
      _ = try writer.commit(
        [.file("one")], context: .test, networkNames: [:], allowingAgain: false)
      #expect(try value(file.path, "SELECT sum(flows) FROM tallies") == "1")
    }
  }

  @Test("a page that was overwritten is damage")
  func damaged() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "ledger")
      var tallies: TallyMap = [:]
      for port in UInt16(0)..<2000 { tallies[.test(port: port)] = .test() }
      try LedgerWriter.write(file.path, tallies)
      try execute(file.path, "PRAGMA wal_checkpoint(TRUNCATE)")
      var data = try Data(contentsOf: file)
      for position in 8192..<data.count { data[position] = 0xff }
      try data.write(to: file)
      let error = try #require(throws: LedgerError.self) {
        try countTallies(file.path)
      }
      guard case .damaged(file.path, _) = error else {
        Issue.record("\(error)")
        return
      }
    }
  }

  private func countTallies(_ path: String) throws {
    let month = try #require(CalendarMonth("2026-01"))
    _ = try LedgerReader(path: path).sums(of: month, from: 0) { count, _, _ in count += 1 }
  }

  @Test(
    "what SQLite says is put into words",
    arguments: [
      (SQLITE_NOTADB, 0, "is not a ledger of Weir", 65), (SQLITE_CORRUPT, 0, "is damaged", 65),
      (SQLITE_BUSY, 0, "is locked", 1), (SQLITE_LOCKED, 0, "is locked", 1),
      (SQLITE_FULL, 0, "no space left", 1), (SQLITE_IOERR, ENOSPC, "no space left", 1),
      (SQLITE_IOERR, EDQUOT, "no space left", 1), (SQLITE_IOERR, EIO, "can't use", 1),
      (SQLITE_IOERR | 10 << 8, ENOSPC, "no space left", 1),
      (SQLITE_PERM, 0, "no permission", 77), (SQLITE_AUTH, 0, "no permission", 77),
      (SQLITE_READONLY | 5 << 8, 0, "no permission", 77),
      (SQLITE_CANTOPEN, 0, "can't open", 73), (SQLITE_MISUSE, 0, "can't use", 1),
    ] as [(Int32, Int32, String, Int32)])
  func translation(code: Int32, systemErrno: Int32, words: String, exitCode: Int32) {
    let error = LedgerError(
      SQLiteError(code: code, message: "m", systemErrno: systemErrno), path: "/nowhere/ledger")
    #expect(error.description.contains(words))
    #expect(error.description.contains("/nowhere/ledger"))
    #expect(error.exitCode == exitCode)
  }
}
