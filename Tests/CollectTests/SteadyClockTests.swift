// A wall clock that is set, or is not, beside one that nobody sets.

import Testing

@testable import weir_collect

@Suite struct SteadyClockTests {
  private var clock = SteadyClock()

  /// Both clocks in seconds.
  private mutating func tick(_ wall: Double, _ sinceBoot: Double) {
    clock.tick(wall: Int64(wall * 1e9), sinceBoot: Int64(sinceBoot * 1e9))
  }

  @Test("a clock that goes on as time does is steady, also over a long silence")
  mutating func steady() {
    tick(1_000_000, 0)
    tick(1_000_001, 1)
    tick(1_090_000, 90_000)
    #expect(clock.isSteady)
  }

  @Test(
    "a clock that is slewed, or set by little, is steady",
    arguments: [0.9, -1.5, 3599, -3599] as [Double])
  mutating func little(change: Double) {
    tick(1_000_000, 0)
    tick(1_000_001 + change, 1)
    #expect(clock.isSteady)
  }

  @Test(
    "a clock that is set by an hour or more, either way, is steady a day later and no sooner",
    arguments: [3600, -3600, 86_400, 400 * 86_400, -30 * 86_400] as [Double])
  mutating func much(change: Double) {
    tick(10_000_000, 0)
    tick(10_000_001 + change, 1)
    #expect(!clock.isSteady)
    tick(10_086_400 + change, 86_400)
    #expect(!clock.isSteady)
    tick(10_086_401 + change, 86_401)
    #expect(clock.isSteady)
  }

  @Test("a clock that is set bit by bit has been set by all of it")
  mutating func bitByBit() {
    tick(1_000_000, 0)
    for step in 1...6 {
      #expect(clock.isSteady)
      tick(1_000_000 + Double(step) * 601, Double(step))
    }
    #expect(!clock.isSteady)
  }

  @Test("a clock that is set and set right again is watched for a day from then on")
  mutating func setRight() {
    tick(1_000_000, 0)
    tick(1_000_001 + 86_400, 1)
    tick(1_000_101, 101)
    tick(1_086_402, 86_402)
    #expect(!clock.isSteady)
    tick(1_086_501, 86_501)
    #expect(clock.isSteady)
  }
}
