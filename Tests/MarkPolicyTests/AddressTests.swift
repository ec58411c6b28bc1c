// Addresses as people write them, and what a source address can be.

import Glibc
import MarkPolicy
import Testing

@Suite struct AddressTests {
  @Test(
    "an address is read as inet_pton reads it",
    arguments: [
      "0.0.0.0", "192.0.2.10", "255.255.255.255", "1.2.3.4", "::", "::1", "1::", "2001:db8::10",
      "2001:DB8:0:0:0:0:0:10", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8",
      "1::3:4:5:6:7:8", "::ffff:192.0.2.10", "64:ff9b::192.0.2.1", "1:2:3:4:5:6:1.2.3.4",
      "::1.2.3.4", "fe80::1", "ff02::1",
    ])
  func reading(text: String) throws {
    let read = try #require(address(text))
    #expect(SocketName(address: read, port: 0, isIPv6Form: true).bytes16 == systemBytes(text))
  }

  @Test(
    "anything else is refused, by inet_pton too",
    arguments: [
      "", " ", "localhost", "192.0.2", "192.0.2.256", "192.0.2.1.1", "192.0.2.1.", ".192.0.2.1",
      "192..2.1", "192.0.2.010", "192.0.2.00", "0xc0.0.2.1", "3221225985", "192.0.2.1:443", "*",
      "2001:db8", ":", ":::", "1:", ":1", "1::2::3", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:",
      "1:2:3:4:5:6:7:8::", "1::2:3:4:5:6:7:8", "2001:db8::12345", "2001:db8::g", "fe80::1%eth0",
      "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3.4:5", "::1.2.3", "2001:db8::/32", "192.0.2.0/24",
      "+1.2.3.4",
      "192.0.2.99999999999", "::-1",
    ])
  func refusing(text: String) {
    #expect(address(text) == nil)
    #expect(systemBytes(text) == nil)
  }

  @Test("IPv6 addresses may have torrc's brackets")
  func brackets() {
    #expect(address("[2001:db8::1]") == address("2001:db8::1"))
    for text in ["[192.0.2.1]", "[]", "[", "[2001:db8::1", "2001:db8::1]", "[[::1]]"] {
      #expect(address(text) == nil, "\(text)")
    }
  }

  @Test("an IPv4 address and its mapped form are one")
  func mapped() {
    #expect(address("::ffff:192.0.2.1") == address("192.0.2.1"))
    #expect(address("::192.0.2.1") != address("192.0.2.1"))
    #expect(address("::ffff:0:0")?.isIPv4 == true)
    #expect(address("::fffe:0:0")?.isIPv4 == false)
  }

  @Test(
    "unspecified, loopback, and what no connection comes from",
    arguments: [
      ("0.0.0.0", true, false, false), ("::", true, false, false),
      ("::ffff:0.0.0.0", true, false, false), ("127.0.0.1", false, true, true),
      ("127.255.0.9", false, true, true), ("::1", false, true, true),
      ("128.0.0.1", false, false, true), ("::2", false, false, true),
      ("223.255.255.255", false, false, true), ("224.0.0.1", false, false, false),
      ("255.255.255.255", false, false, false), ("ff02::1", false, false, false),
      ("fe80::1", false, false, true), ("0.0.0.1", false, false, true),
    ])
  func kinds(text: String, isUnspecified: Bool, isLoopback: Bool, canBeSource: Bool) throws {
    let read = try #require(address(text))
    #expect(read.isUnspecified == isUnspecified)
    #expect(read.isLoopback == isLoopback)
    #expect(read.canBeSource == canBeSource)
  }
}

extension SocketName {
  /// The address of the IPv6 form.
  fileprivate var bytes16: [UInt8] {
    let encoded = encoded
    return (8..<24).map { encoded.bytes[$0] }
  }
}

/// What the C library makes of it, an IPv4 address in its mapped form.
private func systemBytes(_ text: String) -> [UInt8]? {
  var bytes = [UInt8](repeating: 0, count: 16)
  if unsafe inet_pton(AF_INET6, text, &bytes) == 1 { return bytes }
  guard unsafe inet_pton(AF_INET, text, &bytes) == 1 else { return nil }
  return [UInt8](repeating: 0, count: 10) + [0xff, 0xff] + bytes[0..<4]
}
