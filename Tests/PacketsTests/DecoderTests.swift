// Fields of sound packets, and the reason given for each kind of unsound one.

import Packets
import Testing

@Suite struct DecoderTests {
  @Test("every link type leads to the same headers", arguments: framesOfEveryLinkType.indices)
  func fields(position: Int) throws {
    let (linkType, frame) = framesOfEveryLinkType[position]
    let header = try #require(Decoded(frame, linkType).header)
    switch header.ipVersion {
    case .v4:
      #expect(header.source == Address(ipv4: 0xc000_020a))
      #expect(header.destination == Address(ipv4: 0xc633_6414))
      #expect(header.length == 40)
    case .v6:
      #expect(header.source == Address(high: 0x2001_0db8_ffff_0000, low: 0x10))
      #expect(header.destination == Address(high: 0x2001_0db8_0100_0000, low: 0x20))
      #expect(header.length == 60)
    }
    #expect(header.transport == .tcp)
    #expect(header.sourcePort == 1025)
    #expect(header.destinationPort == 443)
    #expect(header.dscp == 7)
    #expect(header.tcpFlags == .init(rawValue: 0x10))
  }

  @Test("the DSCP is the upper six bits of the traffic class", arguments: UInt8.min...UInt8.max)
  func dscp(trafficClass: UInt8) {
    let v4 = IPv4(trafficClass: trafficClass).packet
    let v6 = IPv6(trafficClass: trafficClass, flowLabel: 0xfffff).packet
    #expect(Decoded(v4, .rawIP).header?.dscp == trafficClass / 4)
    #expect(Decoded(v6, .rawIP).header?.dscp == trafficClass / 4)
  }

  @Test("TCP flags are those of the segment; UDP has none")
  func flags() {
    for flags in UInt8.min...UInt8.max {
      let segment = IPv4(payload: tcp(flags: flags)).packet
      #expect(Decoded(segment, .rawIPv4).header?.tcpFlags.rawValue == flags)
    }
    #expect(PacketHeader.TCPFlags.fin.rawValue == 1)
    #expect(PacketHeader.TCPFlags.syn.rawValue == 2)
    #expect(PacketHeader.TCPFlags.rst.rawValue == 4)
    let datagram = Decoded(IPv4(protocolNumber: 17, payload: udp(payload: 30)).packet, .rawIPv4)
    #expect(datagram.header?.tcpFlags == [])
    #expect(datagram.header?.transport == .udp)
    #expect(datagram.header?.destinationPort == 53)
  }

  @Test("IPv4 options are skipped", arguments: 0...10)
  func options(words: Int) {
    let packet = IPv4(
      versionAndLength: 0x45 + UInt8(words), options: [UInt8](repeating: 1, count: 4 * words)
    ).packet
    let header = Decoded(packet, .rawIPv4).header
    #expect(header?.sourcePort == 1025)
    #expect(header?.length == UInt32(40 + 4 * words))
  }

  @Test("Ethernet padding is not counted")
  func padding() {
    let padding = [UInt8](repeating: 0, count: 30)
    #expect(Decoded(ethernet(0x0800, IPv4().packet + padding), .ethernet).header?.length == 40)
    #expect(Decoded(ethernet(0x86dd, IPv6().packet + padding), .ethernet).header?.length == 60)
  }

