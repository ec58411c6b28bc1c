// Packets for the meter, written as raw IP, and where they are counted.

import Packets
import Tallies
import TestSupport

@testable import Flows

/// A packet between an exit address and a remote, as a test thinks of it.
struct TestPacket {
  struct FlowName: Hashable {
    /// The last byte of 192.0.2.x or 2001:db8:ffff::x; 10 and 11 are exit addresses.
    var exit: UInt8 = 10
    var exitPort: UInt16 = 40_000
    /// The last byte of 198.51.100.x or 2001:db8:100::x.
    var remote: UInt8 = 1
    var servicePort: UInt16 = 443
    var isUDP = false
    var isIPv6 = false
  }

  var flow = FlowName()
  /// Seconds since the first of the hours that tests use.
  var second: Int64
  var isInbound = false
  var isMarked = false
  var flags: PacketHeader.TCPFlags = []
  var payload: UInt16 = 0

  static let firstHour: Int64 = 1_767_225_600

  var unixSecond: Int64 { Self.firstHour + second }
  var stamp: Stamp { Stamp(nanoseconds: unixSecond * 1_000_000_000) }
  /// Start of the packet's hour, Unix seconds.
  var hour: Int64 { unixSecond - ((unixSecond % 3600) + 3600) % 3600 }
  /// IP-layer bytes.
  var length: UInt64 {
    (flow.isIPv6 ? 40 : 20) + (flow.isUDP ? 8 : 20) + UInt64(payload)
  }

  /// From the IP header on; the payload is on the wire, but not captured.
  var frame: [UInt8] {
    let exit = address(flow.isIPv6 ? [0x20, 1, 0x0d, 0xb8, 0xff, 0xff] : [192, 0, 2], flow.exit)
    let remote = address(
      flow.isIPv6 ? [0x20, 1, 0x0d, 0xb8, 1, 0] : [198, 51, 100], flow.remote)
    let trafficClass: UInt8 = isMarked ? 7 << 2 : 0
    let nextHeader: UInt8 = flow.isUDP ? 17 : 6
    let transportLength = UInt16(flow.isUDP ? 8 : 20) + payload
    let ports = [flow.exitPort, flow.servicePort]
    var frame: [UInt8]
    if flow.isIPv6 {
      frame = [0x60 | trafficClass >> 4, trafficClass << 4, 0, 0] + bytes(transportLength)
      frame += [nextHeader, 64]
    } else {
      frame =
        [0x45, trafficClass] + bytes(20 + transportLength) + [0, 0, 0, 0, 64, nextHeader, 0, 0]
    }
    frame += isInbound ? remote + exit : exit + remote
    frame += (isInbound ? ports.reversed() : ports).flatMap(bytes)
    frame += flow.isUDP ? bytes(transportLength) + [0, 0] : [UInt8](repeating: 0, count: 8)
    if !flow.isUDP { frame += [0x50, flags.rawValue, 0, 0, 0, 0, 0, 0] }
    return frame
  }

  private func address(_ start: [UInt8], _ last: UInt8) -> [UInt8] {
    start + [UInt8](repeating: 0, count: (flow.isIPv6 ? 15 : 3) - start.count) + [last]
  }

  private func bytes(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }
}

/// What tests take for the databases: the last byte of the remote's address is its network.
func testNetwork(_ address: Address, _: IPVersion) -> Network {
  Network(
    asn: 64_000 + UInt32(address.low & 0xff),
    country: address.low & 1 == 0 ? .unknown : CountryCode("DE") ?? .unknown)
}

extension MeterConfiguration {
  static func test(maximumFlows: Int = 1000) -> MeterConfiguration {
    var configuration = MeterConfiguration(
      exitAddresses: ["192.0.2.10/31", "2001:db8:ffff::a/127"].compactMap { try? AddressRange($0) })
    configuration.maximumFlows = maximumFlows
    return configuration
  }
}

extension Meter {
  mutating func countTogether(_ packet: TestPacket) {
    countTogether(
      packet.frame.span, wireLength: Int(packet.length), stamp: packet.stamp,
      decoder: PacketDecoder(linkType: .rawIP))
  }

  mutating func count(_ packet: TestPacket) {
    count(
      packet.frame.span, wireLength: Int(packet.length), stamp: packet.stamp,
      decoder: PacketDecoder(linkType: .rawIP))
  }
}

func += (sum: inout TallyMap, more: TallyMap) {
  for (key, counters) in more { sum[key, default: TallyCounters()] += counters }
}

extension TestPacket {
  /// A packet out of few enough flows that they meet often, some seconds after the last one.
  static func random(after second: Int64, using generator: inout SeededGenerator) -> TestPacket {
    var packet = TestPacket(second: second)
    packet.flow.exit = generator.chance(0.05) ? 99 : UInt8.random(in: 10...11, using: &generator)
    packet.flow.exitPort = UInt16.random(in: 40_000...40_002, using: &generator)
    packet.flow.remote = UInt8.random(in: 1...4, using: &generator)
    packet.flow.servicePort = generator.chance(0.5) ? 443 : 53
    packet.flow.isUDP = generator.chance(0.4)
    packet.flow.isIPv6 = generator.chance(0.4)
    packet.isInbound = generator.chance(0.4)
    packet.isMarked = generator.chance(0.2)
    packet.payload = UInt16.random(in: 0...1400, using: &generator)
    if !packet.flow.isUDP {
      packet.flags = PacketHeader.TCPFlags(
        rawValue: [0x10, 0x10, 0x10, 0x02, 0x11, 0x04, 0x12, 0x03].randomElement(using: &generator)
          ?? 0)
    }
    packet.second += {
      switch Int.random(in: 0..<100, using: &generator) {
      case 0..<60: Int64.random(in: 0...3, using: &generator)
      case 60..<70: -Int64.random(in: 0...30, using: &generator)
      case 70..<90: Int64.random(in: 20...80, using: &generator)
      case 90..<97: Int64.random(in: 250...350, using: &generator)
      case 97..<99: Int64.random(in: 3000...8000, using: &generator)
      default: -Int64.random(in: 0...8000, using: &generator)
      }
    }()
    return packet
  }
}

extension FlowTable {
  /// Every slot that holds a flow.
  var occupiedSlots: [Slot] {
    var slots: [Slot] = []
    for slot in slotsUsed where self[slot].state.contains(.isInTable) { slots.append(slot) }
    return slots
  }
}
