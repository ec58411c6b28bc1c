// Any history of packets between few hosts, in any order of time, through the meter: flows begin,
// end, begin anew, change their hour, find the table full.
//
// Two bytes say how the meters are set up, then each four bytes are a packet or another event: see
// `History`. Beyond not crashing: packets counted one by one, together, and classified apart come to
// the same; every packet is either counted or left out for a reason; the tallies, taken at any time,
// hold exactly those that were counted.

import Flows
import Packets
import Tallies

@c(LLVMFuzzerTestOneInput)
public func fuzzFlows(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = unsafe UnsafeBufferPointer(start: start, count: count)
  guard input.count >= 2 else { return 0 }
  var history = unsafe History(input[0], input[1])
  for begin in stride(from: 2, to: input.count - 3, by: 4) {
    unsafe history.goOn(input[begin], input[begin + 1], input[begin + 2], input[begin + 3])
  }
  history.end()
  return 0
}

private struct History: ~Copyable {
  private var meters: Meters
  private var sums: (TallyMap, TallyMap) = ([:], [:])
  /// Of the records that were exchanged.
  private var account = Account()
  private var frame = FuzzedFrame()
  private var seconds: Int64
  private var crowds = 0
  private let maximumFlows: Int
  private let selection: FlowSelection

  private struct Account {
    var packets: UInt64 = 0
    var counted: UInt64 = 0
    var leftOut: UInt64 = 0

    mutating func add(_ record: CaptureRecord) {
      packets += record.packets
      counted += record.packetsCounted
      leftOut += record.leftOut.total
    }
  }

  init(_ settings: UInt8, _ seed: UInt8) {
    Chance.begin(with: seed)
    var configuration = MeterConfiguration(exitAddresses: Exit.addresses)
    // Few, so that the table fills up; or as many as make its index grow.
    configuration.maximumFlows = settings & 0x10 == 0 ? 1 + Int(settings & 15) : 1024
    if settings & 0x80 != 0 { configuration.selection = .every }
    maximumFlows = configuration.maximumFlows
    selection = configuration.selection
    seconds =
      switch settings >> 5 & 3 {
      case 0: 1_767_225_600  // a year begins
      case 1: 0  // hours before it are negative
      case 2: 9_222_449_000  // some minutes later there are no stamps any more
      default: -9_222_449_000
      }
    meters = Meters(configuration, classifiesApart: seed & 0x80 != 0)
  }

  /// The next event: whose packet, what it is, and by how much the time moves, or what else that needs.
  mutating func goOn(_ who: UInt8, _ what: UInt8, _ high: UInt8, _ low: UInt8) {
    let number = Int16(truncatingIfNeeded: Int(high) << 8 | Int(low))
    guard what & 0x80 != 0 else {
      // Mostly steps of seconds, in either direction; now and then of many minutes.
      if what & 0x40 == 0 {
        seconds += Int64(number >> 9)
        // The low byte has no part in that: up to the longest datagram, and beyond.
        return count(who, what, length: low == 0 ? 60 : low == 0xff ? 0 : Int(low) << 8)
      }
      seconds += Int64(number >> 2)
      return count(who, what)
    }
    // The packet's kind, where the event is one.
    let kind = what & 0x30 | what >> 3 & 0x08
    switch what & 0x0f {
    case 1: takeTallies(all: false, true)
    case 2: endIdleFlows()
    case 3: exchangeRecords()
    case 4: endAllFlows()
    case 5: meters.count(frame, wireLength: 60, stamp: nil)
    case 6: count(who, kind, damage: (Int(high) % FuzzedFrame.length, low))
    case 7: count(who, kind, captured: min(Int(high), FuzzedFrame.length), wireLength: Int(low))
    case 8: seconds += Int64(number) << 12
    case 9: countCrowd(who, kind, ports: Int(number) & 0x3ff)
    default: takeTallies(all: true, false)
    }
  }

  mutating func end() {
    endAllFlows()
    add(meters.oneByOne.takeTallies(), to: &sums.0)
    add(meters.withTogether { $0.takeTallies() }, to: &sums.1)
    precondition(
      sums.0 == sums.1, "the tallies depend on when they are taken, or how packets wait")
    exchangeRecords()
    precondition(account.packets == account.counted + account.leftOut, "packets are lost")
    let tallied = sums.0.values.reduce(0) { $0 + $1.packets }
    precondition(tallied == account.counted, "tallies don't hold what was counted")
  }

  // MARK: Packets

  /// - Parameters:
  ///   - length: what the IP header says of the datagram; 0 is for one that is longer than it can say.
  ///   - damage: a byte of the frame that is another one.
  private mutating func count(
    _ who: UInt8, _ what: UInt8, length: Int = 60, damage: (Int, UInt8)? = nil,
    captured: Int = FuzzedFrame.length, wireLength: Int? = nil
  ) {
    frame.set(who: who, what: what, length: length)
    if let (position, byte) = damage { frame[position] = byte }
    meters.count(
      frame, captured: captured, wireLength: wireLength ?? (length == 0 ? 70_000 : length),
      stamp: stamp(of: who))
  }

