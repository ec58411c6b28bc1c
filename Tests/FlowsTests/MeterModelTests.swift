// The meter against the naive one, over random packets and with tables of any size.

import Packets
import Tallies
import Testing
import TestSupport

@testable import Flows

@Suite struct MeterModelTests {
  @Test(
    "any packets give the tallies and the account of the naive meter",
    arguments: [1, 2, 3, 5, 8, 20, 1000], UInt64(0)..<6)
  func model(maximumFlows: Int, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var meter = Meter(.test(maximumFlows: maximumFlows), resolve: testNetwork)
    var naive = NaiveMeter(maximumFlows: maximumFlows)
    var second: Int64 = 0
    for _ in 0..<1500 {
      let packet = TestPacket.random(after: second, using: &generator)
      second = packet.second
      meter.count(packet)
      naive.count(packet)
    }
    meter.endAllFlows()
    naive.endAllFlows()
    let tallies = meter.takeTallies()
    #expect(tallies == naive.tallies)
    #expect(meter.record == naive.record)
    #expect(!tallies.isEmpty)
    #expect(maximumFlows > 20 || meter.record.leftOut[.flowTableFull] > 0)
  }

  @Test(
    "packets that are counted together count as one by one",
    arguments: [1, 3, 8, 1000], UInt64(0)..<8)
  func together(maximumFlows: Int, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var together = Meter(.test(maximumFlows: maximumFlows), resolve: testNetwork)
    var oneByOne = Meter(.test(maximumFlows: maximumFlows), resolve: testNetwork)
    var sum: TallyMap = [:]
    for packet in Self.packets(1500, using: &generator) {
      together.countTogether(packet)
      oneByOne.count(packet)
      switch Int.random(in: 0..<200, using: &generator) {
      case 0: together.countWaiting()
      case 1:
        together.count(packet)
        oneByOne.count(packet)
      case 2: sum += together.takeTallies()
      case 3: sum += together.takeFinishedTallies()
      default: break
      }
    }
    together.endAllFlows()
    oneByOne.endAllFlows()
    sum += together.takeFinishedTallies()
    #expect(sum == oneByOne.takeFinishedTallies())
    #expect(together.record == oneByOne.record)
    #expect(together.record.packetsCounted > 0)
  }

  @Test("when tallies are taken changes nothing of their sum", arguments: UInt64(0)..<12)
  func takingAnyTime(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let packets = Self.packets(1500, using: &generator)
    var atEnd = Meter(.test(maximumFlows: 6), resolve: testNetwork)
    var often = Meter(.test(maximumFlows: 6), resolve: testNetwork)
    var sum: TallyMap = [:]
    for packet in packets {
      atEnd.count(packet)
      often.count(packet)
      if generator.chance(0.05) { sum += often.takeTallies() }
      if generator.chance(0.05) { sum += often.takeFinishedTallies() }
    }
    atEnd.endAllFlows()
    often.endAllFlows()
    sum += often.takeFinishedTallies()
    #expect(often.talliesWaiting == 0)
    #expect(sum == atEnd.takeFinishedTallies())
    #expect(often.record == atEnd.record)
  }

  @Test(
    "every packet is counted or left out, and in the tallies if counted", arguments: UInt64(0)..<12)
  func conservation(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var meter = Meter(.test(maximumFlows: 10), resolve: testNetwork)
    var second: Int64 = 0
    for _ in 0..<1500 {
      let packet = TestPacket.random(after: second, using: &generator)
      second = packet.second
      switch Int.random(in: 0..<20, using: &generator) {
      case 0:
        let stamp: Stamp? = nil
        meter.count(
          packet.frame.span, wireLength: 40, stamp: stamp, decoder: .init(linkType: .rawIP))
      case 1:
        // Cut and damaged.
        var frame = Array(packet.frame.dropLast(Int.random(in: 0...18, using: &generator)))
        frame[Int.random(in: 0..<10, using: &generator)] &= UInt8.random(
          in: 0...255, using: &generator)
        meter.count(
          frame.span, wireLength: Int(packet.length), stamp: packet.stamp,
          decoder: .init(linkType: .rawIP))
      default: meter.count(packet)
      }
    }
    meter.endAllFlows()
    let counters = meter.takeTallies().values.reduce(into: TallyCounters()) { $0 += $1 }
    let record = meter.record
    #expect(record.packets == 1500)
    #expect(record.packetsCounted == counters.packets)
    #expect(record.packets == record.packetsCounted + record.leftOut.total)
    #expect(counters.packets > 0)
    #expect(counters.flows > 0 && counters.flowsAnswered > 0)
    #expect(counters.flowsAnswered <= counters.flows)
    for reason in [LeftOutReason.badStamp, .otherHost, .unmarked, .flowTableFull] {
      #expect(record.leftOut[reason] > 0)
    }
  }

  @Test("the accounts of several sources add up to that of one", arguments: UInt64(0)..<6)
  func exchangingRecords(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var one = Meter(.test(maximumFlows: 10), resolve: testNetwork)
    var several = Meter(.test(maximumFlows: 10), resolve: testNetwork)
    var records = [CaptureRecord](repeating: CaptureRecord(), count: 3)
    var current = 0
    for packet in Self.packets(1000, using: &generator) {
      let next = Int.random(in: 0..<3, using: &generator)
      if next != current {
        records[current] = several.exchangeRecord(records[next])
        current = next
      }
      one.count(packet)
      several.count(packet)
    }
    one.endAllFlows()
    several.endAllFlows()
    records[current] = several.exchangeRecord(CaptureRecord())
    let nothing = several.record
    #expect(nothing == CaptureRecord())
    #expect(records.reduce(0) { $0 + $1.packets } == one.record.packets)
    #expect(records.reduce(0) { $0 + $1.packetsCounted } == one.record.packetsCounted)
    #expect(records.reduce(0) { $0 + $1.unmarkedFlows } == one.record.unmarkedFlows)
    #expect(records.reduce(into: LeftOut()) { $0 += $1.leftOut } == one.record.leftOut)
    #expect(several.takeTallies() == one.takeTallies())
    #expect(records.allSatisfy { $0.observed.seconds > 0 })
  }

  private static func packets(_ count: Int, using generator: inout SeededGenerator) -> [TestPacket]
  {
    var second: Int64 = 0
    return (0..<count).map { _ in
      let packet = TestPacket.random(after: second, using: &generator)
      second = packet.second
      return packet
    }
  }
}
