// From packets to tallies: the only code that sees an address, and it keeps none.
//
// What counts, exactly: a flow counts if any of its outbound packets carries the mark; then all its
// packets count, in both directions, those before the mark included, each in its own hour. Until
// then its packets wait; if it ends without a mark they are left out, and counted as such.
// (The name is IPFIX's: a metering process makes flow records from packets, RFC 7011.)

internal import KeyedHash
public import Packets
public import Tallies

/// What decides which flows count.
public enum FlowSelection: Equatable, Sendable {
  /// Flows with an outbound packet of this DSCP (0 to 63).
  case marked(dscp: UInt8)
  /// All flows of the exit addresses, for a mirror of a link that carries nothing else.
  case every
}

public struct MeterConfiguration: Sendable {
  /// One default, for the option's help and for the tests.
  public static let defaultDSCP: UInt8 = 7
  public static let defaultMaximumFlows = 1_000_000
  public static let defaultTCPIdleSeconds = 300
  public static let defaultUDPIdleSeconds = 60

  public var exitAddresses: [AddressRange]
  public var selection = FlowSelection.marked(dscp: defaultDSCP)
  /// Flows in the table at one time, 1 to 2²⁸.
  public var maximumFlows = defaultMaximumFlows
  /// Seconds without a packet after which a flow has ended.
  public var tcpIdleSeconds = defaultTCPIdleSeconds
  public var udpIdleSeconds = defaultUDPIdleSeconds

  public init(exitAddresses: [AddressRange]) { self.exitAddresses = exitAddresses }
}

public struct Meter: ~Copyable {
  /// The account of the source that is being counted.
  public private(set) var record = CaptureRecord()

  private let exitAddresses: ExitAddresses
  private let selection: FlowSelection
  private let timeouts: IdleTimeouts
  private let resolve: (Address, IPVersion) -> Network
  private let key = HashKey.random()
  var table: FlowTable
  private var tallies: TallyMap = [:]

  /// Packets that wait to be counted together: as many as can be on their way to the processor's
  /// cache while others are decoded.
  private static let packetsTogether = 32
  private(set) var waiting = InlineArray<32, AddressedPacket>(repeating: .none)
  private(set) var waitingCount = 0

  /// The hour of the last packet and its limits: most packets need no division.
  private var hour = Hour(index: 0)
  private var hourNanoseconds = Hour(index: 0).nanosecondRange
  /// Stamps that ``record`` is known to have observed already.
  private var observedNanoseconds: ClosedRange<Int64> = 1...1

  /// - Parameter resolve: looks a remote up; called once per flow that counts, when it is marked.
  public init(
    _ configuration: MeterConfiguration, resolve: @escaping (Address, IPVersion) -> Network
  ) {
    exitAddresses = ExitAddresses(configuration.exitAddresses)
    selection = configuration.selection
    timeouts = IdleTimeouts(
      tcp: Int64(configuration.tcpIdleSeconds) * 1_000_000_000,
      udp: Int64(configuration.udpIdleSeconds) * 1_000_000_000)
    self.resolve = resolve
    table = FlowTable(capacity: configuration.maximumFlows)
  }

  /// Goes on with the account of another source, and gives back that of the one so far.
  public mutating func exchangeRecord(_ other: CaptureRecord) -> CaptureRecord {
    countWaiting()
    let old = record
    record = other
    observedNanoseconds = 1...1
    return old
  }

  /// Tallies that wait to be taken, so that the caller can bound them.
  public var talliesWaiting: Int { tallies.count }

  /// Counts one packet.
  /// - Parameters:
  ///   - frame: what was captured of it, from the link header on.
  ///   - wireLength: its length on the wire, in bytes.
  ///   - stamp: when it was captured; `nil` where that cannot be told.
  public mutating func count(
    _ frame: Span<UInt8>, wireLength: Int, stamp: Stamp?, decoder: PacketDecoder
  ) {
    countTogether(frame, wireLength: wireLength, stamp: stamp, decoder: decoder)
    countWaiting()
  }

