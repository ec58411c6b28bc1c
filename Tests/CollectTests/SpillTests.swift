// Tallies that outgrow the memory set for them go into the open transaction: nothing else changes.

import Foundation
import Testing
import TestSupport

@testable import weir_collect

@Suite struct SpillTests {
  /// Connections one after the other from the same port, so that each SYN ends the flow before it.
  private static func connections(_ count: Int) -> [TestPacket] {
    let hour = 1_767_225_600
    return (0..<count).flatMap { number in
      let second = hour + number / 4
      let servicePort = UInt16(80 + number % 3)
      return [
        TestPacket(second: second, servicePort: servicePort, tcpFlags: 0x02),
        TestPacket(second: second, isInbound: true, servicePort: servicePort, isMarked: false),
        TestPacket(second: second, servicePort: servicePort, tcpFlags: 0x11),
      ]
    }
  }

  @Test("a reading that spills gives the same ledger as one that does not")
  func spill() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "long.pcap")
      // The size of things is looked at after each batch.
      let packets = Self.connections(22_000)
      try #require(packets.count > 10 * ClassifiedPackets.capacity)
      try pcap(packets).write(to: file)

      var contents: [LedgerContents] = []
      var totals: [String] = []
      for talliesInMemory in [1, 400_000] {
        let ledger = folder.appending(path: "ledger-\(talliesInMemory)").path
        var reading = CaptureReading.test([file.path], ledger: ledger)
        reading.talliesInMemory = talliesInMemory
        let summary = try reading.run(progress: nil)
        contents.append(try LedgerContents(path: ledger))
        totals.append("\(summary.total)")
      }
      #expect(contents[0].tallySum(6) == 22_000)
      #expect(contents[0].tallySum(7) == 22_000)
      #expect(contents[0].tallySum(8) == 44_000)
      #expect(contents[0].sum("packets_counted") == 66_000)
      #expect(contents[0] == contents[1])
      #expect(Set(totals).count == 1)
    }
  }

  @Test("a reading that fails after it spilled leaves nothing in the ledger")
  func failingAfterSpill() throws {
    try withTemporaryFolder { folder in
      let ledger = folder.appending(path: "ledger").path
      let first = folder.appending(path: "first.pcap")
      let long = folder.appending(path: "long.pcap")
      try pcap([TestPacket(second: 1_767_000_000)]).write(to: first)
      var bytes = pcap(Self.connections(12_000))
      // A record that claims to be longer than any capture can keep.
      bytes.append(contentsOf: [0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0])
      bytes.append(contentsOf: [UInt8](repeating: 0, count: 64))
      try bytes.write(to: long)

      _ = try CaptureReading.test([first.path], ledger: ledger).run(progress: nil)
      let before = try LedgerContents(path: ledger)
      var reading = CaptureReading.test([long.path], ledger: ledger)
      reading.talliesInMemory = 0
      #expect(throws: (any Error).self) { try reading.run(progress: nil) }
      #expect(try LedgerContents(path: ledger) == before)
    }
  }
}
