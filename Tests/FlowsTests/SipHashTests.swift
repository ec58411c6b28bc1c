// SipHash-2-4 as its authors publish it.

import Packets
import Testing

@testable import Flows
@testable import KeyedHash

@Suite struct SipHashTests {
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

  /// The same messages with 13, 15 … bytes, as `openssl mac -macopt size:8 SIPHASH` hashes them; the
  /// one of 15 is also in the authors' paper.
  @Test(
    "messages that end in the middle of a word",
    arguments: [
      (1, 0x74f8_39c5_93dc_67fd), (5, 0x1876_5564_cd99_a68d), (13, 0x14ea_5627_c084_3d90),
      (15, 0xa129_ca61_49be_45e5), (37, 0x0279_90f0_2962_3981), (39, 0x9abf_d876_6a33_735c),
    ] as [(Int, UInt64)])
  func tail(length: Int, expected: UInt64) {
    func word(_ begin: Int, _ count: Int) -> UInt64 {
      (0..<count).reduce(0) { $0 | UInt64(begin + $1) << UInt64(8 * $1) }
    }
    var hash = SipHash(
      key: SipHashKey(first: 0x0706_0504_0302_0100, second: 0x0f0e_0d0c_0b0a_0908))
    for begin in stride(from: 0, to: length / 8 * 8, by: 8) { hash.append(word(begin, 8)) }
    let rest = length % 8
    #expect(hash.finish(tail: word(length - rest, rest), bytes: UInt64(rest)) == expected)
  }

  @Test("two keys that are drawn differ in both words")
  func randomKeys() {
    let keys = (0..<8).map { _ in SipHashKey.random() }
    #expect(Set(keys.map(\.first)).count == 8)
    #expect(Set(keys.map(\.second)).count == 8)
  }

  @Test("a flow's key depends on everything that tells flows apart, and on the secret key")
  func flowKey() {
    func hash(
      exit: UInt64 = 1, exitHigh: UInt64 = 2, exitPort: UInt16 = 3, remote: UInt64 = 4,
      remoteHigh: UInt64 = 5, servicePort: UInt16 = 6, version: IPVersion = .v6,
      transport: Transport = .tcp, secret: UInt64 = 7
    ) -> UInt64 {
      FlowKey(
        exit: Address(high: exitHigh, low: exit), exitPort: exitPort,
        remote: Address(high: remoteHigh, low: remote), servicePort: servicePort,
        ipVersion: version, transport: transport, key: SipHashKey(first: secret, second: 8)
      ).hash
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
