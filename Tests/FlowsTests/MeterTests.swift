// The meter's rules one at a time, where the fixtures' captures don't reach.

import Packets
import Tallies
import Testing

@testable import Flows

@Suite struct MeterTests {
  private static func packet(hour: Int64, remote: UInt8 = 1, isMarked: Bool = false) -> TestPacket {
    TestPacket(flow: .init(remote: remote), second: hour * 3600, isMarked: isMarked)
  }

  /// Silence never ends these flows, so that only the hours tell.
  private static func patient(maximumFlows: Int) -> MeterConfiguration {
    var configuration = MeterConfiguration.test(maximumFlows: maximumFlows)
    configuration.tcpIdleSeconds = 1_000_000
    return configuration
  }

  @Test("a mark settles the hours that waited for it, each in its own tally")
  func hoursSetAside() {
    var meter = Meter(Self.patient(maximumFlows: 8), resolve: testNetwork)
    for hour: Int64 in [0, 1, 0, 2, 1, 3] { meter.count(Self.packet(hour: hour)) }
    #expect(meter.talliesWaiting == 0)
    #expect(meter.record.packetsCounted == 0)
    meter.count(Self.packet(hour: 3, isMarked: true))
    #expect(meter.record.packetsCounted == 7)
    #expect(meter.talliesWaiting == 3)
    let tallies = meter.takeTallies()
    let packets = (0..<4).map { hour in
      tallies.first { $0.key.hour == TestPacket.firstHour + hour * 3600 }?.value.packetsOut
    }
    #expect(packets == [2, 2, 1, 2])
    #expect(tallies.values.map(\.flows).reduce(0, +) == 1)
  }

  @Test("no more hours are set aside than the table has room for flows")
  func boundOfHoursSetAside() {
    var meter = Meter(Self.patient(maximumFlows: 2), resolve: testNetwork)
    for hour: Int64 in 0...2 { meter.count(Self.packet(hour: hour)) }
    #expect(meter.record.leftOut.total == 0, "two hours wait, the third is the flow's own")
    meter.count(Self.packet(hour: 3))
    #expect(meter.record.leftOut[.flowTableFull] == 1)
    meter.count(Self.packet(hour: 2))
    #expect(meter.record.leftOut[.flowTableFull] == 1, "its own hour needs no room")
    // The bound is over all flows.
    meter.count(Self.packet(hour: 2, remote: 2))
    meter.count(Self.packet(hour: 3, remote: 2))
    #expect(meter.record.leftOut[.flowTableFull] == 2)
    // A mark takes back what waited: there is room again.
    meter.count(Self.packet(hour: 2, isMarked: true))
    meter.count(Self.packet(hour: 3, remote: 2))
    #expect(meter.record.leftOut[.flowTableFull] == 2)
    meter.count(Self.packet(hour: 4, remote: 2, isMarked: true))
    meter.endAllFlows()
    #expect(meter.record.packets == meter.record.packetsCounted + meter.record.leftOut.total)
    #expect(meter.record.packetsCounted == 8)
  }

  @Test("what an unmarked flow set aside is free again when the flow ends")
  func setAsideEnds() {
    var meter = Meter(.test(maximumFlows: 1), resolve: testNetwork)
    for day: Int64 in 0..<5 {
      let flow = TestPacket.FlowName(remote: UInt8(day))
      meter.count(TestPacket(flow: flow, second: day * 86_400 + 3500))
      meter.count(TestPacket(flow: flow, second: day * 86_400 + 3700))
    }
    #expect(meter.record.leftOut[.flowTableFull] == 0)
    meter.endAllFlows()
    #expect(meter.record.leftOut[.unmarked] == 10)
    #expect(meter.record.unmarkedFlows == 5)
  }

  @Test("a remote is looked up once for a flow that counts, and never for one that does not")
  func lookups() {
    var lookedUp: [UInt64] = []
    withoutActuallyEscaping({ (address: Address, version: IPVersion) in
      lookedUp.append(address.low)
      return testNetwork(address, version)
    }) { resolve in
      var meter = Meter(.test(), resolve: resolve)
      for second: Int64 in 0..<5 {
        meter.count(TestPacket(flow: .init(remote: 1), second: second))
        meter.count(TestPacket(flow: .init(remote: 2), second: second, isMarked: second > 1))
      }
      meter.endAllFlows()
    }
    #expect(lookedUp == [0xc633_6402])
  }

  @Test("counters near the limit of 32 bits lose nothing when they are added up")
  func widening() {
    let key = FlowKey(hash: 1, servicePort: 443, ipVersion: .v4, transport: .tcp)
    var flow = Flow(key: key, stamp: Stamp(nanoseconds: 0), hour: Hour(index: 0))
    flow.packetsOut = .max
    flow.packetsIn = .max - 1
    flow.bytesOut = UInt64(UInt32.max) * 1500
    #expect(flow.counters.packets == 2 * UInt64(UInt32.max) - 1)
    #expect(flow.counters.bytesOut == UInt64(UInt32.max) * 1500)

    var table = FlowTable(capacity: 2)
    let slot = table.insert(flow)
    for _ in 0..<3 {
      table[slot].packetsOut = .max
      let isSetAside = table.setAsideCurrentHour(slot)
      #expect(isSetAside)
      let left = table[slot].packetsOut
      #expect(left == 0)
    }
    let setAside = table.takeSetAside(slot)
    #expect(setAside[Hour(index: 0)]?.packetsOut == 3 * UInt64(UInt32.max))
    #expect(setAside[Hour(index: 0)]?.flows == 1)
  }

  @Test("hours before 1970 are hours too")
  func hours() {
    let second: Int64 = 1_000_000_000
    for (seconds, hour) in [(0, 0), (3599, 0), (3600, 1), (-1, -1), (-3600, -1), (-3601, -2)] {
      let stamp = Stamp(nanoseconds: Int64(seconds) * second)
      #expect(Hour(containing: stamp).index == Int32(hour))
      #expect(Hour(containing: stamp).unixSeconds == Int64(hour) * 3600)
      #expect(Hour(containing: stamp).nanosecondRange.contains(stamp.nanoseconds))
      #expect(Hour(containing: stamp).nanosecondRange.count == 3600 * Int(second))
    }
  }

  @Test("the first and last stamps that there are can be counted", arguments: [-1, 1])
  func farthestStamps(sign: Int64) throws {
    var meter = Meter(.test(), resolve: testNetwork)
    let stamp = try #require(Stamp(seconds: 0, nanoseconds: sign * (Int64.max / 10_000 * 9_999)))
    let packet = TestPacket(second: 0, isMarked: true)
    for _ in 0..<2 {
      meter.count(
        packet.frame.span, wireLength: 40, stamp: stamp, decoder: .init(linkType: .rawIP))
    }
    meter.count(packet)
    meter.endAllFlows()
    #expect(meter.record.packetsCounted == 3)
    #expect(meter.takeTallies().count == 2)
  }
}
