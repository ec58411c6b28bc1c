// Stretches of observation against a plain set of seconds.

import Tallies
import Testing
import TestSupport

@Suite struct ObservedTimeTests {
  /// Second by second, over a bit more than half a day.
  private struct NaiveTime: Equatable {
    static let size = 50_000
    var isObserved = [Bool](repeating: false, count: size)

    mutating func observe(_ second: Int) {
      if isObserved[second] { return }
      let limit = Int(ObservedTime.quietLimit)
      let before = (max(0, second - limit)..<second).last { isObserved[$0] }
      let after = (second..<min(Self.size, second + limit + 1)).first { isObserved[$0] }
      for covered in (before ?? second)...(after ?? second) { isObserved[covered] = true }
    }

    init() {}

    init(_ time: ObservedTime) {
      for interval in time.intervals {
        for second in interval { isObserved[Int(second)] = true }
      }
    }
  }

  private func random(
    _ count: Int, using generator: inout SeededGenerator
  ) -> (time: ObservedTime, naive: NaiveTime) {
    var (time, naive) = (ObservedTime(), NaiveTime())
    var second = 0
    for _ in 0..<count {
      second =
        Int.random(in: 0..<3, using: &generator) == 0
        ? Int.random(in: 0..<NaiveTime.size, using: &generator)
        : min(NaiveTime.size - 1, second + Int.random(in: 1...4000, using: &generator))
      time.observe(second: Int64(second))
      naive.observe(second)
    }
    return (time, naive)
  }

  private func expectSound(_ time: ObservedTime) {
    for (one, next) in zip(time.intervals, time.intervals.dropFirst()) {
      #expect(one.upperBound + 1 < next.lowerBound, "ascending, and not even touching")
    }
  }

  @Test("any packets give the seconds of the naive set", arguments: UInt64(0)..<20)
  func observing(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for count in [1, 2, 3, 5, 8, 13] {
      let (time, naive) = random(count, using: &generator)
      expectSound(time)
      #expect(NaiveTime(time) == naive)
      #expect(time.seconds == Int64(naive.isObserved.count { $0 }))
      #expect(time.began == naive.isObserved.firstIndex(of: true).map { Int64($0) })
      #expect(time.ended == naive.isObserved.lastIndex(of: true).map { Int64($0) })
    }
  }

  @Test("unions and intersections are those of sets", arguments: UInt64(0)..<20)
  func setOperations(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var (time, naive) = random(5, using: &generator)
    let (other, otherNaive) = random(5, using: &generator)
    time.formUnion(other)
    for second in 0..<NaiveTime.size where otherNaive.isObserved[second] {
      naive.isObserved[second] = true
    }
    expectSound(time)
    #expect(NaiveTime(time) == naive)

    let lower = Int.random(in: 0..<NaiveTime.size, using: &generator)
    let upper = Int.random(in: lower..<NaiveTime.size, using: &generator)
    let part = time.intersection(Int64(lower)..<Int64(upper))
    for second in 0..<NaiveTime.size where !(lower..<upper).contains(second) {
      naive.isObserved[second] = false
    }
    expectSound(part)
    #expect(NaiveTime(part) == naive)
    #expect(ObservedTime(intervals: part.intervals.reversed()).intervals == part.intervals)
  }

  @Test(
    "a silence up to the limit is observed, a longer one is not",
    arguments: [(3599, 1), (3600, 1), (3601, 2)] as [(Int64, Int)])
  func quietLimit(silence: Int64, intervals: Int) {
    for (first, second) in [(1000, 1000 + silence), (1000 + silence, 1000)] {
      var time = ObservedTime()
      time.observe(second: first)
      time.observe(second: second)
      #expect(time.intervals.count == intervals)
      #expect(time.seconds == (intervals == 1 ? silence + 1 : 2))
    }
    #expect(ObservedTime.quietLimit == 3600)
  }

  @Test(
    "a damaged stamp claims its own second only",
    arguments: [-9_000_000_000, 9_000_000_000] as [Int64])
  func damagedStamp(stray: Int64) {
    var time = ObservedTime()
    for second in Int64(0)..<100 {
      time.observe(second: 1_767_225_600 + second)
      if second == 50 { time.observe(second: stray) }
    }
    #expect(time.intervals.count == 2)
    #expect(time.seconds == 101)
  }

  @Test("an intersection with nothing is nothing")
  func emptyIntersection() {
    let time = ObservedTime(intervals: [10...20])
    #expect(time.intersection(15..<15).intervals == [])
    #expect(time.intersection(0..<10).intervals == [])
    #expect(time.intersection(21..<30).intervals == [])
    #expect(time.intersection(20..<21).intervals == [20...20])
    #expect(time.intersection(0..<11).intervals == [10...10])
    #expect(ObservedTime().intersection(0..<10).seconds == 0)
    #expect(ObservedTime().began == nil)
    #expect(ObservedTime().ended == nil)
  }
}
