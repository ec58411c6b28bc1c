// Addresses as people write them, and which packets' addresses they cover.

import Packets
import Testing
import TestSupport

@Suite struct AddressRangeTests {
  @Test(
    "an address or a prefix is read",
    arguments: [
      ("192.0.2.10", .v4, 32, "4:0:c000020a/32"),
      ("192.0.2.10/32", .v4, 32, "4:0:c000020a/32"),
      ("192.0.2.0/28", .v4, 28, "4:0:c0000200/28"),
      ("192.0.2.254/31", .v4, 31, "4:0:c00002fe/31"),
      ("192.0.0.0/13", .v4, 13, "4:0:c0000000/13"),
      ("128.0.0.0/1", .v4, 1, "4:0:80000000/1"),
      ("0.0.0.0/0", .v4, 0, "4:0:0/0"),
      ("255.255.255.255", .v4, 32, "4:0:ffffffff/32"),
      ("2001:db8::10", .v6, 128, "6:20010db800000000:10/128"),
      ("2001:DB8:0:0:0:0:0:10/128", .v6, 128, "6:20010db800000000:10/128"),
      ("2001:db8::/32", .v6, 32, "6:20010db800000000:0/32"),
      ("2001:db8::/64", .v6, 64, "6:20010db800000000:0/64"),
      ("2001:db8:0:0:8000::/65", .v6, 65, "6:20010db800000000:8000000000000000/65"),
      ("2001:db8:0:2::/63", .v6, 63, "6:20010db800000002:0/63"),
      ("2001:db8::fe/127", .v6, 127, "6:20010db800000000:fe/127"),
      ("8000::/1", .v6, 1, "6:8000000000000000:0/1"),
      ("::/0", .v6, 0, "6:0:0/0"),
      ("::1", .v6, 128, "6:0:1/128"),
      // An IPv4 address mapped into IPv6 is an IPv6 address: that is how it would be on the wire.
      ("::ffff:192.0.2.10", .v6, 128, "6:0:ffffc000020a/128"),
      ("::ffff:192.0.2.0/120", .v6, 120, "6:0:ffffc0000200/120"),
    ] as [(String, IPVersion, Int, String)])
  func parsing(text: String, version: IPVersion, length: Int, canonical: String) throws {
    let range = try AddressRange(text)
    #expect(range.ipVersion == version)
    #expect(range.prefixLength == length)
    #expect(range.canonicalBits == canonical)
  }

  @Test(
    "anything else is refused with its reason",
    arguments: [
      ("", .notAnAddress), (" ", .notAnAddress), ("/", .notAnAddress), ("/8", .notAnAddress),
      ("localhost", .notAnAddress), ("example.org", .notAnAddress), ("192.0.2", .notAnAddress),
      ("192.0.2.256", .notAnAddress), ("192.0.2.1.1", .notAnAddress), (" 192.0.2.1", .notAnAddress),
      ("192.0.2.1 ", .notAnAddress), ("192.0.2.010", .notAnAddress), ("0xc0.0.2.1", .notAnAddress),
      ("3221225985", .notAnAddress), ("192.0.2.1:443", .notAnAddress), ("*", .notAnAddress),
      ("2001:db8", .notAnAddress), ("2001:db8::1::2", .notAnAddress), (":::", .notAnAddress),
      ("2001:db8::12345", .notAnAddress), ("[2001:db8::1]", .notAnAddress),
      ("fe80::1%eth0", .notAnAddress), ("1:2:3:4:5:6:7:8:9", .notAnAddress),
      ("192.0.2.1/", .badPrefixLength(limit: 32)), ("192.0.2.1/33", .badPrefixLength(limit: 32)),
      ("192.0.2.1/-1", .badPrefixLength(limit: 32)), ("0.0.0.0/+8", .badPrefixLength(limit: 32)),
      ("192.0.2.0/24/24", .badPrefixLength(limit: 32)),
      ("192.0.2.0/255.255.255.0", .badPrefixLength(limit: 32)),
      ("192.0.2.0/ 24", .badPrefixLength(limit: 32)),
      ("192.0.2.0/99999999999999999999", .badPrefixLength(limit: 32)),
      ("2001:db8::/129", .badPrefixLength(limit: 128)), ("::/", .badPrefixLength(limit: 128)),
      ("::/x", .badPrefixLength(limit: 128)),
      ("192.0.2.10/28", .hostBitsSet), ("192.0.2.1/31", .hostBitsSet), ("0.0.0.1/0", .hostBitsSet),
      ("128.0.0.0/0", .hostBitsSet), ("2001:db8::1/127", .hostBitsSet),
      ("2001:db8::1/64", .hostBitsSet), ("2001:db8:0:1::/60", .hostBitsSet),
      ("2001:db8:0:1::/63", .hostBitsSet), ("2001:db8:0:0:8000::/64", .hostBitsSet),
      ("::1/0", .hostBitsSet),
    ] as [(String, AddressRange.ParseFailure)])
  func refusing(text: String, failure: AddressRange.ParseFailure) {
    #expect(throws: failure) { try AddressRange(text) }
  }

  @Test("a range contains exactly the addresses that share its first bits", arguments: 0...32)
  func containsIPv4(length: Int) throws {
    var generator = SeededGenerator(seed: UInt64(length))
    for _ in 0..<20 {
      let base = UInt32(truncatingIfNeeded: generator.next())
      let prefix = length == 0 ? 0 : (base >> (32 - length)) << (32 - length)
      let text = bytes(prefix).map(String.init).joined(separator: ".")
      let range = try AddressRange("\(text)/\(length)")
      for bit in 0..<32 {
        let other = base ^ 1 << (31 - bit)
        #expect(range.contains(Address(ipv4: other), .v4) == (bit >= length))
      }
      #expect(range.contains(Address(ipv4: base), .v4))
      #expect(!range.contains(Address(ipv4: base), .v6), "another version's address")
    }
  }

  @Test("the same in IPv6", arguments: 0...128)
  func containsIPv6(length: Int) throws {
    var generator = SeededGenerator(seed: UInt64(length))
    for _ in 0..<5 {
      let base = generator.bytes(16)
      let prefix = base.indices.map { base[$0] & mask(byte: $0, length) }
      let text = stride(from: 0, to: 16, by: 2).map {
        String(UInt16(prefix[$0]) << 8 | UInt16(prefix[$0 + 1]), radix: 16)
      }.joined(separator: ":")
      let range = try AddressRange("\(text)/\(length)")
      for bit in 0..<128 {
        var other = base
        other[bit / 8] ^= 0x80 >> UInt8(bit % 8)
        #expect(range.contains(address(other), .v6) == (bit >= length))
      }
      #expect(range.contains(address(base), .v6))
      #expect(!range.contains(address(base), .v4), "another version's address")
    }
  }

  private func mask(byte: Int, _ length: Int) -> UInt8 {
    let bits = min(8, max(0, length - 8 * byte))
    return bits == 0 ? 0 : 0xff << UInt8(8 - bits)
  }

  private func address(_ bytes: [UInt8]) -> Address {
    Address(high: word(bytes.prefix(8)), low: word(bytes.suffix(8)))
  }

  private func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reduce(0) { $0 << 8 | UInt64($1) }
  }
}
