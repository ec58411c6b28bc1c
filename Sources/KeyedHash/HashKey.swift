// A hash under a secret key, of one block of 16 bytes or of three: what flows and networks are
// remembered by.
//
// The key is all that stands between a hash in memory and the address that it was made from, and
// all that keeps somebody who chooses addresses and ports from making many flows share a place. So
// the hash is a pseudorandom function: the first half of AES-128 in CBC-MAC, where the processor has
// instructions for it (a quarter as many as for SipHash), else SipHash-2-4. Which of them, and the hashes,
// no file knows.
//
// CBC-MAC is sound as long as no message is the beginning of another one: the caller's first blocks
// tell how many follow.

public import CCipher
internal import Glibc

/// A 128-bit key that is drawn at start, kept in memory only, and has no description.
@safe
public struct HashKey: ~Copyable {
  /// Two little-endian words.
  public typealias Block = (UInt64, UInt64)

  public enum Algorithm: CaseIterable, Sendable {
    case aes
    case sipHash

    public var isAvailable: Bool { self == .sipHash || weir_has_cipher() != 0 }
  }

  /// `nil` where it is SipHash. Allocated, since the processor reads them where they lie.
  @usableFromInline let roundKeys: UnsafeMutablePointer<weir_round_keys>?
  @usableFromInline let sipHash: SipHashKey

  /// - Precondition: the algorithm is available here.
  public init(first: UInt64, second: UInt64, algorithm: Algorithm) {
    precondition(algorithm.isAvailable)
    sipHash = SipHashKey(first: first, second: second)
    switch algorithm {
    case .aes:
      let expanded = UnsafeMutablePointer<weir_round_keys>.allocate(capacity: 1)
      unsafe expanded.initialize(to: weir_round_keys())
      unsafe weir_expand_key(weir_block(first: first, second: second), expanded)
      unsafe roundKeys = expanded
    case .sipHash: unsafe roundKeys = nil
    }
  }

  deinit {
    guard let roundKeys = unsafe roundKeys else { return }
    unsafe explicit_bzero(roundKeys, MemoryLayout<weir_round_keys>.size)
    unsafe roundKeys.deallocate()
  }

  /// Draws a key from the system's generator: getrandom(2).
  public static func random() -> HashKey {
    var generator = SystemRandomNumberGenerator()
    return HashKey(
      first: generator.next(), second: generator.next(),
      algorithm: Algorithm.aes.isAvailable ? .aes : .sipHash)
  }

  @inlinable @inline(__always)
  public func hash(_ block: Block) -> UInt64 {
    if let roundKeys = unsafe roundKeys {
      // Expanded by `init`, like those below.
      return unsafe weir_encrypt(roundKeys, block.0, block.1).first
    }
    var hash = SipHash(key: sipHash)
    hash.append(block.0)
    hash.append(block.1)
    return hash.finish()
  }

  /// Hashes messages that lie one after the other: faster than one by one.
  /// - Parameters:
  ///   - messages: of as many blocks each.
  ///   - hashes: room for one of each message.
  public func hash(
    _ messages: UnsafePointer<Block>, blocksEach: Int, count: Int,
    into hashes: UnsafeMutablePointer<UInt64>
  ) {
    if let roundKeys = unsafe roundKeys {
      // The C function's blocks are two words as well.
      unsafe messages.withMemoryRebound(to: weir_block.self, capacity: count * blocksEach) {
        unsafe weir_authenticate(roundKeys, $0, blocksEach, hashes, count)
      }
      return
    }
    for position in 0..<count {
      var hash = SipHash(key: sipHash)
      for block in position * blocksEach..<(position + 1) * blocksEach {
        unsafe hash.append(messages[block].0)
        unsafe hash.append(messages[block].1)
      }
      unsafe hashes[position] = hash.finish()
    }
  }
}