  private static let failures: [(name: String, packet: [UInt8], failure: DecodeFailure)] = [
    ("IPv4 version 5", IPv4(versionAndLength: 0x55).packet, .versionMismatch),
    ("IPv4 header of 4 words", IPv4(versionAndLength: 0x44).packet, .badHeaderLength),
    ("IPv4 header of no words", IPv4(versionAndLength: 0x40).packet, .badHeaderLength),
    ("total length below the header", IPv4(totalLength: 19).packet, .badTotalLength),
    ("total length without a TCP header", IPv4(totalLength: 39).packet, .badTotalLength),
    ("total length beyond the frame", IPv4(totalLength: 41).packet, .badTotalLength),
    ("total length of 0 in a small frame", IPv4(totalLength: 0).packet, .badTotalLength),
    (
      "total length without a UDP header",
      IPv4(totalLength: 27, protocolNumber: 17, payload: udp()).packet, .badTotalLength
    ),
    ("first fragment", IPv4(fragment: 0x2000).packet, .fragment),
    ("later fragment", IPv4(fragment: 0x0001).packet, .fragment),
    ("last fragment, farthest offset", IPv4(fragment: 0x1000).packet, .fragment),
    ("ICMP", IPv4(protocolNumber: 1).packet, .notTCPOrUDP),
    ("ICMPv6", IPv6(nextHeader: 58).packet, .notTCPOrUDP),
    ("IPv6: no next header", IPv6(nextHeader: 59).packet, .notTCPOrUDP),
    ("IPv6: authentication header", IPv6(nextHeader: 51).packet, .notTCPOrUDP),
    ("IPv6 payload beyond the frame", IPv6(payloadLength: 21).packet, .badTotalLength),
    ("IPv6 payload without a TCP header", IPv6(payloadLength: 19).packet, .badTotalLength),
    ("IPv6 payload of 0 in a small frame", IPv6(payloadLength: 0).packet, .badTotalLength),
    (
      "extension header longer than the payload",
      IPv6(nextHeader: 0, payload: Array(extensionHeader(next: 6, extra: 200).dropLast(8))).packet,
      .badTotalLength
    ),
    (
      "extension header beyond the payload",
      IPv6(payloadLength: 7, nextHeader: 60, payload: extensionHeader(next: 6) + tcp()).packet,
      .badTotalLength
    ),
    (
      "first IPv6 fragment",
      IPv6(nextHeader: 44, payload: [6, 0, 0, 1, 0, 0, 0, 1] + tcp()).packet, .fragment
    ),
    (
      "later IPv6 fragment",
      IPv6(nextHeader: 44, payload: [6, 0, 0, 8, 0, 0, 0, 1] + tcp()).packet, .fragment
    ),
  ]

  @Test("what is wrong is named", arguments: failures.indices)
  func failure(position: Int) {
    let (name, packet, failure) = Self.failures[position]
    let linkType: LinkType = packet[0] >> 4 == 6 ? .rawIPv6 : .rawIPv4
    #expect(Decoded(packet, linkType) == .failure(failure), "\(name)")
  }

  @Test("the announced version has to be the packet's")
  func versionMismatch() {
    #expect(Decoded(ethernet(0x86dd, IPv4().packet), .ethernet) == .failure(.versionMismatch))
    #expect(Decoded(ethernet(0x0800, IPv6().packet), .ethernet) == .failure(.versionMismatch))
    #expect(Decoded(IPv4().packet + tcp(), .rawIPv6) == .failure(.versionMismatch))
    #expect(Decoded(IPv6().packet, .rawIPv4) == .failure(.versionMismatch))
  }

  @Test("what is not IP is said to be so")
  func notIP() {
    let packet = IPv4().packet
    #expect(Decoded(ethernet(0x0806, packet), .ethernet) == .failure(.notIP))
    #expect(Decoded(ethernet(0x0806, tags: [0x8100], packet), .ethernet) == .failure(.notIP))
    #expect(Decoded(bytes(UInt32(7)) + packet, .null) == .failure(.notIP))
    #expect(Decoded(bytes(UInt32(2).byteSwapped) + packet, .loop) == .failure(.notIP))
    #expect(Decoded([0x50] + packet, .rawIP) == .failure(.notIP))
  }

  @Test("extension headers are walked in any number", arguments: 0...12)
  func extensionHeaders(count: Int) {
    var payload = tcp()
    var next: UInt8 = 6
    for number in 0..<count {
      let kind: UInt8 = [0, 43, 60, 44][number % 4]
      payload = extensionHeader(next: next, extra: kind == 44 ? 0 : UInt8(number)) + payload
      next = kind
    }
    let packet = IPv6(nextHeader: next, payload: payload).packet
    let header = Decoded(packet, .rawIPv6).header
    #expect(header?.destinationPort == 443)
    #expect(header?.length == UInt32(packet.count))
  }

  @Test("a datagram too large for its length field has the frame's length, and no smaller one has")
  func segmentationOffload() {
    let v4 = ethernet(0x0800, IPv4(totalLength: 0).packet)
    let v6 = ethernet(0x86dd, IPv6(payloadLength: 0).packet)
    for room in [65_536, 200_000] {
      #expect(Decoded(v4, .ethernet, wireLength: room + 14).header?.length == UInt32(room))
      #expect(Decoded(v6, .ethernet, wireLength: room + 54).header?.length == UInt32(room + 40))
    }
    #expect(Decoded(v4, .ethernet, wireLength: 65_535 + 14) == .failure(.badTotalLength))
    #expect(Decoded(v6, .ethernet, wireLength: 65_535 + 54) == .failure(.badTotalLength))
  }
}