  /// Counts one packet, soon: packets wait until some can be counted together, which is faster than
  /// one by one. Until then their addresses are in memory; ``countWaiting()`` is to be called before
  /// the next packet may be long in coming.
  public mutating func countTogether(
    _ frame: Span<UInt8>, wireLength: Int, stamp: Stamp?, decoder: PacketDecoder
  ) {
    record.packets += 1
    guard let stamp else { return leaveOut(.badStamp) }
    if !observedNanoseconds.contains(stamp.nanoseconds) { observe(stamp) }
    do throws(DecodeFailure) {
      let header = try decoder.header(of: frame, wireLength: wireLength)
      guard let packet = addressed(header, at: stamp) else { return leaveOut(.otherHost) }
      waiting[waitingCount] = packet
      waitingCount &+= 1
      if waitingCount == Self.packetsTogether { countWaiting() }
    } catch {
      leaveOut(LeftOutReason(error))
    }
  }

  /// Counts the packets that wait, and forgets their addresses.
  ///
  /// One step for all of them after the other, since each begins with waiting: for the cipher, for the
  /// index, for the flow.
  public mutating func countWaiting() {
    var keys = InlineArray<32, FlowKey>(repeating: .none)
    var slots = InlineArray<32, Slot>(repeating: FlowTable.none)
    for position in 0..<waitingCount {
      keys[position] = FlowKey(waiting[position], key: key)
      table.prefetchIndex(of: keys[position])
    }
    for position in 0..<waitingCount {
      slots[position] = table.prefetchFlow(of: keys[position])
    }
    for position in 0..<waitingCount {
      count(waiting[position], keys[position], probably: slots[position])
      waiting[position].forgetAddresses()
    }
    waitingCount = 0
  }

  /// Takes the tallies so far, those of flows that go on included. Adding up everything that was
  /// ever taken gives each flow and each packet once.
  public mutating func takeTallies() -> TallyMap {
    countWaiting()
    for slot in table.slotsUsed
    where table[slot].state.contains(.marked) && table[slot].hasCounted {
      tally(slot)
    }
    let taken = tallies
    tallies = [:]
    return taken
  }

  /// Takes the tallies of flows that ended or whose hour passed; what goes on stays with its flow.
  public mutating func takeFinishedTallies() -> TallyMap {
    countWaiting()
    let taken = tallies
    tallies = [:]
    return taken
  }

  /// Flows in the table, those included that have idled out and are not settled yet.
  public var flowsInTable: Int { table.count }

  /// Settles the flows whose idle timeout has passed at a moment: their next packet, which is later
  /// than that, would do so too. Where packets never end, this is when the unmarked ones are known.
  public mutating func endIdleFlows(at now: Stamp) {
    countWaiting()
    for slot in table.slotsUsed
    where table[slot].state.contains(.isInTable) && timeouts.end(of: table[slot]) < now.nanoseconds
    {
      settle(slot)
      table.remove(slot)
    }
  }

  /// Ends every flow, as at the end of the last file: those without a mark are left out now.
  public mutating func endAllFlows() {
    countWaiting()
    for slot in table.slotsUsed where table[slot].state.contains(.isInTable) { settle(slot) }
    // One by one, closing the gaps would take longer; and so the memory is given back.
    table = FlowTable(capacity: table.capacity)
  }

  // MARK: One packet

  /// The packet as one of a flow; `nil` where neither end is an exit address.
  @inline(__always)
  private mutating func addressed(_ packet: PacketHeader, at stamp: Stamp) -> AddressedPacket? {
    let isInbound: Bool
    if exitAddresses.contains(packet.source, packet.ipVersion) {
      isInbound = false
    } else if exitAddresses.contains(packet.destination, packet.ipVersion) {
      isInbound = true
    } else {
      return nil
    }
    if !hourNanoseconds.contains(stamp.nanoseconds) {
      hour = Hour(containing: stamp)
      hourNanoseconds = hour.nanosecondRange
    }
    return AddressedPacket(
      exit: isInbound ? packet.destination : packet.source,
      remote: isInbound ? packet.source : packet.destination, stamp: stamp, hour: hour,
      length: packet.length,
      exitPort: isInbound ? packet.destinationPort : packet.sourcePort,
      servicePort: isInbound ? packet.sourcePort : packet.destinationPort,
      ipVersion: packet.ipVersion, transport: packet.transport, tcpFlags: packet.tcpFlags,
      isInbound: isInbound, isSelected: selects(packet, isInbound: isInbound))
  }

  @inline(__always)
  private mutating func count(_ packet: AddressedPacket, _ key: FlowKey, probably slot: Slot) {
    guard let slot = self.slot(for: packet, key, probably: slot) else {
      return leaveOut(.flowTableFull)
    }
    table[slot].add(packet)
    if table[slot].state.contains(.marked) {
      record.packetsCounted += 1
    } else if packet.isSelected {
      mark(slot, network: resolve(packet.remote, packet.ipVersion))
    }
  }

