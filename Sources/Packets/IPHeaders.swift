// IPv4 (RFC 791) and IPv6 (RFC 8200): from the IP header to the transport header.
//
//   IPv4                                     IPv6
//   0  version, header length (words)        0  version, traffic class, flow label
//   1  DSCP, ECN (RFC 2474, RFC 3168)        4  payload length
//   2  total length                          6  next header
//   6  flags, fragment offset                7  hop limit
//   9  protocol                              8  source
//   12 source                                24 destination
//   16 destination                           40 extension headers, payload
//   20 options, payload

/// The IP layer of a packet, walked up to its transport header.
@usableFromInline
struct InternetLayer {
  @usableFromInline var source: Address
  @usableFromInline var destination: Address
  @usableFromInline var dscp: UInt8
  /// IP-layer bytes of the datagram.
  @usableFromInline var length: Int
  @usableFromInline var protocolNumber: UInt8
  /// Where the transport header begins, from the start of the datagram.
  @usableFromInline var transportOffset: Int
  /// Bytes of the datagram from ``transportOffset`` on, by the IP header's own length.
  @usableFromInline var transportLength: Int
}

extension InternetLayer {
  /// A datagram beyond 65,535 bytes (Linux BIG TCP) has no true length in its header, but 0.
  @inlinable
  static var longestLengthField: Int { 65_535 }

  // Offsets are constants and the length has been compared with the greatest of them: then the compiler
  // need not compare each.

  /// - Parameters:
  ///   - datagram: what was captured of the frame, from the IP header on.
  ///   - room: bytes on the wire from there to the end of the frame.
  @inlinable @inline(__always)
  init(ipv4 datagram: Span<UInt8>, room: Int) throws(DecodeFailure) {
    guard datagram.count >= 20 else { throw .headerCut }
    let versionAndLength = datagram[0]
    guard versionAndLength >> 4 == 4 else { throw .versionMismatch }
    let headerLength = Int(versionAndLength & 0x0f) &* 4
    guard headerLength >= 20 else { throw .badHeaderLength }
    length = Int(datagram.uint16(at: 2))
    if length == 0, room > Self.longestLengthField { length = room }
    guard length >= headerLength, length <= room else { throw .badTotalLength }
    // More fragments, or an offset: all pieces, since only the first one has ports.
    guard datagram.uint16(at: 6) & 0x3fff == 0 else { throw .fragment }
    dscp = datagram[1] >> 2
    protocolNumber = datagram[9]
    source = Address(ipv4: datagram.uint32(at: 12))
    destination = Address(ipv4: datagram.uint32(at: 16))
    transportOffset = headerLength
    transportLength = length &- headerLength
  }

  /// - Parameters: as for IPv4.
  @inlinable @inline(__always)
  init(ipv6 datagram: Span<UInt8>, room: Int) throws(DecodeFailure) {
    guard datagram.count >= 40 else { throw .headerCut }
    guard datagram[0] >> 4 == 6 else { throw .versionMismatch }
    length = Int(datagram.uint16(at: 4)) &+ 40
    if length == 40, room > Self.longestLengthField &+ 40 { length = room }
    guard length <= room else { throw .badTotalLength }
    dscp = UInt8(truncatingIfNeeded: datagram.uint16(at: 0) >> 6) & 0x3f
    source = Address(high: datagram.uint64(at: 8), low: datagram.uint64(at: 16))
    destination = Address(high: datagram.uint64(at: 24), low: datagram.uint64(at: 32))
    protocolNumber = datagram[6]
    transportOffset = 40
    transportLength = length &- 40
    try walkExtensionHeaders(datagram)
  }

  /// Ends by itself: every header is at least 8 bytes, and all of them lie inside the datagram.
  @inlinable @inline(__always)
  mutating func walkExtensionHeaders(_ datagram: Span<UInt8>) throws(DecodeFailure) {
    while true {
      let isFragmentHeader = protocolNumber == 44
      switch protocolNumber {
      case 0, 43, 60, 44:  // hop-by-hop options, routing, destination options, fragment
        guard transportLength >= 8 else { throw .badTotalLength }
        guard datagram.count &- transportOffset >= 8 else { throw .headerCut }
        if isFragmentHeader, datagram.uint16(at: transportOffset &+ 2) & 0xfff9 != 0 {
          throw .fragment  // an offset or more to come; without either it is whole (RFC 6946)
        }
        let headerLength = isFragmentHeader ? 8 : (Int(datagram[transportOffset &+ 1]) &+ 1) &* 8
        guard headerLength <= transportLength else { throw .badTotalLength }
        protocolNumber = datagram[transportOffset]
        transportOffset &+= headerLength
        transportLength &-= headerLength
      default: return
      }
    }
  }
}
