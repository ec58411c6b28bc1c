// From the bytes of a frame to its header, or the reason why there is none.
//
//   TCP (RFC 9293)                UDP (RFC 768)
//   0  source port                0  source port
//   2  destination port           2  destination port
//   13 flags                      4  length, checksum
//   20 options, payload           8  payload

public struct PacketDecoder: Sendable {
  public let linkType: LinkType

  @inlinable
  public init(linkType: LinkType) { self.linkType = linkType }

  /// - Parameters:
  ///   - frame: what was captured of the frame, from its first byte.
  ///   - wireLength: the frame's length on the wire, in bytes. Less than what was captured cannot be
  ///     true; then what was captured is taken.
  @inlinable @inline(__always)
  public func header(
    of frame: Span<UInt8>, wireLength: Int
  ) throws(DecodeFailure) -> PacketHeader {
    let network = try linkType.networkLayer(of: frame)
    let room = max(wireLength, frame.count) &- network.offset
    let datagram = frame.extracting(droppingFirst: network.offset)
    let internet =
      switch network.version {
      case .v4: try InternetLayer(ipv4: datagram, room: room)
      case .v6: try InternetLayer(ipv6: datagram, room: room)
      }
    let transport: Transport
    let headerLength: Int
    switch internet.protocolNumber {
    case Transport.tcp.rawValue: (transport, headerLength) = (.tcp, 20)
    case Transport.udp.rawValue: (transport, headerLength) = (.udp, 8)
    default: throw .notTCPOrUDP
    }
    guard internet.transportLength >= headerLength else { throw .badTotalLength }
    // Behind the IP header, not necessarily in what was captured.
    guard datagram.count &- internet.transportOffset >= headerLength else { throw .headerCut }
    let segment = datagram.extracting(droppingFirst: internet.transportOffset)
    return PacketHeader(
      source: internet.source, destination: internet.destination, ipVersion: network.version,
      transport: transport, sourcePort: segment.uint16(at: 0),
      destinationPort: segment.uint16(at: 2), dscp: internet.dscp,
      tcpFlags: transport == .tcp ? .init(rawValue: segment[13]) : [],
      length: UInt32(truncatingIfNeeded: internet.length))
  }
}
