// Addresses as people write them in options: one address, or a prefix in CIDR notation.

internal import Glibc

/// The addresses of a prefix (RFC 4632, RFC 4291): `192.0.2.10`, `192.0.2.0/28`, `2001:db8::/64`.
public struct AddressRange: Hashable, Sendable {
  public let ipVersion: IPVersion
  public let prefixLength: Int
  /// The prefix with all host bits cleared.
  @usableFromInline let high: UInt64
  @usableFromInline let low: UInt64
  @usableFromInline let highMask: UInt64
  @usableFromInline let lowMask: UInt64

  public enum ParseFailure: Error, Equatable, Sendable {
    case notAnAddress
    case badPrefixLength(limit: Int)
    /// Bits beyond the prefix length are set: one of the two must be a mistake.
    case hostBitsSet
  }

  public init(_ text: String) throws(ParseFailure) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let (version, address) = try Self.address(String(parts[0]))
    let width = version == .v4 ? 32 : 128
    var length = width
    if parts.count == 2 {
      guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let given = Int(parts[1]),
        given <= width
      else { throw .badPrefixLength(limit: width) }
      length = given
    }
    // IPv4 addresses sit in the low 32 bits, so their prefix is counted from there.
    let fromTop = length + 128 - width
    highMask = version == .v4 ? .max : Self.mask(fromTop)
    lowMask = fromTop <= 64 ? 0 : Self.mask(fromTop - 64)
    guard address.high & ~highMask == 0, address.low & ~lowMask == 0 else { throw .hostBitsSet }
    ipVersion = version
    prefixLength = length
    high = address.high
    low = address.low
  }

  @inlinable @inline(__always)
  public func contains(_ address: Address, _ version: IPVersion) -> Bool {
    version == ipVersion && address.high & highMask == high && address.low & lowMask == low
  }

  /// Whether some address is in both.
  public func overlaps(_ other: AddressRange) -> Bool {
    ipVersion == other.ipVersion && (high ^ other.high) & highMask & other.highMask == 0
      && (low ^ other.low) & lowMask & other.lowMask == 0
  }

  /// The prefix in hexadecimal with its length: for a digest of the configuration, the same however
  /// the address was written.
  public var canonicalBits: String {
    "\(ipVersion.rawValue):\(String(high, radix: 16)):\(String(low, radix: 16))/\(prefixLength)"
  }

  /// The address's 32-bit words in the order of the wire, each with the bits of it that are compared.
  public var words: [(bits: UInt32, mask: UInt32)] {
    let halves = ipVersion == .v4 ? [] : [(high, highMask)]
    return (halves + [(low, lowMask)]).flatMap { bits, mask in
      [(UInt32(bits >> 32), UInt32(mask >> 32))] + [
        (UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: mask))
      ]
    }.suffix(ipVersion == .v4 ? 1 : 4)
  }

  private static func mask(_ length: Int) -> UInt64 {
    length >= 64 ? .max : ~(UInt64.max >> UInt64(length))
  }

  private static func address(
    _ text: String
  ) throws(ParseFailure) -> (IPVersion, Address) {
    // The C library would stop reading there.
    if text.utf8.contains(0) { throw .notAnAddress }
    var bytes = [UInt8](repeating: 0, count: 16)
    if unsafe inet_pton(AF_INET, text, &bytes) == 1 {
      return (.v4, Address(ipv4: bytes.span.uint32(at: 0)))
    }
    if unsafe inet_pton(AF_INET6, text, &bytes) == 1 {
      return (.v6, Address(high: bytes.span.uint64(at: 0), low: bytes.span.uint64(at: 8)))
    }
    throw .notAnAddress
  }
}
