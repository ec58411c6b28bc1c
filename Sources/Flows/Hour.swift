// The hour that a packet is tallied in.

internal import Packets
internal import Tallies

/// An hour of UTC, counted from 1970.
struct Hour: Hashable {
  static let nanoseconds: Int64 = 3_600_000_000_000

  let index: Int32

  init(index: Int32) { self.index = index }

  init(containing stamp: Stamp) {
    index = Int32(stamp.nanoseconds.floorDivided(by: Self.nanoseconds))
  }

  var unixSeconds: Int64 { Int64(index) * 3600 }
  var nanosecondRange: Range<Int64> {
    let begin = Int64(index) * Self.nanoseconds
    return begin..<begin + Self.nanoseconds
  }
}
