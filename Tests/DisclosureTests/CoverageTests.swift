// What is said of the time that was observed, and of what was lost.

import Tallies
import Testing

@testable import Disclosure

@Suite struct CoverageTests {
  private static let begin = TestMonth.month.seconds.lowerBound
  private static let end = TestMonth.month.seconds.upperBound

  private func coverage(_ captures: [CaptureRecord], flows: UInt64 = 100) throws -> Coverage {
    var tallies = TestMonth()
    tallies.add(flows: flows)
    var month = tallies.exact
    for capture in captures { month.add(capture) }
    return month.release(policy: try .test(minimumFlows: 100)).coverage
  }

  @Test("only the month's own seconds count, and each once")
  func observed() throws {
    var one = CaptureRecord()
    one.observed = ObservedTime(intervals: [
      Self.begin - 100...Self.begin + 9, Self.end - 10...Self.end + 50,
    ])
    var two = CaptureRecord()
    two.observed = ObservedTime(intervals: [Self.begin + 5...Self.begin + 14])
    let coverage = try coverage([one, two])
    #expect(coverage.secondsObserved == 25)
    #expect(coverage.secondsInMonth == 31 * 86_400)
    #expect(coverage.days.map(\.day.day) == Array(1...31))
    #expect(
      coverage.days.map(\.secondsObserved) == [15] + Array(repeating: 0, count: 29) + [10])
  }

  @Test("the accounts of all captures are added up")
  func sums() throws {
    var one = CaptureRecord()
    one.packets = 10_000
    one.packetsCounted = 6000
    one.leftOut[.fragment] = 3000
    one.leftOut[.unmarked] = 1000
    one.droppedByKernel = 100
    one.droppedByInterface = 1000
    one.isCutOff = true
    var two = one
    two.isCutOff = false
    two.leftOut[.fragment] = 4000
    let coverage = try coverage([one, two])
    #expect(coverage.captures == 2)
    #expect(coverage.capturesCutOff == 1)
    #expect(coverage.account?.read == 20_000)
    #expect(coverage.account?.counted == 12_000)
    #expect(coverage.account?.leftOut[.fragment] == 7000)
    #expect(coverage.account?.leftOut.total == 9000)
    #expect(coverage.dropped == 2200)
  }

  @Test(
    "a month that is not published keeps back what its packets became",
    arguments: [0, 99] as [UInt64])
  func withheld(flows: UInt64) throws {
    var capture = CaptureRecord()
    capture.observed = ObservedTime(intervals: [Self.begin...Self.begin + 9])
    capture.packets = 10
    capture.packetsCounted = 6
    let coverage = try coverage([capture], flows: flows)
    #expect(coverage.account == nil)
    #expect(coverage.captures == 1)
    #expect(coverage.secondsObserved == 10)
  }
}