  @inline(__always)
  private func selects(_ packet: PacketHeader, isInbound: Bool) -> Bool {
    switch selection {
    case .marked(let dscp): !isInbound && packet.dscp == dscp
    case .every: true
    }
  }

  /// The flow that the packet belongs to, begun if need be, its counters ready for this hour; `nil`
  /// where there is no room for it.
  @inline(__always)
  private mutating func slot(
    for packet: AddressedPacket, _ key: FlowKey, probably slot: Slot
  ) -> Slot? {
    guard let slot = table.find(key, probably: slot) else { return begin(packet, key) }
    let beginsAnew = packet.tcpFlags.contains(.syn) && table[slot].state.contains(.closed)
    if beginsAnew || packet.stamp.nanoseconds > timeouts.end(of: table[slot]) {
      restart(slot, packet, key)
    } else if table[slot].hour != packet.hour || table[slot].packetsOut == .max
      || table[slot].packetsIn == .max
    {
      guard changeHour(slot, to: packet.hour) else { return nil }
    }
    return slot
  }

  @inline(never)
  private mutating func begin(_ packet: AddressedPacket, _ key: FlowKey) -> Slot? {
    if table.isFull {
      while let ended = table.nextExpired(before: packet.stamp, timeouts: timeouts) {
        settle(ended)
        table.remove(ended)
      }
      if table.isFull { return nil }
    }
    return table.insert(Flow(key: key, stamp: packet.stamp, hour: packet.hour))
  }

  @inline(never)
  private mutating func restart(_ slot: Slot, _ packet: AddressedPacket, _ key: FlowKey) {
    settle(slot)
    var flow = Flow(key: key, stamp: packet.stamp, hour: packet.hour)
    flow.expiryPosition = table[slot].expiryPosition
    table[slot] = flow
    table.flowRestarted(slot, timeouts: timeouts)
  }

  /// Puts the counters of the hour that the flow was in where they belong.
  @inline(never)
  private mutating func changeHour(_ slot: Slot, to hour: Hour) -> Bool {
    if table[slot].state.contains(.marked) {
      tally(slot)
    } else if !table.setAsideCurrentHour(slot) {
      return false
    }
    table[slot].hour = hour
    return true
  }

  // MARK: Flows

  /// The flow counts from now on, with all that it held back.
  @inline(never)
  private mutating func mark(_ slot: Slot, network: Network) {
    table[slot].asn = network.asn
    table[slot].country = network.country
    table[slot].state.insert(.marked)
    record.packetsCounted += table[slot].counters.packets
    for (hour, counters) in table.takeSetAside(slot) {
      record.packetsCounted += counters.packets
      tallies[table[slot].tallyKey(of: hour), default: TallyCounters()] += counters
    }
  }

  /// Adds what the flow has counted in its current hour.
  private mutating func tally(_ slot: Slot) {
    guard table[slot].hasCounted else { return }
    tallies[table[slot].tallyKey(of: table[slot].hour), default: TallyCounters()] +=
      table[slot].counters
    table[slot].clearCounters()
  }

  /// The flow has ended: what it holds is tallied, or left out for want of a mark.
  private mutating func settle(_ slot: Slot) {
    if table[slot].state.contains(.marked) { return tally(slot) }
    record.unmarkedFlows += 1
    record.leftOut[.unmarked] += table.takeSetAside(slot).values.reduce(
      table[slot].counters.packets
    ) { $0 + $1.packets }
  }

  // MARK: The account

  private mutating func leaveOut(_ reason: LeftOutReason) { record.leftOut[reason] += 1 }

  private mutating func observe(_ stamp: Stamp) {
    let second = stamp.second
    record.observed.observe(second: second)
    let (begin, end) = (second * 1_000_000_000, second * 1_000_000_000 + 999_999_999)
    observedNanoseconds = begin...end
  }
}

extension LeftOutReason {
  fileprivate init(_ failure: DecodeFailure) {
    self =
      switch failure {
      case .headerCut: .headerCut
      case .notIP: .notIP
      case .versionMismatch: .versionMismatch
      case .badHeaderLength: .badHeaderLength
      case .badTotalLength: .badTotalLength
      case .fragment: .fragment
      case .notTCPOrUDP: .notTCPOrUDP
      }
  }
}