  /// A packet from each of many ports at one moment: once in a history, and only where there is room
  /// for them, since it takes as long as a history does.
  private mutating func countCrowd(_ who: UInt8, _ what: UInt8, ports: Int) {
    guard maximumFlows > 16, crowds == 0 else { return }
    crowds += 1
    frame.set(who: who, what: what, length: 60)
    for port in 0..<ports {
      frame.set(exitPort: UInt16(port))
      meters.count(frame, wireLength: 60, stamp: stamp(of: who))
    }
  }

  /// Of packets of one flow the same fraction, so that some come in the last moment of the flow.
  private func stamp(of who: UInt8) -> Stamp? {
    Stamp(seconds: seconds, nanoseconds: Int64(who) << 20)
  }

  // MARK: Other events

  /// All tallies of one meter, of the other one those of what has ended.
  private mutating func takeTallies(all first: Bool, _ second: Bool) {
    add(first ? meters.oneByOne.takeTallies() : meters.oneByOne.takeFinishedTallies(), to: &sums.0)
    add(
      meters.withTogether { second ? $0.takeTallies() : $0.takeFinishedTallies() }, to: &sums.1)
  }

  private mutating func endIdleFlows() {
    guard let now = Stamp(seconds: seconds, nanoseconds: 0) else { return }
    meters.oneByOne.endIdleFlows(at: now)
    let flows = meters.withTogether { meter in
      meter.endIdleFlows(at: now)
      return meter.flowsInTable
    }
    precondition(meters.oneByOne.flowsInTable == flows, "flows depend on how packets wait")
    precondition(meters.oneByOne.flowsInTable <= maximumFlows, "more flows than there may be")
  }

  private mutating func exchangeRecords() {
    let record = meters.oneByOne.exchangeRecord(CaptureRecord())
    precondition(
      record == meters.exchangeTogetherRecord(), "the account depends on how packets wait")
    account.add(record)
  }

  private mutating func endAllFlows() {
    meters.oneByOne.endAllFlows()
    let flows = meters.withTogether { meter in
      meter.endAllFlows()
      return meter.flowsInTable
    }
    precondition(meters.oneByOne.flowsInTable == 0 && flows == 0, "flows are left")
    precondition(
      selection != .every || meters.oneByOne.record.unmarkedFlows == 0,
      "a flow that counts is left out")
  }
}

/// Two that have to come to the same.
private struct Meters: ~Copyable {
  var oneByOne: Meter
  private var together: Meter
  /// Where another thread would classify the packets; else the meter does so itself.
  private var apart: FuzzedBatch?
  private let decoder = PacketDecoder(linkType: .rawIP)

  init(_ configuration: MeterConfiguration, classifiesApart: Bool) {
    oneByOne = Meter(configuration, resolve: network)
    together = Meter(configuration, resolve: network)
    if classifiesApart { apart = FuzzedBatch() }
  }

  mutating func count(
    _ frame: FuzzedFrame, captured: Int = FuzzedFrame.length, wireLength: Int, stamp: Stamp?
  ) {
    let packet = frame.bytes.span.extracting(0..<captured)
    oneByOne.count(packet, wireLength: wireLength, stamp: stamp, decoder: decoder)
    if apart == nil {
      together.countTogether(packet, wireLength: wireLength, stamp: stamp, decoder: decoder)
    } else {
      if apart?.isFull ?? false { apart?.count(by: &together, decoder) }
      apart?.append(frame, captured: captured, wireLength: wireLength, stamp: stamp)
    }
  }

  /// The second meter, after all that came.
  mutating func withTogether<Result>(_ body: (inout Meter) -> Result) -> Result {
    apart?.count(by: &together, decoder)
    return body(&together)
  }

  mutating func exchangeTogetherRecord() -> CaptureRecord {
    let record = withTogether { $0.exchangeRecord(CaptureRecord()) }
    return apart?.exchangeRecord(with: record) ?? record
  }
}

/// Packets as they lie in a capture, and what they are classified into.
private struct FuzzedBatch: ~Copyable {
  private static let capacity = 160

  private var bytes: [UInt8] = []
  private var packets: [CapturedPacket] = []
  private var batch = PacketBatch(capacity: capacity)
  private var account = SourceAccount()

  var isFull: Bool { packets.count == Self.capacity }

  mutating func append(_ frame: FuzzedFrame, captured: Int, wireLength: Int, stamp: Stamp?) {
    packets.append(
      CapturedPacket(start: bytes.count, count: captured, wireLength: wireLength, stamp: stamp))
    bytes += frame.bytes
  }

  /// As if the packets were those of two sources.
  mutating func count(by meter: inout Meter, _ decoder: PacketDecoder) {
    // The rest are more than are hashed in one go.
    let few = packets.count / 16
    classify(0..<few, source: 0, meter.classifier, decoder)
    classify(few..<2 * few, source: 0, meter.classifier, decoder)
    let ofFirst = batch.count
    classify(2 * few..<packets.count, source: 1, meter.classifier, decoder)
    precondition(
      batch.parts.last { $0.source == 0 }?.end ?? 0 == ofFirst, "packets are of another source")
    var begin = 0
    for part in batch.parts {
      meter.count(batch, begin..<part.end)
      begin = part.end
    }
    precondition(begin == batch.count, "packets are of no source")
    batch.removeAll()
    packets.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
  }

