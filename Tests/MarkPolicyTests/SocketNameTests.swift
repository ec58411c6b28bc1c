// Socket addresses of any length and content, as programs hand them to bind(2).

import Glibc
import MarkPolicy
import Testing

@Suite struct SocketNameTests {
  @Test("what is encoded is what the system's structures are, and is read back")
  func roundTrip() throws {
    var ipv4 = sockaddr_in()
    ipv4.sin_family = sa_family_t(AF_INET)
    ipv4.sin_port = UInt16(9001).bigEndian
    ipv4.sin_addr.s_addr = UInt32(0xc000_020a).bigEndian
    let name4 = try name("192.0.2.10", port: 9001)
    #expect(bytes(of: name4) == bytes(of: ipv4))
    #expect(socketName(bytes(of: ipv4)) == name4)

    var ipv6 = sockaddr_in6()
    ipv6.sin6_family = sa_family_t(AF_INET6)
    ipv6.sin6_port = UInt16(443).bigEndian
    #expect(unsafe inet_pton(AF_INET6, "2001:db8::a:10", &ipv6.sin6_addr) == 1)
    let name6 = try name("2001:db8::a:10", port: 443)
    #expect(bytes(of: name6) == bytes(of: ipv6))
    #expect(socketName(bytes(of: ipv6)) == name6)
  }

  @Test("a mapped IPv4 address keeps its form")
  func mapped() throws {
    let mapped = try name("::ffff:192.0.2.10")
    #expect(mapped.address == address("192.0.2.10"))
    #expect(bytes(of: mapped).count == 28)
    #expect(socketName(bytes(of: mapped)) == mapped)
  }

  @Test("every length is read only if the kernel takes it", arguments: 0...140)
  func lengths(length: Int) throws {
    let ipv4 = padded(bytes(of: try name("192.0.2.10")), to: length)
    #expect((socketName(ipv4) != nil) == (16...128).contains(length))
    let ipv6 = padded(bytes(of: try name("2001:db8::1")), to: length)
    #expect((socketName(ipv6) != nil) == (24...128).contains(length))
  }

  @Test("no other family is read", arguments: [0, 1, 3, 16, 17, 40, 255, 512, 2560] as [UInt16])
  func families(family: UInt16) throws {
    var other = padded(bytes(of: try name("192.0.2.10")), to: 28)
    other[0] = UInt8(truncatingIfNeeded: family)
    other[1] = UInt8(family >> 8)
    #expect(socketName(other) == nil)
  }

  private func padded(_ bytes: [UInt8], to length: Int) -> [UInt8] {
    Array((bytes + [UInt8](repeating: 0, count: 140)).prefix(length))
  }

  private func bytes(of name: SocketName) -> [UInt8] {
    let encoded = name.encoded
    return (0..<encoded.length).map { encoded.bytes[$0] }
  }

  private func bytes<Value>(of value: Value) -> [UInt8] {
    unsafe withUnsafeBytes(of: value) { unsafe Array($0) }
  }
}
