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

  private static let steady = SteadyClock()

  /// - Parameter seconds: on a clock that only counts.
  private func step(
    _ thinning: inout Thinning, _ now: Int64, after seconds: Int64,
    _ clock: SteadyClock = steady
  ) -> (priority: Log.Priority, message: String)? {
    thinning.step(now: now, monotonic: seconds * 1_000_000_000, clock)
  }

  /// A ledger with tallies of three days that are old.
  /// - Parameter seconds: how long before now it has an observation.
  /// - Returns: now.
  private func makeLedger(_ path: String, observedBefore seconds: Int64) throws -> Int64 {
    let first = try #require(Self.month).seconds.lowerBound
    let now = first + 100 * 86_400
    var tallies: TallyMap = [:]
    for day in 0..<3 {
      let key = TallyKey(
        hour: first + Int64(day) * 86_400 + 7200, ipVersion: 4, transport: 6, servicePort: 443,
        network: .unknown)
      tallies[key] = TallyCounters()
    }
    var writer = try LedgerWriter(path: path)
    try writer.add(tallies)
    var record = CaptureRecord()
    record.observed = ObservedTime(intervals: [now - seconds...now - seconds])
    _ = try writer.commit(
      [CaptureEntry(record: record, source: "lo", file: nil)],
      context: CollectionContext(collectorVersion: "", configurationHash: "", databases: []),
      networkNames: [:], allowingAgain: true)
    return now
  }

  @Test(
    "without an observation of one to two days ago nothing is folded, and that is told once",
    arguments: [60, 86_400, 172_801, 40 * 86_400] as [Int64])
  func unbelievable(seconds: Int64) throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      let now = try makeLedger(path, observedBefore: seconds)
      var thinning = Thinning(try settings(path))
      let told = try #require(step(&thinning, now, after: 0))
      #expect(told.priority == .warning)
      #expect(
        told.message.hasPrefix("old tallies are not folded yet: the ledger has no observation"))
      #expect(thinning.waitsFor?.hasPrefix("the ledger has no observation") == true)
      #expect(step(&thinning, now, after: 10) == nil)
      #expect(step(&thinning, now, after: 3601) == nil, "told again")
      #expect(thinning.waitsFor != nil)
    }
  }

  @Test("an observation of exactly two days ago will do", arguments: [86_401, 172_800] as [Int64])
  func believable(seconds: Int64) throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      let now = try makeLedger(path, observedBefore: seconds)
      var thinning = Thinning(try settings(path))
      #expect(step(&thinning, now, after: 0)?.message == "folded the day of 2025-12-01")
      #expect(thinning.waitsFor == nil)
    }
  }

  @Test(
    "a clock that was set folds nothing, and is looked at anew at once; what is not due does not wait"
  )
  func clockThatWasSet() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      let now = try makeLedger(path, observedBefore: 36 * 3600)
      var clock = SteadyClock()
      clock.tick(wall: 0, sinceBoot: 0)
      clock.tick(wall: 90 * 86_400_000_000_000, sinceBoot: 1_000_000_000)
      var thinning = Thinning(try settings(path))
      #expect(step(&thinning, now - 90 * 86_400, after: 0) == nil, "nothing is due")
      #expect(thinning.waitsFor == nil)
      thinning.lookAgain()
      #expect(step(&thinning, now, after: 1, clock)?.message.contains("the clock was set") == true)
      #expect(thinning.waitsFor?.hasPrefix("the clock was set by an hour or more") == true)
      #expect(step(&thinning, now, after: 2) == nil, "it rests for an hour")
      #expect(step(&thinning, now, after: 3602)?.message == "folded the day of 2025-12-01")
    }
  }

  @Test("one step folds one day, the last one the month, and then it rests for an hour")
  func steps() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      let now = try makeLedger(path, observedBefore: 36 * 3600)
      var thinning = Thinning(try settings(path))
      let told = (0..<4).map { step(&thinning, now, after: $0 * 10)?.message }
      #expect(
        told == [
          "folded the day of 2025-12-01", "folded the day of 2025-12-02",
          "folded the day of 2025-12-03", "folded the month of 2025-12",
        ])
      #expect(step(&thinning, now, after: 50) == nil)
      #expect(thinning.waitsFor == nil)

      // While it rests it does not even open the ledger.
      try FileManager.default.removeItem(atPath: path)
      #expect(step(&thinning, now, after: 3000) == nil)
      let last = step(&thinning, now, after: 3700)
      let problem = try #require(last)
      #expect(problem.priority == .warning)
      #expect(problem.message.contains("will be tried again in an hour: no ledger at"))
      #expect(step(&thinning, now, after: 3800) == nil)
    }
  }
}
