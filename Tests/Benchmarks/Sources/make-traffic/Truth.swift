// What a collector has to find in the traffic, worked out while it is made.
//
// From Tests/Truth/RULES.md, and much simpler than a collector: here it is known which conversation a
// packet belongs to, so that nothing has to be looked up.

struct Row: Hashable {
  var hour: Int64
  var isIPv6: Bool
  var isTCP: Bool
  var port: UInt16
  var place: Place
}

struct Counters {
  var flows = 0
  var flowsAnswered = 0
  var packetsOut = 0
  var packetsIn = 0
  var bytesOut = 0
  var bytesIn = 0
  var largestFlow = 0

  static func += (sum: inout Counters, more: Counters) {
    sum.flows += more.flows
    sum.flowsAnswered += more.flowsAnswered
    sum.packetsOut += more.packetsOut
    sum.packetsIn += more.packetsIn
    sum.bytesOut += more.bytesOut
    sum.bytesIn += more.bytesIn
    sum.largestFlow = max(sum.largestFlow, more.largestFlow)
  }
}

/// A flow in the collector's sense: a conversation that pauses is several.
struct TrueFlow {
  var lastSeen: Int64
  var hour: Int64
  var current = Counters()
  /// Hours before the current one, while there is no mark.
  var earlier: [(hour: Int64, counters: Counters)] = []
  /// Bytes of all hours.
  var size = 0
  var isMarked = false
  var isAnswered = false
  var isClosed = false

  var packetsHeld: Int {
    earlier.reduce(current.packetsOut + current.packetsIn) {
      $0 + $1.counters.packetsOut + $1.counters.packetsIn
    }
  }
}

struct Truth {
  private var tallies: [Row: Counters] = [:]
  private var leftOut: [String: Int] = [:]
  private var packets = 0
  private var unmarkedFlows = 0
  private(set) var markedFlows = 0

  mutating func leaveOut(_ reason: String) {
    packets += 1
    leftOut[reason, default: 0] += 1
  }

  /// - Parameter time: microseconds.
  mutating func count(_ packet: Packet, of conversation: inout Conversation, at time: Int64) {
    packets += 1
    let hour = time / 3_600_000_000 * 3600
    let timeout: Int64 = conversation.isTCP ? 300_000_000 : 60_000_000
    if let flow = conversation.flow,
      time - flow.lastSeen > timeout || (packet.flags & 0x02 != 0 && flow.isClosed)
    {
      end(&conversation)
    }
    var flow = conversation.flow ?? TrueFlow(lastSeen: time, hour: hour)
    if conversation.flow == nil { flow.current.flows = 1 }
    conversation.flow = nil
    flow.lastSeen = time
    if flow.hour != hour {
      if flow.isMarked {
        tallies[row(conversation, flow.hour), default: Counters()] += flow.current
      } else {
        flow.earlier.append((flow.hour, flow.current))
      }
      flow.current = Counters()
      flow.hour = hour
    }
    flow.size += packet.length
    flow.current.largestFlow = flow.size
    if packet.isOutbound {
      flow.current.packetsOut += 1
      flow.current.bytesOut += packet.length
      if packet.isMarked { flow.isMarked = true }
    } else {
      flow.current.packetsIn += 1
      flow.current.bytesIn += packet.length
      if !flow.isAnswered { flow.current.flowsAnswered += 1 }
      flow.isAnswered = true
    }
    if packet.flags & 0x05 != 0 { flow.isClosed = true }
    conversation.flow = flow
  }

  mutating func end(_ conversation: inout Conversation) {
    guard let flow = conversation.flow else { return }
    conversation.flow = nil
    guard flow.isMarked else {
      unmarkedFlows += 1
      leftOut["unmarked", default: 0] += flow.packetsHeld
      return
    }
    markedFlows += 1
    for (hour, counters) in flow.earlier + [(flow.hour, flow.current)] {
      tallies[row(conversation, hour), default: Counters()] += counters
    }
  }

  private func row(_ conversation: Conversation, _ hour: Int64) -> Row {
    Row(
      hour: hour, isIPv6: conversation.isIPv6, isTCP: conversation.isTCP,
      port: conversation.servicePort, place: conversation.place)
  }

  var summary: String {
    "\(packets) packets, \(markedFlows) marked flows, \(unmarkedFlows) unmarked ones,"
      + " \(tallies.count) tallies"
  }

  /// In the form that Tests/Truth/compare reads.
  func write(to output: Output) throws(OutputFailure) {
    let reasons = leftOut.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }
    let head =
      "{\"packets\": \(packets), \"unmarked_flows\": \(unmarkedFlows),\n"
      + "\"left_out\": {\(reasons.joined(separator: ", "))},\n\"tallies\": [\n"
    try output.append(Array(head.utf8)[...])
    var isFirst = true
    for (row, counters) in tallies {
      let line =
        (isFirst ? "" : ",\n") + "{\"hour\": \(row.hour), \"ip_version\": \(row.isIPv6 ? 6 : 4),"
        + " \"protocol\": \(row.isTCP ? 6 : 17), \"port\": \(row.port),"
        + " \"asn\": \(row.place.asn), \"country\": \"\(letters(row.place.country))\","
        + " \"flows\": \(counters.flows), \"flows_answered\": \(counters.flowsAnswered),"
        + " \"packets_out\": \(counters.packetsOut), \"packets_in\": \(counters.packetsIn),"
        + " \"bytes_out\": \(counters.bytesOut), \"bytes_in\": \(counters.bytesIn),"
        + " \"largest_flow\": \(counters.largestFlow)}"
      try output.append(Array(line.utf8)[...])
      isFirst = false
    }
    try output.write(Array("\n]}\n".utf8))
  }
}
