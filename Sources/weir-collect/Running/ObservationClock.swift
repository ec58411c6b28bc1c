// Which seconds a running collector observed: those in which it was attached to an interface that was
// up, whether packets came or not. What was lost meanwhile is counted as dropped.
//
// Two clocks tell it. Stamps and coverage are by the wall clock, which people set; that it was set is
// seen by the monotonic one, which nobody sets, and which stands still while the machine is suspended.

import Tallies

struct ClockReading: Equatable {
  /// Nanoseconds since 1970.
  var wall: Int64
  /// Nanoseconds since some moment.
  var monotonic: Int64

  var second: Int64 { wall.floorDivided(by: 1_000_000_000) }
}

struct ObservationClock {
  /// A difference between the clocks from which on the wall clock was set, or the machine suspended,
  /// rather than slewed.
  static let jumpNanoseconds: Int64 = 2_000_000_000

  private(set) var observed = ObservedTime()
  private var last: (time: ClockReading, isObserving: Bool)?

  /// By how many seconds the wall clock was set since the last tick; `nil` where it was not.
  func jump(_ time: ClockReading) -> Int64? {
    let difference = time.wall - unsetWall(time)
    guard abs(difference) >= Self.jumpNanoseconds else { return nil }
    // To the nearest second: the clocks are not read at the same moment.
    return (difference + 500_000_000).floorDivided(by: 1_000_000_000)
  }

  /// To be called once a second or so: what lies between two ticks was observed if it was at both.
  mutating func tick(_ time: ClockReading, isObserving: Bool) {
    defer { last = (time, isObserving) }
    guard isObserving else { return }
    var from = time.second
    if let last, last.isObserving, jump(time) == nil { from = min(last.time.second, from) }
    observed.formUnion(ObservedTime(intervals: [from...time.second]))
  }

  /// What the wall clock would say now, had it not been set since the last tick.
  func unsetWall(_ time: ClockReading) -> Int64 {
    last.map { $0.time.wall + (time.monotonic - $0.time.monotonic) } ?? time.wall
  }

  mutating func takeObserved() -> ObservedTime {
    defer { observed = ObservedTime() }
    return observed
  }
}
