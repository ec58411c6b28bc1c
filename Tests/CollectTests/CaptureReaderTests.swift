// Captures read and classified in a thread of their own: what comes out is what would without it.

import Capture
import Flows
import Foundation
import Packets
import Tallies
import Testing
import TestSupport

@testable import weir_collect

@Suite struct CaptureReaderTests {
  private struct Outcome: Equatable {
    var tallies: TallyMap = [:]
    var records: [CaptureRecord] = []
    var ended: [Int] = []
    var bytesRead: UInt64 = 0
    var batches = 0
  }

  private struct Stop: Error {}

  private static var configuration: MeterConfiguration {
    MeterConfiguration(exitAddresses: ["192.0.2.10"].compactMap { try? AddressRange($0) })
  }

  private func reader(_ paths: [String], _ meter: borrowing Meter) throws -> CaptureReader {
    CaptureReader(
      try CaptureMerge(paths: paths, knownSizes: []), sources: paths.count,
      classifier: meter.classifier)
  }

  /// - Parameter batches: after how many to stop.
  private func read(
    _ paths: [String], inThread: Bool = true, batches: Int = .max
  ) throws -> Outcome {
    var meter = Meter(Self.configuration) { _, _ in .unknown }
    var outcome = Outcome()
    let count = { (packets: ClassifiedPackets) in
      outcome.ended += packets.ended.map(\.source)
      outcome.bytesRead = packets.bytesRead
      outcome.batches += 1
      meter.count(packets.batch, 0..<packets.batch.count)
      if outcome.batches == batches { throw Stop() }
    }
    let reader = try reader(paths, meter)
    outcome.records =
      inThread ? try reader.forEach(count) : try reader.forEachInThisThread(count)
    meter.endAllFlows()
    outcome.tallies = meter.takeTallies()
    return outcome
  }

  private static func packets(_ seconds: some Sequence<Int>) -> [TestPacket] {
    seconds.map {
      TestPacket(second: $0, exitPort: UInt16($0 % 1000), servicePort: UInt16($0 % 7))
    }
  }

  @Test("files that follow each other, lie beside each other, or are empty")
  func agreement() throws {
    try withTemporaryFolder { folder in
      let files: [[TestPacket]] = [
        Self.packets(0..<5000), Self.packets(stride(from: 1, to: 9000, by: 3)), [],
        Self.packets(20_000..<30_000),
      ]
      var paths: [String] = []
      for (number, packets) in files.enumerated() {
        let file = folder.appending(path: "\(number).pcap")
        try pcap(packets).write(to: file)
        paths.append(file.path)
      }
      let threaded = try read(paths)
      #expect(threaded == (try read(paths, inThread: false)))
      #expect(threaded.records.map(\.packets) == files.map { UInt64($0.count) })
      #expect(threaded.ended.sorted() == [0, 1, 2, 3])
      #expect(threaded.bytesRead == UInt64(files.reduce(0) { $0 + pcap($1).count }))
      #expect(threaded.tallies.values.reduce(0) { $0 + $1.packets } == 18_000)
      #expect(threaded.batches > 5)
    }
  }

  @Test("damage comes after the packets before it", arguments: [true, false])
  func damaged(inThread: Bool) throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "damaged.pcap")
      // A record that claims to be longer than any capture can keep.
      let lie: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0]
      try (pcap(Self.packets(0..<5000)) + lie).write(to: file)
      var meter = Meter(Self.configuration) { _, _ in .unknown }
      let count = { (packets: ClassifiedPackets) in
        meter.count(packets.batch, 0..<packets.batch.count)
      }
      let reader = try reader([file.path], meter)
      #expect(throws: CaptureError.self) {
        inThread ? try reader.forEach(count) : try reader.forEachInThisThread(count)
      }
      meter.endAllFlows()
      #expect(meter.record.packetsCounted == 5000)
    }
  }

  @Test("what the caller throws ends the reading", arguments: [true, false])
  func stopped(inThread: Bool) throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "long.pcap")
      try pcap(Self.packets(0..<30_000)).write(to: file)
      for batches in [1, 2, 5, 9] {
        #expect(throws: Stop.self) {
          try read([file.path], inThread: inThread, batches: batches)
        }
      }
      // The threads let go of the file.
      let deadline = Date(timeIntervalSinceNow: 60)
      while try isOpen(file), Date() < deadline { usleep(1000) }
      #expect(try !isOpen(file))
    }
  }

  private func isOpen(_ file: URL) throws -> Bool {
    let files = FileManager.default
    return try files.contentsOfDirectory(atPath: "/proc/self/fd").contains {
      (try? files.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == file.path
    }
  }

  @Test("a pipe is read as it fills, and what is in it is counted before it ends")
  func pipe() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "pipe").path
      let made = unsafe mkfifo(path, 0o600)
      try #require(made == 0)
      let data = pcap(Self.packets(0..<30_000))
      // Raised when a batch has been counted: only then the rest is written.
      let hasCounted = DispatchSemaphore(value: 0)
      let writer = Thread {
        guard let handle = FileHandle(forWritingAtPath: path) else { return }
        handle.write(data.prefix(data.count / 2))
        hasCounted.wait()
        handle.write(data.dropFirst(data.count / 2))
        try? handle.close()
      }
      writer.start()
      var meter = Meter(Self.configuration) { _, _ in .unknown }
      let records = try reader([path], meter).forEach { packets in
        meter.count(packets.batch, 0..<packets.batch.count)
        hasCounted.signal()
      }
      meter.endAllFlows()
      #expect(records.map(\.packets) == [30_000])
      #expect(meter.record.packetsCounted == 30_000)
    }
  }
}
