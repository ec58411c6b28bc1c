// Packets that are classified by themselves and counted by the batch.

import Packets
import Tallies
import Testing
import TestSupport

@testable import Flows

@Suite struct PacketBatchTests {
  /// Packets as a capture has them: their bytes one after the other.
  private struct Run {
    var bytes: [UInt8] = []
    var packets: [CapturedPacket] = []

    mutating func append(_ packet: TestPacket) {
      let frame = packet.frame
      packets.append(
        CapturedPacket(
          start: bytes.count, count: frame.count, wireLength: Int(packet.length),
          stamp: packet.stamp))
      bytes += frame
    }
  }

  @Test(
    "packets of several sources, in batches, count as one by one",
    arguments: [1, 3, 40, 128], UInt64(0)..<4)
  func batches(longestRun: Int, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var batched = Meter(.test(maximumFlows: 8), resolve: testNetwork)
    var oneByOne = Meter(.test(maximumFlows: 8), resolve: testNetwork)
    var batch = PacketBatch(capacity: 300)
    var accounts = [SourceAccount](repeating: SourceAccount(), count: 3)
    var batchedRecords = [CaptureRecord](repeating: CaptureRecord(), count: 3)
    var records = batchedRecords
    var (batchedSource, currentSource) = (0, 0)

    func countBatch() {
      var counted = 0
      for part in batch.parts {
        if part.source != batchedSource {
          batchedRecords[batchedSource] = batched.exchangeRecord(batchedRecords[part.source])
          batchedSource = part.source
        }
        batched.count(batch, counted..<part.end)
        counted = part.end
      }
      #expect(counted == batch.count)
      batch.removeAll()
      #expect(batch.count == 0 && batch.parts.isEmpty && batch.room == 300)
    }

    var second: Int64 = 0
    for _ in 0..<(longestRun < 10 ? 300 : 60) {
      let source = Int.random(in: 0..<3, using: &generator)
      var run = Run()
      if source != currentSource {
        records[currentSource] = oneByOne.exchangeRecord(records[source])
        currentSource = source
      }
      for _ in 0..<Int.random(in: 1...longestRun, using: &generator) {
        let packet = TestPacket.random(after: second, using: &generator)
        second = packet.second
        run.append(packet)
        oneByOne.count(packet)
      }
      if batch.room < run.packets.count { countBatch() }
      batched.classifier.classify(
        run.packets.span, of: run.bytes.span, decoder: PacketDecoder(linkType: .rawIP),
        source: source, into: &batch, &accounts[source])
    }
    countBatch()
    batched.endAllFlows()
    oneByOne.endAllFlows()
    batchedRecords[batchedSource] = batched.exchangeRecord(CaptureRecord())
    records[currentSource] = oneByOne.exchangeRecord(CaptureRecord())
    for source in 0..<3 { batchedRecords[source].add(accounts[source].record) }
    for source in 0..<3 { #expect(batchedRecords[source] == records[source]) }
    let agree = batched.takeFinishedTallies() == oneByOne.takeFinishedTallies()
    #expect(agree)
    #expect(records.reduce(0) { $0 + $1.packetsCounted } > 0)
    #expect(records.reduce(0) { $0 + $1.leftOut[.otherHost] } > 0)
  }

  @Test("a batch that has been counted holds no address")
  func forgotten() {
    var meter = Meter(.test(), resolve: testNetwork)
    var batch = PacketBatch(capacity: 200)
    var account = SourceAccount()
    var run = Run()
    for number in 0..<150 {
      run.append(
        TestPacket(
          flow: .init(exitPort: UInt16(number), isIPv6: number % 2 == 0), second: 1, isMarked: true)
      )
    }
    meter.classifier.classify(
      run.packets.span, of: run.bytes.span, decoder: PacketDecoder(linkType: .rawIP), source: 0,
      into: &batch, &account)
    func addresses(_ batch: borrowing PacketBatch) -> Int {
      (0..<batch.capacity).count {
        unsafe batch.packets[$0].remote != Address(high: 0, low: 0)
      }
    }
    #expect(addresses(batch) == 150)
    meter.count(batch, 0..<batch.count)
    batch.removeAll()
    #expect(addresses(batch) == 0)
    #expect(meter.record.packetsCounted == 150)
    #expect(account.record.packets == 150)
  }
}
