// The addresses of the host (and network namespace) that this process runs in.

import Glibc
import MarkCheck
import MarkPolicy

struct OwnHost: HostAddresses {
  /// By trying, as tor would: routes and settings let a host bind to more than its interfaces have.
  func has(_ address: Address) -> Bool {
    withSocket(address.isIPv4 ? .ipv4 : .ipv6) { file in
      unsafe withName(address, port: 0) { unsafe bind(file, $0, $1) == 0 }
    } ?? false
  }

  /// Connecting a UDP socket asks for a route and sends nothing.
  func defaultSource(_ family: SocketFamily) -> Address? {
    // 192.88.99.1 of RFC 7526 and a documentation prefix: no host has a route of its own for them.
    let somewhere =
      family == .ipv4
      ? Address(ipv4: 0xc058_6301) : Address(high: 0x2001_0db8_ffff_ffff, low: 1)
    let source = withSocket(family) { file -> Address? in
      guard unsafe withName(somewhere, port: 9, { unsafe connect(file, $0, $1) == 0 }) else {
        return nil
      }
      var bytes = [UInt8](repeating: 0, count: 128)
      var length = socklen_t(bytes.count)
      let known = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe buffer.withMemoryRebound(to: sockaddr.self) {
          unsafe getsockname(file, $0.baseAddress, &length) == 0
        }
      }
      guard known else { return nil }
      let name = Array(bytes[..<Int(length)])
      return SocketName(name.span)?.address
    }
    return source ?? nil
  }

  private func withSocket<Result>(_ family: SocketFamily, _ body: (Int32) -> Result) -> Result? {
    let file = socket(
      Int32(family.rawValue), Int32(SOCK_DGRAM.rawValue) | O_CLOEXEC, 0)
    guard file >= 0 else { return nil }
    defer { close(file) }
    return body(file)
  }

  private func withName(
    _ address: Address, port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Bool
  ) -> Bool {
    let encoded = SocketName(address: address, port: port, isIPv6Form: !address.isIPv4).encoded
    // As long as any of the two families' structures, which the call then reads `length` bytes of.
    var bytes = (0..<28).map { encoded.bytes[$0] }
    return unsafe bytes.withUnsafeMutableBytes { buffer in
      unsafe buffer.withMemoryRebound(to: sockaddr.self) { names in
        guard let name = names.baseAddress else { return false }
        return unsafe body(name, socklen_t(encoded.length))
      }
    }
  }
}
