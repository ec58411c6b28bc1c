// SipHash-2-4 and AES-128 as they are published, and what flows are hashed by.

import Packets
import Testing

@testable import Flows
@testable import KeyedHash

@Suite struct HashKeyTests {
  /// From `vectors.h` of the reference implementation (github.com/veorq/SipHash), whole words only:
  /// key 00 01 … 0f, message 00 01 02 … of 0, 8, 16 … 56 bytes.
  private static let vectors: [UInt64] = [
    0x726f_db47_dd0e_0e31, 0x93f5_f579_9a93_2462, 0x3f2a_cc7f_57c2_9bdb, 0xb8ad_50c6_f649_af94,
    0x7127_512f_72f2_7cce, 0x0e3e_a96b_5304_a7d0, 0xe612_a3cb_9ecb_a951, 0xb78d_bfaf_3a8d_83bd,
  ]

  @Test("the reference implementation's vectors", arguments: vectors.indices)
  func vector(words: Int) {
    var hash = SipHash(
      key: SipHashKey(first: 0x0706_0504_0302_0100, second: 0x0f0e_0d0c_0b0a_0908))
    for word in 0..<words {
      hash.append((0..<8).reduce(0) { $0 | UInt64(8 * word + $1) << UInt64(8 * $1) })
    }
    #expect(hash.finish() == Self.vectors[words])
  }

  /// One block as in FIPS 197, appendix C.1; three of 00 01 … 2f as `openssl enc -aes-128-ecb` chains
  /// them by hand, and `openssl mac SIPHASH` hashes them.
  private static let blockVectors: [(algorithm: HashKey.Algorithm, one: UInt64, three: UInt64)] = [
    (.aes, 0x3004_7b6a_d8e0_c469, 0x21d3_49ea_303e_167e),
    (.sipHash, 0x3e0e_eff8_3533_d2d5, 0xe612_a3cb_9ecb_a951),
  ]

  @Test(
    "blocks are hashed as published",
    arguments: blockVectors.indices.filter { blockVectors[$0].algorithm.isAvailable })
  func blocks(position: Int) {
    let (algorithm, one, three) = Self.blockVectors[position]
    let key = HashKey(
      first: 0x0706_0504_0302_0100, second: 0x0f0e_0d0c_0b0a_0908, algorithm: algorithm)
    #expect(key.hash((0x7766_5544_3322_1100, 0xffee_ddcc_bbaa_9988)) == one)
    let message: [HashKey.Block] = [
      (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908),
      (0x1716_1514_1312_1110, 0x1f1e_1d1c_1b1a_1918),
      (0x2726_2524_2322_2120, 0x2f2e_2d2c_2b2a_2928),
    ]
    #expect(Self.hashes(message, blocksEach: 3, key) == [three])
  }

  private static func hashes(
    _ blocks: [HashKey.Block], blocksEach: Int, _ key: borrowing HashKey
  ) -> [UInt64] {
    var hashes = [UInt64](repeating: 0, count: blocks.count / blocksEach)
    unsafe key.hash(blocks, blocksEach: blocksEach, count: hashes.count, into: &hashes)
    return hashes
  }

  @Test(
    "messages that are hashed together have the hashes that each has alone",
    arguments: HashKey.Algorithm.allCases.filter { $0.isAvailable })
  func together(algorithm: HashKey.Algorithm) {
    let key = HashKey(first: 1, second: 2, algorithm: algorithm)
    for count in 0..<20 {
      let blocks: [HashKey.Block] = (0..<3 * count).map { (UInt64($0) &* 0x9e37_79b9, UInt64($0)) }
      #expect(Self.hashes(blocks, blocksEach: 1, key) == blocks.map { key.hash($0) })
      let alone = (0..<count).flatMap {
        Self.hashes(Array(blocks[3 * $0..<3 * $0 + 3]), blocksEach: 3, key)
      }
      #expect(Self.hashes(blocks, blocksEach: 3, key) == alone)
      #expect(Set(alone).count == count)
    }
  }

  @Test("two keys that are drawn hash differently")
  func randomKeys() {
    let hashes = (0..<8).map { _ in HashKey.random().hash((1, 2)) }
    #expect(Set(hashes).count == 8)
  }

  @Test(
    "a flow's key depends on everything that tells flows apart, and on the secret key",
    arguments: HashKey.Algorithm.allCases.filter { $0.isAvailable })
  func flowKey(algorithm: HashKey.Algorithm) {
    func hash(
      exit: UInt64 = 1, exitHigh: UInt64 = 2, exitPort: UInt16 = 3, remote: UInt64 = 4,
      remoteHigh: UInt64 = 5, servicePort: UInt16 = 6, version: IPVersion = .v6,
      transport: Transport = .tcp, secret: UInt64 = 7
    ) -> UInt64 {
      var pending = PendingHashes()
      pending.add(
        FlowEnds(
          exit: Address(high: exitHigh, low: exit), exitPort: exitPort,
          remote: Address(high: remoteHigh, low: remote), servicePort: servicePort,
          ipVersion: version, transport: transport), place: 1)
      var hashes: [UInt64] = []
      pending.finish(HashKey(first: secret, second: 8, algorithm: algorithm)) { place, hash in
        hashes.append(hash)
        #expect(place == 1)
      }
      #expect(hashes.count == 1)
      return hashes[0]
    }
    let hashes = [
      hash(), hash(exit: 9), hash(exitHigh: 9), hash(exitPort: 9), hash(remote: 9),
      hash(remoteHigh: 9), hash(servicePort: 9), hash(transport: .udp), hash(secret: 9),
      hash(exit: 4, remote: 1), hash(exitPort: 6, servicePort: 3),
      hash(version: .v4), hash(exit: 9, version: .v4), hash(exitPort: 9, version: .v4),
      hash(remote: 9, version: .v4), hash(servicePort: 9, version: .v4),
      hash(version: .v4, transport: .udp), hash(version: .v4, secret: 9),
    ]
    #expect(Set(hashes).count == hashes.count)
    #expect(hash() == hash())
  }
}
