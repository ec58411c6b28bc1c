// The counting rules once more, without any of the means that make them fast: a list of flows, each
// with all of its packets.

import Packets
import Tallies

@testable import Flows

struct NaiveMeter {
  private struct LiveFlow {
    var name: TestPacket.FlowName
    var packets: [TestPacket] = []
    var isMarked = false
    var isClosed = false
    /// Hours other than the last packet's that wait for a mark.
    var hoursWaiting: Set<Int64> = []

    var lastSeen: Int64 { packets.map(\.unixSecond).max() ?? .min }
    var end: Int64 { lastSeen + (name.isUDP ? 60 : 300) }
  }

  private let maximumFlows: Int
  private var flows: [LiveFlow] = []
  private(set) var tallies: TallyMap = [:]
  private(set) var record = CaptureRecord()

  init(maximumFlows: Int) { self.maximumFlows = maximumFlows }

  mutating func count(_ packet: TestPacket) {
    record.packets += 1
    record.observed.observe(second: packet.unixSecond)
    guard (10...11).contains(packet.flow.exit) else { return leaveOut(.otherHost, 1) }
    guard let position = position(for: packet) else { return leaveOut(.flowTableFull, 1) }
    flows[position].packets.append(packet)
    if packet.isMarked, !packet.isInbound {
      flows[position].isMarked = true
      flows[position].hoursWaiting = []
    }
    if !packet.flags.isDisjoint(with: [.fin, .rst]) { flows[position].isClosed = true }
  }

  mutating func endAllFlows() {
    while let flow = flows.popLast() { settle(flow) }
  }

  private mutating func position(for packet: TestPacket) -> Int? {
    if let position = flows.firstIndex(where: { $0.name == packet.flow }) {
      let flow = flows[position]
      if packet.unixSecond > flow.end || (flow.isClosed && packet.flags.contains(.syn)) {
        settle(flow)
        flows[position] = LiveFlow(name: packet.flow)
        return position
      }
      return waits(position, for: packet) ? position : nil
    }
    if flows.count == maximumFlows {
      for flow in flows where flow.end < packet.unixSecond { settle(flow) }
      flows.removeAll { $0.end < packet.unixSecond }
      if flows.count == maximumFlows { return nil }
    }
    flows.append(LiveFlow(name: packet.flow))
    return flows.count - 1
  }

  /// Whether the flow may go on in the packet's hour.
  private mutating func waits(_ position: Int, for packet: TestPacket) -> Bool {
    let flow = flows[position]
    guard let hour = flow.packets.last?.hour, hour != packet.hour, !flow.isMarked else {
      return true
    }
    let waiting = flows.reduce(0) { $0 + $1.hoursWaiting.count }
    if !flow.hoursWaiting.contains(hour), waiting == maximumFlows { return false }
    flows[position].hoursWaiting.insert(hour)
    return true
  }

  private mutating func settle(_ flow: LiveFlow) {
    guard flow.isMarked else {
      record.unmarkedFlows += 1
      return leaveOut(.unmarked, UInt64(flow.packets.count))
    }
    record.packetsCounted += UInt64(flow.packets.count)
    var isFirst = true
    var isFirstReply = true
    var size: UInt64 = 0
    for packet in flow.packets {
      let address = Address(ipv4: UInt32(flow.name.remote))
      let key = TallyKey(
        hour: packet.hour, ipVersion: flow.name.isIPv6 ? 6 : 4,
        transport: flow.name.isUDP ? 17 : 6, servicePort: flow.name.servicePort,
        network: testNetwork(address, .v4))
      var counters = TallyCounters()
      if isFirst { counters.flows = 1 }
      isFirst = false
      if packet.isInbound {
        if isFirstReply { counters.flowsAnswered = 1 }
        isFirstReply = false
        counters.packetsIn = 1
        counters.bytesIn = packet.length
      } else {
        counters.packetsOut = 1
        counters.bytesOut = packet.length
      }
      size += packet.length
      counters.largestFlow = size
      tallies[key, default: TallyCounters()] += counters
    }
  }

  private mutating func leaveOut(_ reason: LeftOutReason, _ packets: UInt64) {
    record.leftOut[reason] += packets
  }
}
