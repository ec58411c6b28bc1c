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
  public func header(
    of frame: Span<UInt8>, wireLength: Int
  ) throws(DecodeFailure) -> PacketHeader {
    let network = try linkType.networkLayer(of: frame)
    let room = max(wireLength, frame.count) &- network.offset
    let internet =
      switch network.version {
      case .v4: try InternetLayer(ipv4: frame, at: network.offset, room: room)
      case .v6: try InternetLayer(ipv6: frame, at: network.offset, room: room)
      }
    guard let transport = Transport(rawValue: internet.protocolNumber) else { throw .notTCPOrUDP }
    let headerLength = transport == .tcp ? 20 : 8
    guard internet.transportLength >= headerLength else { throw .badTotalLength }
    let offset = internet.transportOffset
    guard frame.count &- offset >= headerLength else { throw .headerCut }
    return PacketHeader(
      source: internet.source, destination: internet.destination, ipVersion: network.version,
      transport: transport, sourcePort: frame.uint16(at: offset),
      destinationPort: frame.uint16(at: offset &+ 2), dscp: internet.dscp,
      tcpFlags: transport == .tcp ? .init(rawValue: frame[offset &+ 13]) : [],
      length: UInt32(truncatingIfNeeded: internet.length))
  }
}
