// How a ledger comes to be, and when it may go again.

import CSQLite
import Foundation
import Tallies
import Testing
import TestSupport

@testable import Ledger

@Suite struct NewLedgerTests {
  private func remove(_ path: String, after change: () throws -> Void = {}) throws {
    let connection = try Connection(path: path, flags: SQLITE_OPEN_READWRITE)
    _ = try connection.integer("PRAGMA user_version")
    try change()
    NewLedger.removeIfEmpty(path, connection)
  }

  @Test("a ledger is made once, with its tables")
  func making() throws {
    try withTemporaryFolder { folder throws in
      let path = folder.appending(path: "ledger").path
      #expect(try NewLedger.make(path))
      #expect(try value(path, "SELECT count(*) FROM tallies") == "0")
      #expect(try value(path, "PRAGMA journal_mode") == "wal")
      #expect(try NewLedger.make(path) == false)
    }
  }

  @Test("none is made where there can be none")
  func noFolder() throws {
    try withTemporaryFolder { folder throws in
      let path = folder.appending(path: "missing/ledger").path
      let error = #expect(throws: SQLiteError.self) { try NewLedger.make(path) }
      #expect(error?.primaryCode == SQLITE_CANTOPEN)
      #expect(error?.systemErrno == ENOENT)
    }
  }

  @Test("a database that has tables gets none of ours")
  func otherTables() throws {
    try withTemporaryFolder { folder throws in
      let path = folder.appending(path: "database").path
      try execute(path, "CREATE TABLE other (id)")
      let connection = try Connection(path: path, flags: SQLITE_OPEN_READWRITE)
      try NewLedger.makeTables(connection)
      #expect(try value(path, "SELECT group_concat(name) FROM sqlite_schema") == "other")
    }
  }

  @Test("an empty ledger is taken back, with all its files")
  func empty() throws {
    try withTemporaryFolder { folder throws in
      let path = folder.appending(path: "ledger").path
      _ = try NewLedger.make(path)
      try remove(path)
      #expect(try files(in: folder) == [])
    }
  }

  @Test("a ledger with a capture in it stays")
  func filled() throws {
    try withTemporaryFolder { folder throws in
      let path = folder.appending(path: "ledger").path
      try LedgerWriter.write(path, [.test(): .test()], captures: [.file("one")])
      try remove(path)
      #expect(try value(path, "SELECT count(*) FROM captures") == "1")
    }
  }

  @Test("what has taken the place of an empty ledger stays")
  func replaced() throws {
    try withTemporaryFolder { folder throws in
      let file = folder.appending(path: "ledger")
      _ = try NewLedger.make(file.path)
      try remove(file.path) {
        try FileManager.default.moveItem(at: file, to: folder.appending(path: "elsewhere"))
        try Data("something else".utf8).write(to: file)
      }
      #expect(try Data(contentsOf: file) == Data("something else".utf8))
    }
  }
}