  private mutating func classify(
    _ range: Range<Int>, source: Int, _ classifier: PacketClassifier, _ decoder: PacketDecoder
  ) {
    let (packets, bytes) = (packets, bytes)
    classifier.classify(
      packets.span.extracting(range), of: bytes.span, decoder: decoder, source: source,
      into: &batch, &account)
  }

  /// The account of the packets, with what has become of them.
  mutating func exchangeRecord(with fate: CaptureRecord) -> CaptureRecord {
    var record = account.record
    record.add(fate)
    account = SourceAccount()
    return record
  }
}

private enum Exit {
  static let addresses = ["192.0.2.0/31", "2001:db8::/127"].compactMap { try? AddressRange($0) }
}

private func network(_ address: Address, _: IPVersion) -> Network {
  Network(asn: UInt32(address.low & 0xff), country: .unknown)
}

private func add(_ tallies: TallyMap, to sum: inout TallyMap) {
  if sum.isEmpty { return sum = tallies }
  for (key, counters) in tallies { sum[key, default: TallyCounters()] += counters }
}

/// A packet of 60 bytes, all of which are written again for the next one. IPv4: between 192.0.2.0 to
/// .2, of which two are exit addresses, and 198.51.100.0 to .7. IPv6: between 2001:db8::, or from one
/// of the ports 2001:db8::2, and 2001:db8:1:: to 2001:db8:1::7.
private struct FuzzedFrame {
  static let length = 60

  private(set) var bytes = [UInt8](repeating: 0, count: length)
  private var exitPort = 0

  subscript(position: Int) -> UInt8 {
    get { bytes[position] }
    set { bytes[position] = newValue }
  }

  /// Byte by byte: more arrays would be much of what a fuzzer's time goes to.
  mutating func set(who: UInt8, what: UInt8, length: Int) {
    for position in 0..<Self.length { bytes[position] = 0 }
    let isIPv6 = who & 3 == 3
    let (first, second, transport) = isIPv6 ? (8, 24, 40) : (12, 16, 20)
    let (exit, remote) = what & 0x08 == 0 ? (first, second) : (second, first)
    let remoteNumber = who >> 2 & 7
    let dscp: UInt8 = what & 0x10 == 0 ? 0 : 7
    let protocolNumber: UInt8 = what & 0x20 == 0 ? 6 : 17
    if isIPv6 {
      (bytes[0], bytes[1]) = (0x60 | dscp >> 2, dscp << 6)
      set(max(length - 40, 0), at: 4)
      (bytes[6], bytes[7]) = (protocolNumber, 64)
      (bytes[8], bytes[9], bytes[10], bytes[11]) = (0x20, 0x01, 0x0d, 0xb8)
      (bytes[24], bytes[25], bytes[26], bytes[27]) = (0x20, 0x01, 0x0d, 0xb8)
      bytes[exit + 15] = who >> 5 == 7 ? 2 : 0
      (bytes[remote + 5], bytes[remote + 15]) = (1, remoteNumber)
    } else {
      (bytes[0], bytes[1]) = (0x45, dscp << 2)
      set(length, at: 2)
      (bytes[8], bytes[9]) = (64, protocolNumber)
      (bytes[exit], bytes[exit + 2], bytes[exit + 3]) = (192, 2, who & 3)
      (bytes[remote], bytes[remote + 1], bytes[remote + 2]) = (198, 51, 100)
      bytes[remote + 3] = remoteNumber
    }
    exitPort = what & 0x08 == 0 ? transport : transport + 2
    set(443, at: what & 0x08 == 0 ? transport + 2 : transport)
    set(exitPort: UInt16(who >> 5))
    (bytes[transport + 12], bytes[transport + 13]) = (0x50, what & 0x07)
  }

  mutating func set(exitPort number: UInt16) { set(40_000 + Int(number), at: exitPort) }

  private mutating func set(_ word: Int, at position: Int) {
    bytes[position] = UInt8(truncatingIfNeeded: word >> 8)
    bytes[position + 1] = UInt8(truncatingIfNeeded: word)
  }
}

/// What the meters' keys are drawn from.
private enum Chance {
  nonisolated(unsafe) private static var state: UInt64 = 0

  static func begin(with seed: UInt8) { unsafe state = UInt64(seed) }

  /// SplitMix64 (G. L. Steele, D. Lea, C. H. Flood, 2014).
  static func next() -> UInt64 {
    unsafe state &+= 0x9e37_79b9_7f4a_7c15
    var word = unsafe state
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }
}

/// In place of the runtime's: which flows share a place in the index is up to the meter's key, and
/// what an input led to has to happen again when it is tried again.
@c(swift_stdlib_random)
public func fillByInput(_ start: UnsafeMutableRawPointer, _ count: Int) {
  let bytes = unsafe UnsafeMutableRawBufferPointer(start: start, count: count)
  for position in bytes.indices {
    unsafe bytes[position] = UInt8(truncatingIfNeeded: Chance.next())
  }
}
