// One flow as it is kept between its packets. No address and no port of ours: their keyed hash.

internal import KeyedHash
internal import Packets
internal import Tallies

/// 64 bytes: a cache line.
struct Flow {
  struct State: OptionSet {
    let rawValue: UInt8
    /// A flow, and not a slot that waits for one.
    static let isInTable = State(rawValue: 1 << 6)
    /// An outbound packet carried the mark: everything of this flow counts.
    static let marked = State(rawValue: 1 << 0)
    /// FIN or RST was seen: the next SYN begins another flow.
    static let closed = State(rawValue: 1 << 1)
    /// A reply was seen.
    static let answered = State(rawValue: 1 << 2)
    /// The flow's first packet is in the counters of ``Flow/hour``.
    static let beganThisHour = State(rawValue: 1 << 3)
    /// The flow's first reply is in the counters of ``Flow/hour``.
    static let answeredThisHour = State(rawValue: 1 << 4)
    /// Unmarked so far, with packets of other hours set aside in ``FlowTable/setAside``.
    static let hasSetAside = State(rawValue: 1 << 5)
  }

  /// Keyed hash of (version, transport, exit address, exit port, remote address, service port).
  var key: UInt64
  /// The greatest stamp of the flow's packets, nanoseconds.
  var lastSeen: Int64
  // The packets of `hour` that are not in a tally yet.
  var bytesOut: UInt64 = 0
  var bytesIn: UInt64 = 0
  var packetsOut: UInt32 = 0
  var packetsIn: UInt32 = 0
  var hour: Hour
  /// Where this flow stands in the table's expiry heap, if that exists.
  var expiryPosition: UInt32 = 0
  /// Known once the flow is marked.
  var asn: UInt32 = 0
  // Bytes of the flow that have left its counters, 40 bits of them.
  private var settledBytesLow: UInt32 = 0
  var country: CountryCode = .unknown
  var servicePort: UInt16
  var ipVersion: IPVersion
  var transport: Transport
  var state: State = [.isInTable, .beganThisHour]
  private var settledBytesHigh: UInt8 = 0

  init(key: FlowKey, stamp: Stamp, hour: Hour) {
    self.key = key.hash
    lastSeen = stamp.nanoseconds
    self.hour = hour
    servicePort = key.servicePort
    ipVersion = key.ipVersion
    transport = key.transport
  }

  /// What a flow carried before is known up to here: a TiB less a byte.
  static let mostSettledBytes = (1 as UInt64) << 40 - 1

  /// All bytes of the flow so far, both ways.
  var size: UInt64 {
    UInt64(settledBytesHigh) << 32 + UInt64(settledBytesLow) + bytesOut + bytesIn
  }

  /// Whether there is anything in ``counters``: a flow begins and is answered by packets.
  var hasCounted: Bool { packetsOut | packetsIn != 0 }

  var counters: TallyCounters {
    var counters = TallyCounters()
    counters.flows = state.contains(.beganThisHour) ? 1 : 0
    counters.flowsAnswered = state.contains(.answeredThisHour) ? 1 : 0
    counters.packetsOut = UInt64(packetsOut)
    counters.packetsIn = UInt64(packetsIn)
    counters.bytesOut = bytesOut
    counters.bytesIn = bytesIn
    if packetsOut > 0 || packetsIn > 0 { counters.largestFlow = size }
    return counters
  }

  /// Counts a packet of the flow's hour.
  ///
  /// Without branches: which way a packet goes, no processor can guess.
  @inline(__always)
  mutating func add(_ packet: FlowPacket) {
    lastSeen = max(lastSeen, packet.stamp.nanoseconds)
    let inbound: UInt32 = packet.isInbound ? 1 : 0
    let length = UInt64(packet.length)
    let lengthIn = length &* UInt64(inbound)
    packetsIn &+= inbound
    packetsOut &+= 1 &- inbound
    bytesIn &+= lengthIn
    bytesOut &+= length &- lengthIn
    let isFirstReply = packet.isInbound && !state.contains(.answered)
    let isLast = !packet.tcpFlags.isDisjoint(with: [.fin, .rst])
    state = State(
      rawValue: state.rawValue
        | (isFirstReply ? State.answered.rawValue | State.answeredThisHour.rawValue : 0)
        | (isLast ? State.closed.rawValue : 0))
  }

  /// To be called once ``counters`` are safe elsewhere.
  mutating func clearCounters() {
    let settled = min(size, Self.mostSettledBytes)
    settledBytesLow = UInt32(truncatingIfNeeded: settled)
    settledBytesHigh = UInt8(truncatingIfNeeded: settled >> 32)
    bytesOut = 0
    bytesIn = 0
    packetsOut = 0
    packetsIn = 0
    state.subtract([.beganThisHour, .answeredThisHour])
  }

  @inline(__always)
  func matches(_ key: FlowKey) -> Bool {
    self.key == key.hash && servicePort == key.servicePort && transport == key.transport
      && ipVersion == key.ipVersion
  }

  func tallyKey(of hour: Hour) -> TallyKey {
    TallyKey(
      hour: hour.unixSeconds, ipVersion: ipVersion.rawValue, transport: transport.rawValue,
      servicePort: servicePort, network: Network(asn: asn, country: country))
  }
}

/// What tells one flow from another.
///
/// The hash alone decides between addresses and exit ports. With 10⁷ flows in the table the chance
/// that any two share 64 bits is 3 in a million, less what the compared fields take off.
struct FlowKey {
  static let none = FlowKey(hash: 0, servicePort: 0, ipVersion: .v4, transport: .udp)

  var hash: UInt64
  let servicePort: UInt16
  let ipVersion: IPVersion
  let transport: Transport
}
