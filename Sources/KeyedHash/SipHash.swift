// SipHash-2-4 (J.-P. Aumasson, D. J. Bernstein: "SipHash: a fast short-input PRF", 2012).
//
// Swift's own Hasher is SipHash-1-3 with a key per process, but its algorithm is no promise, and
// SWIFT_DETERMINISTIC_HASHING makes the key a constant. Here the key must be secret: it is all that
// stands between a hash in memory and the address that it was made from.
//
// A module of its own, since flows and networks are both remembered by such a hash. All of it is
// inlinable: it is most of the work that a packet makes.

/// A 128-bit key that is drawn at start, kept in memory only, and has no description.
@frozen
public struct SipHashKey: Sendable {
  @usableFromInline let first: UInt64
  @usableFromInline let second: UInt64

  public init(first: UInt64, second: UInt64) {
    self.first = first
    self.second = second
  }

  /// Draws a key from the system's generator: getrandom(2).
  public static func random() -> SipHashKey {
    var generator = SystemRandomNumberGenerator()
    return SipHashKey(first: generator.next(), second: generator.next())
  }
}

/// The hash of a message of whole little-endian 64-bit words, and some bytes at its end.
@frozen
public struct SipHash {
  @usableFromInline var v0, v1, v2, v3: UInt64
  @usableFromInline var length: UInt64 = 0

  @inlinable @inline(__always)
  public init(key: SipHashKey) {
    v0 = key.first ^ 0x736f_6d65_7073_6575
    v1 = key.second ^ 0x646f_7261_6e64_6f6d
    v2 = key.first ^ 0x6c79_6765_6e65_7261
    v3 = key.second ^ 0x7465_6462_7974_6573
  }

  @inlinable @inline(__always)
  public mutating func append(_ word: UInt64) {
    compress(word)
    length &+= 8
  }

  @inlinable @inline(__always)
  public consuming func finish() -> UInt64 { finish(tail: 0, bytes: 0) }

  /// - Parameters:
  ///   - tail: what follows the last whole word.
  ///   - bytes: how many bytes of that there are, 0 to 7; those above are 0.
  @inlinable @inline(__always)
  public consuming func finish(tail: UInt64, bytes: UInt64) -> UInt64 {
    compress((length &+ bytes) << 56 | tail)
    v2 ^= 0xff
    round()
    round()
    round()
    round()
    return v0 ^ v1 ^ v2 ^ v3
  }

  @inlinable @inline(__always)
  mutating func compress(_ word: UInt64) {
    v3 ^= word
    round()
    round()
    v0 ^= word
  }

  @inlinable @inline(__always)
  mutating func round() {
    v0 &+= v1
    v1 = v1 << 13 | v1 >> 51
    v1 ^= v0
    v0 = v0 << 32 | v0 >> 32
    v2 &+= v3
    v3 = v3 << 16 | v3 >> 48
    v3 ^= v2
    v0 &+= v3
    v3 = v3 << 21 | v3 >> 43
    v3 ^= v0
    v2 &+= v1
    v1 = v1 << 17 | v1 >> 47
    v1 ^= v2
    v2 = v2 << 32 | v2 >> 32
  }
}
