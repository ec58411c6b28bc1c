// What leaves the meter has no place for an address, a port of ours, the key, or a moment in time.

import KeyedHash
import Packets
import Tallies
import Testing

@testable import Flows

@Suite struct PrivacyTests {
  /// The stored fields of a value, all the way down, as `path: Type`.
  private static func fields(of value: Any, at path: String = "") -> Set<String> {
    let mirror = Mirror(reflecting: value)
    guard mirror.displayStyle == .struct else { return ["\(path): \(mirror.subjectType)"] }
    return mirror.children.reduce(into: []) { fields, child in
      let name = child.label ?? "?"
      fields.formUnion(Self.fields(of: child.value, at: path.isEmpty ? name : "\(path).\(name)"))
    }
  }

  private static var meter: Meter {
    var meter = Meter(.test(), resolve: testNetwork)
    meter.count(TestPacket(flow: .init(exitPort: 51_234), second: 1234, isMarked: true))
    meter.count(TestPacket(flow: .init(exitPort: 51_234), second: 1235, isInbound: true))
    meter.endAllFlows()
    return meter
  }

  @Test("a tally has these fields and no others")
  func tally() throws {
    var meter = Self.meter
    let (key, counters) = try #require(meter.takeTallies().first)
    #expect(
      Self.fields(of: key) == [
        "hour: Int64", "ipVersion: UInt8", "transport: UInt8", "servicePort: UInt16",
        "network.asn: UInt32", "network.country.letters: UInt16",
      ])
    #expect(
      Self.fields(of: counters) == [
        "flows: UInt64", "flowsAnswered: UInt64", "packetsOut: UInt64", "packetsIn: UInt64",
        "bytesOut: UInt64", "bytesIn: UInt64", "largestFlow: UInt64",
      ])
    #expect(key.hour % 3600 == 0)
  }

  @Test("the account of a capture has these fields and no others")
  func record() {
    #expect(
      Self.fields(of: Self.meter.record) == [
        "observed.intervals: Array<ClosedRange<Int64>>", "observed.current: Int",
        "packets: UInt64", "packetsCounted: UInt64", "leftOut.counts: Array<UInt64>",
        "unmarkedFlows: UInt64", "isCutOff: Bool", "droppedByKernel: UInt64",
        "droppedByInterface: UInt64",
      ])
  }

  @Test("nothing that leaves the meter, written out, shows an address or a port of ours")
  func description() throws {
    var meter = Self.meter
    let text = "\(meter.record) \(meter.takeTallies())"
    // 192.0.2.10, 198.51.100.1 and the exit port, in the forms that integers are printed in.
    for secret in ["192.0.2", "198.51", "3221225994", "3325256705", "51234", "51_234"] {
      #expect(!text.contains(secret))
    }
  }

  @Test("packets that waited leave no address behind once they are counted")
  func waiting() {
    func addresses(_ meter: borrowing Meter) -> Int {
      (0..<meter.waiting.capacity).count {
        unsafe meter.waiting.packets[$0].remote != Address(high: 0, low: 0)
      }
    }
    var meter = Meter(.test(), resolve: testNetwork)
    for number in 0..<100 {
      let flow = TestPacket.FlowName(exitPort: UInt16(number), isIPv6: number % 2 == 0)
      meter.countTogether(TestPacket(flow: flow, second: 1))
      #expect(addresses(meter) == meter.waiting.count)
    }
    #expect(addresses(meter) > 0)
    meter.countWaiting()
    #expect(addresses(meter) == 0)
    meter.count(TestPacket(second: 2))
    #expect(addresses(meter) == 0)
  }

  @Test("a flow in memory holds a hash, and neither address nor port of ours")
  func flow() {
    let key = FlowKey(hash: 1, servicePort: 443, ipVersion: .v4, transport: .tcp)
    let flow = Flow(key: key, stamp: Stamp(nanoseconds: 0), hour: Hour(index: 0))
    let names = Set(Self.fields(of: flow).map { String($0.prefix { $0 != ":" }) })
    #expect(
      names == [
        "key", "lastSeen", "bytesOut", "bytesIn", "packetsOut", "packetsIn", "hour.index",
        "expiryPosition", "asn", "country.letters", "servicePort", "ipVersion", "transport",
        "state.rawValue", "settledBytesLow", "settledBytesHigh",
      ])
    #expect(
      Set(Self.fields(of: key).map { String($0.prefix { $0 != ":" }) }) == [
        "hash", "servicePort", "ipVersion", "transport",
      ])
  }
}
