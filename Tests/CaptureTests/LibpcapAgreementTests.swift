// Classic files are read by our own reader; libpcap is asked what it makes of the same bytes.

import CPcap
import Capture
import Foundation
import Packets
import Testing
import TestSupport

@Suite struct LibpcapAgreementTests {
  /// What a reader gives of a file: packets, and how it ended.
  private struct Reading: Equatable {
    var packets: [ReadBack.Packet] = []
    var end: String
  }

  private func ours(_ path: String) -> Reading {
    do throws(CaptureError) {
      var reading = Reading(end: "")
      var file = try CaptureFile(path: path)
      do throws(CaptureError) {
        while true {
          let progress = try file.advance()
          guard progress == .packet else {
            reading.end = progress == .cutOff ? "cut off" : "end"
            return reading
          }
          var bytes: [UInt8] = []
          file.withFrame { for position in $0.indices { bytes.append($0[position]) } }
          reading.packets.append(
            ReadBack.Packet(
              nanoseconds: file.stamp?.nanoseconds, bytes: bytes, wireLength: file.wireLength))
        }
      } catch {
        guard case .damaged(_, let reason) = error else { return Reading(end: "\(error)") }
        reading.end = "damaged: \(cause(reason))"
        return reading
      }
    } catch {
      return Reading(end: "refused")
    }
  }

  private func libpcaps(_ path: String) -> Reading {
    var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
    guard
      let handle = unsafe pcap_open_offline_with_tstamp_precision(
        path, UInt32(PCAP_TSTAMP_PRECISION_NANO), &message),
      LinkType(number: unsafe pcap_datalink(handle)) != nil
    else { return Reading(end: "refused") }
    defer { unsafe pcap_close(handle) }
    // libpcap takes both parts of a stamp for signed ones, and scales µs up.
    let magic = (try? FileHandle(forReadingFrom: URL(filePath: path)).read(upToCount: 4)) ?? Data()
    let scale: Int64 = [0x4d, 0xa1].contains(magic.first) && magic.contains(0x3c) ? 1 : 1000
    var reading = Reading(end: "")
    while true {
      var header: UnsafeMutablePointer<pcap_pkthdr>?
      var bytes: UnsafePointer<UInt8>?
      let status = unsafe pcap_next_ex(handle, &header, &bytes)
      guard status == 1, let header = unsafe header?.pointee else {
        let error = unsafe String(cString: pcap_geterr(handle))
        reading.end =
          status == PCAP_ERROR_BREAK
          ? "end" : error.hasPrefix("truncated dump file") ? "cut off" : "damaged: \(cause(error))"
        return reading
      }
      let seconds = UInt32(truncatingIfNeeded: header.ts.tv_sec)
      let fraction = UInt32(truncatingIfNeeded: Int64(header.ts.tv_usec) / scale)
      reading.packets.append(
        ReadBack.Packet(
          nanoseconds: Int64(seconds) * 1_000_000_000 + Int64(fraction) * scale,
          bytes: unsafe Array(UnsafeBufferPointer(start: bytes, count: Int(header.caplen))),
          wireLength: Int(header.len)))
    }
  }

  /// Which limit is named after the comma differs between versions of libpcap.
  private func cause(_ message: String) -> Substring { message.prefix { $0 != "," } }

  private func compare(_ data: Data, _ file: URL, _ what: String) throws -> Reading {
    try data.write(to: file)
    let (ours, libpcaps) = (ours(file.path), libpcaps(file.path))
    #expect(ours.end == libpcaps.end, "\(what)")
    #expect(ours.packets == libpcaps.packets, "\(what)")
    return ours
  }

  private static let classic = TestFormat.allCases.filter { $0 != .pcapng }

  @Test("every capture of the fixtures")
  func fixtures() throws {
    let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Fixtures")
    var files = 0
    var packets = 0
    for folder in ["rules", "rules-bad"] {
      let folder = fixtures.appending(path: folder)
      for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
      where name.hasSuffix(".pcap") {
        let path = folder.appending(path: name).path
        let (ours, libpcaps) = (ours(path), libpcaps(path))
        #expect(ours == libpcaps, "\(name)")
        files += 1
        packets += ours.packets.count
      }
    }
    #expect(files > 300 && packets > 500)
  }

