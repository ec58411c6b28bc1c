// Two clocks, one of which people set.

import Tallies
import Testing

@testable import weir_collect

private func time(_ wall: Double, _ monotonic: Double) -> ClockReading {
  ClockReading(wall: Int64(wall * 1e9), monotonic: Int64(monotonic * 1e9))
}

@Suite struct ObservationClockTests {
  @Test("what lies between two ticks was observed, whether packets came or not")
  func steady() {
    var clock = ObservationClock()
    for second in 0...90 {
      let now = time(1000 + Double(second), Double(second))
      #expect(clock.jump(now) == nil)
      clock.tick(now, isObserving: true)
    }
    #expect(clock.takeObserved().intervals == [1000...1090])
    // The next interval joins the last one.
    clock.tick(time(1091, 91), isObserving: true)
    #expect(clock.takeObserved().intervals == [1090...1091])
  }

  @Test("a process that stood still observed: what it lost was counted as dropped")
  func stopped() {
    var clock = ObservationClock()
    clock.tick(time(1000, 0), isObserving: true)
    #expect(clock.jump(time(1060, 60)) == nil)
    clock.tick(time(1060, 60), isObserving: true)
    #expect(clock.observed.intervals == [1000...1060])
  }

  @Test("while the interface is down nothing is observed")
  func down() {
    var clock = ObservationClock()
    for (second, isUp) in [true, true, false, false, false, true, true].enumerated() {
      clock.tick(time(1000 + Double(second), Double(second)), isObserving: isUp)
    }
    #expect(clock.observed.intervals == [1000...1001, 1005...1006])
  }

  @Test(
    "a clock that was set claims nothing of what it left out", arguments: [3600.0, -3600, 3, -3])
  func set(by jump: Double) {
    var clock = ObservationClock()
    clock.tick(time(10_000, 0), isObserving: true)
    clock.tick(time(10_001, 1), isObserving: true)
    let after = time(10_002 + jump, 2)
    #expect(clock.jump(after) == Int64(jump))
    #expect(clock.unsetWall(after) == 10_002_000_000_000)
    clock.tick(after, isObserving: true)
    clock.tick(time(10_003 + jump, 3), isObserving: true)
    #expect(clock.jump(time(10_004 + jump, 4)) == nil, "told once")
    let first: ClosedRange<Int64> = 10_000...10_001
    let second = 10_002 + Int64(jump)...10_003 + Int64(jump)
    // Of three seconds back, two are observed a second time.
    #expect(
      clock.observed.intervals
        == (jump == -3
          ? [9999...10_001] : [first, second].sorted { $0.lowerBound < $1.lowerBound }))
  }

  @Test("a clock that is slewed, or read late, was not set")
  func slewed() {
    var clock = ObservationClock()
    clock.tick(time(1000, 0), isObserving: true)
    #expect(clock.jump(time(1000.5, 1)) == nil)
    #expect(clock.jump(time(1002.9, 1)) == nil)
    #expect(clock.jump(time(1003.1, 1)) == 2)
  }

  @Test("a machine that slept observed nothing meanwhile")
  func suspended() {
    var clock = ObservationClock()
    clock.tick(time(1000, 0), isObserving: true)
    // The monotonic clock stood still.
    #expect(clock.jump(time(9000, 1)) == 7999)
    clock.tick(time(9000, 1), isObserving: true)
    #expect(clock.observed.intervals == [1000...1000, 9000...9000])
  }
}
