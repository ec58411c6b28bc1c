// From packets to tallies: the only code that sees an address, and it keeps none.
//
// What counts, exactly: a flow counts if any of its outbound packets carries the mark; then all its
// packets count, in both directions, those before the mark included, each in its own hour. Until
// then its packets wait; if it ends without a mark they are left out, and counted as such.
// (The name is IPFIX's: a metering process makes flow records from packets, RFC 7011.)

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
  public var record: CaptureRecord { account.record }

  /// For packets that are classified elsewhere, before ``count(_:_:)``.
  public let classifier: PacketClassifier
  private let timeouts: IdleTimeouts
  private let resolve: (Address, IPVersion) -> Network
  var table: FlowTable
  private var tallies: TallyMap = [:]
  private var account = SourceAccount()

  /// Packets that wait to be counted together.
  private(set) var waiting = PacketBatch(capacity: 32)

  /// The hour of the last packet and its limits: most packets need no division.
  private var hour = Hour(index: 0)
  private var hourNanoseconds = Hour(index: 0).nanosecondRange

  /// - Parameter resolve: looks a remote up; called once per flow that counts, when it is marked.
  public init(
    _ configuration: MeterConfiguration, resolve: @escaping (Address, IPVersion) -> Network
  ) {
    classifier = PacketClassifier(configuration)
    timeouts = IdleTimeouts(
      tcp: Int64(configuration.tcpIdleSeconds) * 1_000_000_000,
      udp: Int64(configuration.udpIdleSeconds) * 1_000_000_000)
    self.resolve = resolve
    table = FlowTable(capacity: configuration.maximumFlows)
  }

  /// Goes on with the account of another source, and gives back that of the one so far.
  public mutating func exchangeRecord(_ other: CaptureRecord) -> CaptureRecord {
    countWaiting()
    let old = account.record
    account = SourceAccount(other)
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
    classifier.classify(
      frame, wireLength: wireLength, stamp: stamp, decoder: decoder, into: &waiting, &account)
    if waiting.room == 0 { countWaiting() }
  }

  /// Counts the packets that wait, and forgets their addresses.
  public mutating func countWaiting() {
    classifier.finishKeys(of: &waiting)
    unsafe count(waiting.packets, waiting.slots, 0..<waiting.count)
    waiting.removeAll()
  }

  /// Counts packets that ``classifier`` has classified: their packets are in the account that it was
  /// given, what becomes of them is in the meter's.
  public mutating func count(_ batch: borrowing PacketBatch, _ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= batch.count)
    unsafe count(batch.packets, batch.slots, range)
  }

  /// - Precondition: in the range all packets are initialized, and as many slots.
  private mutating func count(
    _ packets: UnsafeMutablePointer<FlowPacket>, _ slots: UnsafeMutablePointer<Slot>,
    _ range: Range<Int>
  ) {
    for position in range.prefix(2 * Self.stepAhead) {
      unsafe table.prefetchIndex(of: packets[position].key)
    }
    for position in range.prefix(Self.stepAhead) {
      unsafe slots[position] = table.prefetchFlow(of: packets[position].key)
    }
    for position in range {
      let next = position &+ Self.stepAhead
      if next < range.upperBound {
        unsafe slots[next] = table.prefetchFlow(of: packets[next].key)
        let afterNext = next &+ Self.stepAhead
        if afterNext < range.upperBound {
          unsafe table.prefetchIndex(of: packets[afterNext].key)
        }
      }
      unsafe count(packets[position], probably: slots[position])
    }
  }

  /// How many packets before its turn a packet's flow is sent for, and twice as many its place in the
  /// index: what can be on its way to the processor's cache at a time.
  private static let stepAhead = 24

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

  @inline(__always)
  private mutating func count(_ packet: FlowPacket, probably slot: Slot) {
    if !hourNanoseconds.contains(packet.stamp.nanoseconds) {
      hour = Hour(containing: packet.stamp)
      hourNanoseconds = hour.nanosecondRange
    }
    guard let slot = self.slot(for: packet, probably: slot) else {
      return account.leaveOut(.flowTableFull)
    }
    table[slot].add(packet)
    if table[slot].state.contains(.marked) {
      account.record.packetsCounted += 1
    } else if packet.isSelected {
      mark(slot, network: resolve(packet.remote, packet.key.ipVersion))
    }
  }

  /// The flow that the packet belongs to, begun if need be, its counters ready for this hour; `nil`
  /// where there is no room for it.
  @inline(__always)
  private mutating func slot(for packet: FlowPacket, probably slot: Slot) -> Slot? {
    guard let slot = table.find(packet.key, probably: slot) else { return begin(packet) }
    let beginsAnew = packet.tcpFlags.contains(.syn) && table[slot].state.contains(.closed)
    if beginsAnew || packet.stamp.nanoseconds > timeouts.end(of: table[slot]) {
      restart(slot, packet)
    } else if table[slot].hour != hour || table[slot].packetsOut == .max
      || table[slot].packetsIn == .max
    {
      guard changeHour(slot, to: hour) else { return nil }
    }
    return slot
  }

  @inline(never)
  private mutating func begin(_ packet: FlowPacket) -> Slot? {
    if table.isFull {
      while let ended = table.nextExpired(before: packet.stamp, timeouts: timeouts) {
        settle(ended)
        table.remove(ended)
      }
      if table.isFull { return nil }
    }
    return table.insert(Flow(key: packet.key, stamp: packet.stamp, hour: hour))
  }

  @inline(never)
  private mutating func restart(_ slot: Slot, _ packet: FlowPacket) {
    settle(slot)
    var flow = Flow(key: packet.key, stamp: packet.stamp, hour: hour)
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
    account.record.packetsCounted += table[slot].counters.packets
    for (hour, counters) in table.takeSetAside(slot) {
      account.record.packetsCounted += counters.packets
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
    account.record.unmarkedFlows += 1
    account.record.leftOut[.unmarked] += table.takeSetAside(slot).values.reduce(
      table[slot].counters.packets
    ) { $0 + $1.packets }
  }
}
