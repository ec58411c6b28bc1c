// Randomness that a seed decides: the same file, byte for byte, wherever it is made.

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
struct Random {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    return mixed(state)
  }

  /// 0 to `limit` - 1. The bias is below `limit` in 2³².
  mutating func below(_ limit: Int) -> Int {
    Int(((next() >> 32) &* UInt64(limit)) >> 32)
  }

  /// At least 0, less than 1.
  mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// True once in `times` on average.
  mutating func once(in times: Int) -> Bool { below(times) == 0 }

  /// 0 to `limit` - 1, the small ones by far the likeliest.
  mutating func skewed(_ limit: Int) -> Int {
    let cube = power(fraction(), 3)
    return Int(cube * cube * cube * Double(limit))
  }

  /// At least 1: Pareto's distribution with exponent 1.2, cut off at `limit`.
  mutating func heavyTailed(scale: Double, limit: Double) -> Int {
    Int(min(scale * power(1 - fraction(), -1 / 1.2), limit))
  }
}

/// A number that looks random and is always the same for `value`.
func mixed(_ value: UInt64) -> UInt64 {
  var value = value
  value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
  value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
  return value ^ value >> 31
}
