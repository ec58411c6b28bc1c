// struct sockaddr_in and sockaddr_in6 (ip(7), ipv6(7)), from and to bytes.

/// What a call such as bind(2) names: an address and a port.
public struct SocketName: Equatable, Sendable {
  public var address: Address
  public var port: UInt16
  /// An IPv6 socket names an IPv4 address in its mapped form.
  public var isIPv6Form: Bool

  public init(address: Address, port: UInt16, isIPv6Form: Bool) {
    self.address = address
    self.port = port
    self.isIPv6Form = isIPv6Form
  }

  static var ipv4Family: UInt16 { 2 }
  static var ipv6Family: UInt16 { 10 }

  /// - Parameter bytes: a socket address, as long as the caller said it is.
  /// - Returns: `nil` for another family, and for lengths that the kernel refuses (an IPv6 address may
  ///   come without its scope, RFC 2133): what it refuses is left to it.
  public init?(_ bytes: Span<UInt8>) {
    guard (16...128).contains(bytes.count) else { return nil }
    let port = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
    switch UInt16(littleEndian: UInt16(bytes[0]) | UInt16(bytes[1]) << 8) {
    case Self.ipv4Family:
      self.init(
        address: Address(ipv4: UInt32(truncatingIfNeeded: Self.bigEndian(bytes, 4, 4))),
        port: port, isIPv6Form: false)
    case Self.ipv6Family:
      guard bytes.count >= 24 else { return nil }
      self.init(
        address: Address(high: Self.bigEndian(bytes, 8, 8), low: Self.bigEndian(bytes, 16, 8)),
        port: port, isIPv6Form: true)
    default:
      return nil
    }
  }

  public var encoded: EncodedSocketName {
    var encoded = EncodedSocketName()
    let family = (isIPv6Form ? Self.ipv6Family : Self.ipv4Family).littleEndian
    encoded.bytes[0] = UInt8(truncatingIfNeeded: family)
    encoded.bytes[1] = UInt8(truncatingIfNeeded: family >> 8)
    encoded.bytes[2] = UInt8(truncatingIfNeeded: port >> 8)
    encoded.bytes[3] = UInt8(truncatingIfNeeded: port)
    if isIPv6Form {
      encoded.length = 28
      for index in 0..<8 {
        encoded.bytes[8 + index] = UInt8(truncatingIfNeeded: address.high >> UInt64(56 - 8 * index))
        encoded.bytes[16 + index] = UInt8(truncatingIfNeeded: address.low >> UInt64(56 - 8 * index))
      }
    } else {
      encoded.length = 16
      for index in 0..<4 {
        encoded.bytes[4 + index] = UInt8(truncatingIfNeeded: address.low >> UInt64(24 - 8 * index))
      }
    }
    return encoded
  }

  private static func bigEndian(_ bytes: Span<UInt8>, _ offset: Int, _ count: Int) -> UInt64 {
    var value: UInt64 = 0
    for index in offset..<(offset + count) { value = value << 8 | UInt64(bytes[index]) }
    return value
  }
}

public struct EncodedSocketName: Sendable {
  public var bytes = InlineArray<28, UInt8>(repeating: 0)
  public var length = 0
}
