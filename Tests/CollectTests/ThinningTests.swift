// What the running collector does between two flushes with tallies that have become old.

import ArgumentParser
import Console
import Foundation
import Ledger
import Tallies
import Testing
import TestSupport

@testable import weir_collect

@Suite struct ThinningTests {
  private static let month = CalendarMonth("2025-12")

  private func settings(_ ledger: String) throws -> CollectSettings {
    try CollectOptions.parse([
      "--interface", "lo", "--exit-address", "192.0.2.1", "--ledger", ledger, "--asn-database", "a",
      "--country-database", "c", "--fold-days-after-months", "1",
    ]).settings()
  }

  @Test("one step folds one day, the last one the month, and then it rests for an hour")
  func steps() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      let first = try #require(Self.month).seconds.lowerBound
      var tallies: TallyMap = [:]
      for day in 0..<3 {
        let key = TallyKey(
          hour: first + Int64(day) * 86_400 + 7200, ipVersion: 4, transport: 6, servicePort: 443,
          network: .unknown)
        tallies[key] = TallyCounters()
      }
      var writer = try LedgerWriter(path: path)
      try writer.add(tallies)
      _ = try writer.commit(
        [], context: CollectionContext(collectorVersion: "", configurationHash: "", databases: []),
        networkNames: [:], allowingAgain: true)

      var thinning = Thinning(try settings(path))
      let now = first + 100 * 86_400
      let second: Int64 = 1_000_000_000
      let told = (0..<4).map { thinning.step(now: now, monotonic: $0 * 10 * second)?.message }
      #expect(
        told == [
          "folded the day of 2025-12-01", "folded the day of 2025-12-02",
          "folded the day of 2025-12-03", "folded the month of 2025-12",
        ])
      #expect(thinning.step(now: now, monotonic: 50 * second) == nil)

      // While it rests it does not even open the ledger.
      try FileManager.default.removeItem(atPath: path)
      #expect(thinning.step(now: now, monotonic: 3000 * second) == nil)
      let last = thinning.step(now: now, monotonic: 3700 * second)
      let problem = try #require(last)
      #expect(problem.priority == .warning)
      #expect(problem.message.contains("will be tried again in an hour: no ledger at"))
      #expect(thinning.step(now: now, monotonic: 3800 * second) == nil)
    }
  }
}
