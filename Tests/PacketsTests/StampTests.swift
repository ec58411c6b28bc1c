// Stamps over the whole range that captures can name.

import Packets
import Testing

@Suite struct StampTests {
  @Test(
    "seconds are rounded down, before 1970 too",
    arguments: [
      (0, 0), (1, 0), (999_999_999, 0), (1_000_000_000, 1), (1_999_999_999, 1), (-1, -1),
      (-999_999_999, -1), (-1_000_000_000, -1), (-1_000_000_001, -2),
    ] as [(Int64, Int64)])
  func second(nanoseconds: Int64, second: Int64) {
    #expect(Stamp(nanoseconds: nanoseconds).second == second)
  }

  @Test(
    "a fraction of more than a second, or less than none, is carried over",
    arguments: [
      (10, 5, 10_000_000_005), (10, 1_500_000_000, 11_500_000_000), (10, -1, 9_999_999_999),
      (-1, 999_999_999, -1), (0, 4_294_967_295, 4_294_967_295),
    ] as [(Int64, Int64, Int64)])
  func carried(seconds: Int64, fraction: Int64, nanoseconds: Int64) {
    #expect(Stamp(seconds: seconds, nanoseconds: fraction)?.nanoseconds == nanoseconds)
  }

  @Test("every unsigned 32-bit second is a stamp")
  func classicRange() {
    for seconds in [0, 1, Int64(Int32.max), Int64(Int32.max) + 1, Int64(UInt32.max)] {
      #expect(Stamp(seconds: seconds, nanoseconds: 999_999_999)?.second == seconds)
    }
  }

  @Test("what does not fit is no stamp, and does not overflow")
  func limits() throws {
    let beyond = Int64.max / 1_000_000_000 + 1
    for seconds in [Int64.min, -beyond, beyond, Int64.max] {
      for fraction in [Int64.min, -1, 0, 1, Int64.max] {
        #expect(Stamp(seconds: seconds, nanoseconds: fraction) == nil)
      }
    }
    // The last ten-thousandth at either end is kept free: more than a day.
    let last = Int64.max / 10_000 * 9_999
    let first = Int64.min / 10_000 * 9_999
    #expect(Stamp(seconds: 0, nanoseconds: last)?.nanoseconds == last)
    #expect(Stamp(seconds: 0, nanoseconds: last + 1) == nil)
    #expect(Stamp(seconds: 0, nanoseconds: first)?.nanoseconds == first)
    #expect(Stamp(seconds: 0, nanoseconds: first - 1) == nil)
    #expect(Int64.max - last > 86_400_000_000_000)
    #expect(first - Int64.min > 86_400_000_000_000)
  }

  @Test("the years 1678 and 2261 are within, those beside them not")
  func years() {
    // 1678-01-01T00:00:00Z and 2261-12-31T23:59:59Z.
    #expect(Stamp(seconds: -9_214_560_000, nanoseconds: 0) != nil)
    #expect(Stamp(seconds: 9_214_646_399, nanoseconds: 0) != nil)
    #expect(Stamp(seconds: -9_300_000_000, nanoseconds: 0) == nil)
    #expect(Stamp(seconds: 9_300_000_000, nanoseconds: 0) == nil)
  }

  @Test("stamps are ordered in time")
  func order() {
    let ordered = [Int64.min, -1, 0, 1, Int64.max].map { Stamp(nanoseconds: $0) }
    #expect(ordered.sorted() == ordered)
    #expect(!(ordered[1] < ordered[1]))
  }
}
