// Packets as Ethernet frames in a classic pcap file, µs, little-endian.

struct FrameWriter {
  private let output: Output
  private let snapLength: Int
  /// Of the record that is being made.
  private var bytes = [UInt8](repeating: 0, count: 16 + 200)
  private var end = 0

  private static let exitIPv4: UInt32 = 0xc000_020a  // 192.0.2.10
  private static let exitIPv6: (UInt64, UInt64) = (0x2001_0db8_ffff_0000, 0x10)

  init(output: Output, snapLength: Int) throws(OutputFailure) {
    self.output = output
    self.snapLength = snapLength
    end = 0
    word(0xa1b2_c3d4)
    word(0x0004_0002)
    word(0)
    word(0)
    word(UInt32(snapLength))
    word(1)
    try output.append(bytes[..<end])
  }

  mutating func write(_ packet: Packet, of conversation: Conversation, at time: Int64)
    throws(OutputFailure)
  {
    begin(conversation.isIPv6 ? 0x86dd : 0x0800)
    internet(
      conversation, isOutbound: packet.isOutbound, dscp: packet.isMarked ? 7 : 0,
      protocolNumber: conversation.isTCP ? 6 : 17, length: packet.length)
    transport(conversation, packet)
    try finish(wireLength: 14 + packet.length, at: time)
  }

  /// A frame that no tally may hold, and the reason for that.
  mutating func writeGarbage(
    kind: Int, of conversation: Conversation, at time: Int64
  ) throws(OutputFailure) -> String {
    let packet = Packet(isOutbound: true, isMarked: true, flags: 0x10, length: 100)
    var ipv4 = conversation
    ipv4.isIPv6 = false
    ipv4.remoteHigh = 0
    ipv4.remoteLow |= 0x1000_0000
    begin(kind == 0 ? 0x0806 : 0x0800)
    internet(ipv4, isOutbound: true, dscp: 7, protocolNumber: 6, length: packet.length)
    transport(ipv4, packet)
    var captured = Int.max
    let reason: String
    // Offsets from the start of the record: 16 bytes of its own header, 14 of Ethernet's.
    switch kind {
    case 0: reason = "not_ip"
    case 1:
      bytes[30 + 9] = 1  // ICMP
      reason = "not_tcp_udp"
    case 2:
      bytes[30 + 6] = 0x20  // more fragments
      reason = "fragment"
    case 3:
      bytes[30 + 2] = 0x40  // longer than the frame
      reason = "bad_total_length"
    case 4:
      bytes[30] = 0x44
      reason = "bad_header_length"
    case 5:
      bytes[30] = 0x65
      reason = "version_mismatch"
    case 6:
      captured = 40
      reason = "header_cut"
    default:
      bytes[30 + 12] = 10  // from another host
      reason = "other_host"
    }
    try finish(wireLength: 14 + packet.length, at: time, captured: captured)
    return reason
  }

  static let kindsOfGarbage = 8

  // MARK: Headers

  private mutating func begin(_ etherType: UInt16) {
    end = 16
    big(0x0200_0000, 4)
    big(0x0001_0200, 4)
    big(0x0000_0002, 4)
    big(UInt64(etherType), 2)
  }

  private mutating func internet(
    _ conversation: Conversation, isOutbound: Bool, dscp: UInt8, protocolNumber: UInt8, length: Int
  ) {
    let (high, low) = (conversation.remoteHigh, conversation.remoteLow)
    if conversation.isIPv6 {
      big(0x6000_0000 | UInt64(dscp) << 22, 4)
      big(UInt64(length - 40), 2)
      big(UInt64(protocolNumber) << 8 | 60, 2)
      big(isOutbound ? Self.exitIPv6.0 : high, 8)
      big(isOutbound ? Self.exitIPv6.1 : low, 8)
      big(isOutbound ? high : Self.exitIPv6.0, 8)
      big(isOutbound ? low : Self.exitIPv6.1, 8)
    } else {
      big(0x4500 | UInt64(dscp) << 2, 2)
      big(UInt64(length), 2)
      big(0x0000_4000, 4)
      big(0x3c00_0000 | UInt64(protocolNumber) << 16, 4)
      big(isOutbound ? UInt64(Self.exitIPv4) : low, 4)
      big(isOutbound ? low : UInt64(Self.exitIPv4), 4)
    }
  }

  private mutating func transport(_ conversation: Conversation, _ packet: Packet) {
    let ports = (UInt64(conversation.exitPort), UInt64(conversation.servicePort))
    big(packet.isOutbound ? ports.0 : ports.1, 2)
    big(packet.isOutbound ? ports.1 : ports.0, 2)
    if conversation.isTCP {
      big(0x0102_0304, 4)
      big(0x0506_0708, 4)
      big(0x8000 | UInt64(packet.flags), 2)
      big(0xffff, 2)
      big(0, 4)
      big(0x0101_080a, 4)
      big(0x1112_1314_2122_2324, 8)
    } else {
      let header = conversation.isIPv6 ? 40 : 20
      big(UInt64(packet.length - header), 2)
      big(0, 2)
    }
  }

  private mutating func finish(wireLength: Int, at time: Int64, captured: Int = .max)
    throws(OutputFailure)
  {
    let wireLength = max(wireLength, 60)
    let captured = min(captured, wireLength, snapLength)
    // Payload, or the padding of a short frame: whatever the last frames left there.
    end = 0
    word(UInt32(truncatingIfNeeded: time / 1_000_000))
    word(UInt32(truncatingIfNeeded: time % 1_000_000))
    word(UInt32(captured))
    word(UInt32(wireLength))
    try output.append(bytes[..<(16 + captured)])
  }

  private mutating func big(_ value: UInt64, _ count: Int) {
    for position in 0..<count {
      bytes[end + position] = UInt8(truncatingIfNeeded: value >> UInt64(8 * (count - 1 - position)))
    }
    end += count
  }

  private mutating func word(_ value: UInt32) {
    for position in 0..<4 {
      bytes[end + position] = UInt8(truncatingIfNeeded: value >> UInt32(8 * position))
    }
    end += 4
  }
}