  @Test("lengths around every limit, and each place where a file can end", arguments: classic)
  func limits(format: TestFormat) throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "capture")
      var ends: Set<String> = []
      for snapLength: UInt32 in [0, 1, 96, 262_144, 262_145, 0x7fff_ffff, 0x8000_0000, .max] {
        var header = format.header()
        header.replaceSubrange(16..<20, with: format.words([snapLength]))
        for captured: UInt32 in [0, 95, 96, 97, 262_144, 262_145, 0x7fff_ffff, 0x8000_0000, .max] {
          let present = min(Int(captured), 262_145)
          let bytes = (0..<present).map { UInt8(truncatingIfNeeded: $0 &* 7) }
          let record = format.words([1, 2, captured, 1500]) + bytes
          let data = Data(header + record + format.record(TestRecord(3)))
          for missing in [0, 1, 18, 19, 20, 35, present + 19, present + 34, present + 35] {
            ends.insert(
              try compare(
                data.dropLast(missing), file, "\(snapLength), \(captured) less \(missing)"
              ).end)
          }
        }
      }
      #expect(ends.count > 3)
    }
  }

  @Test("a file much larger than what is read at once", arguments: classic)
  func large(format: TestFormat) throws {
    var generator = SeededGenerator(seed: 7)
    let records = (0..<4000).map { number -> TestRecord in
      let lengths = [0...40, 60...1514, 60...1514, 9000...9000, 0...262_144]
      let isGiant = number % 400 == 399
      let length = Int.random(
        in: isGiant ? lengths[4] : lengths[Int.random(in: 0..<4, using: &generator)],
        using: &generator)
      return TestRecord(
        UInt32(number), 9, bytes: [UInt8](repeating: UInt8(number & 0xff), count: length))
    }
    try withTemporaryFolder { folder in
      let reading = try compare(format.file(records), folder.appending(path: "capture"), "large")
      #expect(reading.packets.count == 4000 && reading.end == "end")
    }
  }

  @Test("headers of every age and kind", arguments: classic)
  func headers(format: TestFormat) throws {
    let plain = format.file([TestRecord(1), TestRecord(2, bytes: [UInt8](0..<60))])
    let variants: [(Int, [UInt32])] = [
      (0, [0xa1b2_c3d4, 0xa1b2_3c4d, 0xa1b2_cd34, 0xa1b2_34cd, 0xa12b_3c4d, 0xa1b2_c3d5]),
      // The version's halves are in the file's byte order too.
      (4, [0x0002_0004, 0x0004_0002, 0x0003_0002, 0x0002_0002, 0x0005_0002, 0x021f_0000, 0]),
      (8, [1, .max]), (12, [6, .max]),
      (20, [0, 1, 2, 12, 14, 101, 108, 113, 127, 228, 229, 276, 0x1000_0001, 0x0400_0001, .max]),
    ]
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "capture")
      for (offset, words) in variants {
        for word in words {
          var data = plain
          data.replaceSubrange(offset..<offset + 4, with: format.words([word]))
          _ = try compare(data, file, "\(word) at \(offset)")
        }
      }
    }
  }

  @Test("bytes changed at random", arguments: classic)
  func mutations(format: TestFormat) throws {
    var generator = SeededGenerator(seed: 11)
    let records = (0..<6).map {
      TestRecord($0, bytes: [UInt8](repeating: 3, count: Int($0) * 9))
    }
    let plain = format.file(records)
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "capture")
      var ends: Set<String> = []
      for number in 0..<1500 {
        var data = plain
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
          let position = Int.random(in: 4..<data.count, using: &generator)
          data[position] = UInt8.random(in: .min ... .max, using: &generator)
        }
        ends.insert(
          try compare(
            data.prefix(Int.random(in: 20...data.count, using: &generator)), file, "\(number)"
          ).end)
      }
      #expect(ends.isSuperset(of: ["end", "cut off", "refused"]))
    }
  }
}
