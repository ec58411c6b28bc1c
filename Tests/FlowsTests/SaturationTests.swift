// A flow's 32-bit counters at their limit.

import Packets
import Tallies
import Testing

@testable import Flows

@Suite struct SaturationTests {
  @Test("a flow of more than 2³² packets is counted in full", arguments: [true, false])
  func saturation(isMarkedFirst: Bool) throws {
    var meter = Meter(.test(maximumFlows: 4), resolve: testNetwork)
    meter.count(TestPacket(second: 0, isMarked: isMarkedFirst))
    let slots = meter.table.occupiedSlots
    let slot = try #require(slots.first)
    meter.table[slot].packetsOut = .max - 1
    meter.table[slot].packetsIn = .max - 2
    for second: Int64 in 1...5 {
      meter.count(TestPacket(second: second))
      meter.count(TestPacket(second: second, isInbound: true))
    }
    meter.count(TestPacket(second: 6, isMarked: true))
    meter.endAllFlows()
    let counters = meter.takeTallies().values.reduce(into: TallyCounters()) { $0 += $1 }
    #expect(counters.packetsOut == UInt64(UInt32.max) - 1 + 6)
    #expect(counters.packetsIn == UInt64(UInt32.max) - 2 + 5)
    #expect(counters.flows == 1)
    #expect(counters.flowsAnswered == 1)
  }

  @Test("of what a flow carried in other hours, a TiB less a byte is remembered")
  func settledBytes() throws {
    var meter = Meter(.test(maximumFlows: 4), resolve: testNetwork)
    let limit = (1 as UInt64) << 40 - 1
    var sizes: [UInt64] = []
    for (hour, bytes) in [limit - 1000, 900, 5000, 70].enumerated() {
      meter.count(TestPacket(second: Int64(hour) * 200, isMarked: true))
      let slot = try #require(meter.table.occupiedSlots.first)
      meter.table[slot].bytesIn += bytes - 40
      let tallies = meter.takeTallies()
      sizes.append(try #require(tallies.values.first).largestFlow)
    }
    #expect(sizes == [limit - 1000, limit - 100, limit + 4900, limit + 70])
  }
}
