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
struct InternetLayer {
  var source: Address
  var destination: Address
  var dscp: UInt8
  /// IP-layer bytes of the datagram.
  var length: Int
  var protocolNumber: UInt8
  /// Where the transport header begins, from the start of the frame.
  var transportOffset: Int
  /// Bytes of the datagram from ``transportOffset`` on, by the IP header's own length.
  var transportLength: Int
}

extension InternetLayer {
  /// A datagram beyond 65,535 bytes (Linux BIG TCP) has no true length in its header, but 0.
  private static let longestLengthField = 65_535

  /// - Parameter room: bytes on the wire from `start` to the end of the frame.
  @inline(__always)
  init(ipv4 frame: Span<UInt8>, at start: Int, room: Int) throws(DecodeFailure) {
    guard frame.count &- start >= 20 else { throw .headerCut }
    let versionAndLength = frame[start]
    guard versionAndLength >> 4 == 4 else { throw .versionMismatch }
    let headerLength = Int(versionAndLength & 0x0f) &* 4
    guard headerLength >= 20 else { throw .badHeaderLength }
    length = Int(frame.uint16(at: start &+ 2))
    if length == 0, room > Self.longestLengthField { length = room }
    guard length >= headerLength, length <= room else { throw .badTotalLength }
    // More fragments, or an offset: all pieces, since only the first one has ports.
    guard frame.uint16(at: start &+ 6) & 0x3fff == 0 else { throw .fragment }
    dscp = frame[start &+ 1] >> 2
    protocolNumber = frame[start &+ 9]
    source = Address(ipv4: frame.uint32(at: start &+ 12))
    destination = Address(ipv4: frame.uint32(at: start &+ 16))
    transportOffset = start &+ headerLength
    transportLength = length &- headerLength
  }

  /// - Parameter room: bytes on the wire from `start` to the end of the frame.
  @inline(__always)
  init(ipv6 frame: Span<UInt8>, at start: Int, room: Int) throws(DecodeFailure) {
    guard frame.count &- start >= 40 else { throw .headerCut }
    guard frame[start] >> 4 == 6 else { throw .versionMismatch }
    length = Int(frame.uint16(at: start &+ 4)) &+ 40
    if length == 40, room > Self.longestLengthField &+ 40 { length = room }
    guard length <= room else { throw .badTotalLength }
    dscp = UInt8(truncatingIfNeeded: frame.uint16(at: start) >> 6) & 0x3f
    source = Address(high: frame.uint64(at: start &+ 8), low: frame.uint64(at: start &+ 16))
    destination = Address(high: frame.uint64(at: start &+ 24), low: frame.uint64(at: start &+ 32))
    protocolNumber = frame[start &+ 6]
    transportOffset = start &+ 40
    transportLength = length &- 40
    try walkExtensionHeaders(frame)
  }

  /// Ends by itself: every header is at least 8 bytes, and all of them lie inside the datagram.
  @inline(__always)
  private mutating func walkExtensionHeaders(_ frame: Span<UInt8>) throws(DecodeFailure) {
    while true {
      let isFragmentHeader = protocolNumber == 44
      switch protocolNumber {
      case 0, 43, 60, 44:  // hop-by-hop options, routing, destination options, fragment
        guard transportLength >= 8 else { throw .badTotalLength }
        guard frame.count &- transportOffset >= 8 else { throw .headerCut }
        if isFragmentHeader, frame.uint16(at: transportOffset &+ 2) & 0xfff9 != 0 {
          throw .fragment  // an offset or more to come; without either it is whole (RFC 6946)
        }
        let headerLength = isFragmentHeader ? 8 : (Int(frame[transportOffset &+ 1]) &+ 1) &* 8
        guard headerLength <= transportLength else { throw .badTotalLength }
        protocolNumber = frame[transportOffset]
        transportOffset &+= headerLength
        transportLength &-= headerLength
      default: return
      }
    }
  }
}
