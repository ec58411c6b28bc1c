// A collector that is killed in the middle of its work: whatever it had committed is there, and
// nothing else.

import Foundation
import Tallies
import Testing
import TestSupport

@testable import Ledger

@Suite struct KillTests {
  private static let talliesOfACommit = 300

  /// Commits again and again; after each, a byte more in `log`.
  private static func writeUntilKilled(_ path: String, log: String) throws {
    try Data().write(to: URL(filePath: log))
    let acknowledged = try FileHandle(forWritingTo: URL(filePath: log))
    for number in 0... {
      var writer = try LedgerWriter(path: path)
      var tallies: TallyMap = [:]
      for port in 0..<talliesOfACommit {
        tallies[.test(hour: Int64(number) * 3600, port: UInt16(port))] = .test()
      }
      try writer.add(tallies)
      try writer.add(tallies)
      _ = try writer.commit(
        [.file("\(number)")], context: .test, networkNames: [:], allowingAgain: false)
      try acknowledged.write(contentsOf: Data([0x2e]))
    }
  }

  @Test(
    "a killed writer leaves whole commits, all that it reported",
    arguments: [0, 1, 2, 4, 7, 12, 20, 33, 54, 90])
  func killed(milliseconds: Int) async throws {
    let folder = try makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "ledger").path
    let log = folder.appending(path: "log").path
    // The killing is timed by a thread; when it strikes is up to the machine, and anything will do.
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [path = path as String, log = log as String, milliseconds = milliseconds as Int] in
      Thread.detachNewThread {
        // Not before there is something to kill in the middle of.
        while !FileManager.default.fileExists(atPath: path) { usleep(50) }
        usleep(UInt32(milliseconds * 1000))
        kill(getpid(), SIGKILL)
      }
      try Self.writeUntilKilled(path, log: log)
    }
    let reported = try Data(contentsOf: URL(filePath: log)).count

    #expect(try value(path, "PRAGMA integrity_check") == "ok")
    guard try value(path, "SELECT count(*) FROM sqlite_schema") != "0" else {
      #expect(reported == 0, "killed before the tables were there")
      return
    }
    let count = try value(path, "SELECT count(*) FROM captures") ?? ""
    let captures = try #require(Int(count))
    #expect((reported...reported + 1).contains(captures))
    #expect(
      try value(path, "SELECT count(*) FROM tallies") == "\(captures * Self.talliesOfACommit)")
    #expect(try value(path, "SELECT count(*) FROM tallies WHERE flows <> 2") == "0")

    // And it can be gone on with.
    try LedgerWriter.write(path, [.test(): .test()], captures: [.file("after")])
    #expect(try value(path, "SELECT count(*) FROM captures") == "\(captures + 1)")
  }
}
