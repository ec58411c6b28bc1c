// SipHash-2-4 (J.-P. Aumasson, D. J. Bernstein: "SipHash: a fast short-input PRF", 2012).
//
// Swift's own Hasher is SipHash-1-3 with a key per process, but its algorithm is no promise, and
// SWIFT_DETERMINISTIC_HASHING makes the key a constant. Here the key must be secret.

@frozen
@usableFromInline
struct SipHashKey: Sendable {
  @usableFromInline let first: UInt64
  @usableFromInline let second: UInt64

  init(first: UInt64, second: UInt64) {
    self.first = first
    self.second = second
  }
}

/// The hash of a message of whole little-endian 64-bit words.
@frozen
@usableFromInline
struct SipHash {
  @usableFromInline var v0, v1, v2, v3: UInt64
  @usableFromInline var length: UInt64 = 0

  @inlinable @inline(__always)
  init(key: SipHashKey) {
    v0 = key.first ^ 0x736f_6d65_7073_6575
    v1 = key.second ^ 0x646f_7261_6e64_6f6d
    v2 = key.first ^ 0x6c79_6765_6e65_7261
    v3 = key.second ^ 0x7465_6462_7974_6573
  }

  @inlinable @inline(__always)
  mutating func append(_ word: UInt64) {
    compress(word)
    length &+= 8
  }

  @inlinable @inline(__always)
  consuming func finish() -> UInt64 {
    compress(length << 56)
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
