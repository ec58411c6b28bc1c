// A process that is killed while it folds: each day is folded or is not, and no sum has changed.

import Foundation
import Tallies
import Testing
import TestSupport

@testable import Ledger

@Suite struct FoldingKillTests {
  private static let ages = FoldingAges(hoursForDays: 2, daysForMonths: 1)

  @Test(
    "killed at any moment, every sum is what it was, and folding goes on from there",
    arguments: [0, 2, 5, 12, 30, 80])
  func killed(milliseconds: Int) async throws {
    let folder = try makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "ledger").path
    let begun = folder.appending(path: "begun").path
    let first = try #require(CalendarMonth("2025-12")).seconds.lowerBound
    var tallies: TallyMap = [:]
    for hour in 0..<Int64(31 * 24) {
      for port in 1...12 {
        tallies[.test(hour: first + hour * 3600, port: UInt16(port))] = .test(UInt64(port))
      }
    }
    try LedgerWriter.write(path, tallies, captures: [.file("one")])
    let sums = """
      SELECT port, sum(flows), sum(flows_answered), sum(packets_out), sum(packets_in), sum(bytes_out),
        sum(bytes_in), max(largest_flow) FROM tallies GROUP BY port ORDER BY port
      """
    let before = try rows(path, sums, columns: 8)

    // When it strikes is up to the machine, and anything will do; it may be done before.
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [
        path = path as String, begun = begun as String, milliseconds = milliseconds as Int,
        first = first as Int64
      ] in
      Thread.detachNewThread {
        while !FileManager.default.fileExists(atPath: begun) { usleep(50) }
        usleep(UInt32(milliseconds * 1000))
        kill(getpid(), SIGKILL)
      }
      let folding = try LedgerFolding(path: path)
      try Data().write(to: URL(filePath: begun))
      while try folding.foldNext(at: first + 100 * 86_400, Self.ages) != nil {}
      while try folding.shrinkNext() {}
      while true { usleep(1000) }
    }

    #expect(try value(path, "PRAGMA integrity_check") == "ok")
    #expect(try rows(path, sums, columns: 8) == before)
    // A day that is on record as folded has its first hour only, and every other one all its hours.
    #expect(
      try rows(
        path,
        """
        SELECT DISTINCT hours FROM (
          SELECT count(DISTINCT hour) AS hours FROM tallies
          GROUP BY hour / 86400 HAVING hour / 86400 * 86400 NOT IN (SELECT began FROM folded))
        """
      ).allSatisfy { $0 == ["24"] })
    #expect(
      try value(
        path,
        """
        SELECT count(*) FROM folded JOIN tallies ON hour > began
          AND hour < began + CASE span WHEN 'day' THEN 86400 ELSE 31 * 86400 END
        """) == "0")

    let folding = try LedgerFolding(path: path)
    while try folding.foldNext(at: first + 100 * 86_400, Self.ages) != nil {}
    #expect(try rows(path, sums, columns: 8) == before)
    #expect(try value(path, "SELECT count(DISTINCT hour) FROM tallies") == "1")
  }
}
