// One file: its packets, its stamps, and where it breaks off.

import Capture
import Foundation
import Packets
import Testing
import TestSupport

@Suite struct CaptureFileTests {
  private static let records = [
    TestRecord(1_767_225_600, 1, bytes: [1, 2, 3, 4, 5]),
    TestRecord(1_767_225_601, 999_999, bytes: [], wire: 60),
    TestRecord(1_767_225_601, 0, bytes: [UInt8](0..<33), wire: 1500),
    TestRecord(4_294_967_295, 2, bytes: [7, 7, 7, 7]),
  ]

  @Test("every format gives back what was written", arguments: TestFormat.allCases)
  func roundTrip(format: TestFormat) throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "capture")
      try format.file(Self.records).write(to: file)
      let read = try ReadBack(path: file.path)
      #expect(read.end == .end)
      #expect(read.linkType == .ethernet)
      #expect(
        read.packets
          == Self.records.map { record in
            ReadBack.Packet(
              nanoseconds: Int64(record.seconds) * 1_000_000_000
                + Int64(record.fraction) * format.nanosecondsPerFraction,
              bytes: record.bytes, wireLength: Int(record.wireLength ?? UInt32(record.bytes.count)))
          })
    }
  }

  @Test(
    "a file cut anywhere gives the packets before the cut, and says so",
    arguments: TestFormat.allCases)
  func prefixes(format: TestFormat) throws {
    let header = format.header().count
    var ends = [header]
    for record in Self.records { ends.append((ends.last ?? 0) + format.record(record).count) }
    let whole = format.file(Self.records)
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "capture")
      for length in 0...whole.count {
        try whole.prefix(length).write(to: file)
        guard length >= header else {
          #expect(throws: CaptureError.self, "\(length) bytes") { try ReadBack(path: file.path) }
          continue
        }
        let read = try ReadBack(path: file.path)
        let complete = ends.dropFirst().count { $0 <= length }
        #expect(read.packets.count == complete, "\(length) bytes")
        #expect(read.packets.map(\.bytes) == Self.records.prefix(complete).map(\.bytes))
        #expect(read.end == (ends.contains(length) ? .end : .cutOff), "\(length) bytes")
        #expect(read.content.size == UInt64(length))
      }
    }
  }

  @Test(
    "fields of a stamp are unsigned, and a fraction beyond a second is carried over",
    arguments: [
      (.microseconds, 0, 0, 0), (.microseconds, 0, 1_000_000, 1_000_000_000),
      (.microseconds, 0, .max, 4_294_967_295_000),
      (.microseconds, 0x8000_0000, 5, 2_147_483_648_000_005_000),
      (.microsecondsBigEndian, .max, .max, 4_294_971_589_967_295_000),
      (.nanoseconds, 0, 0, 0), (.nanoseconds, 0, .max, 4_294_967_295),
      (.nanoseconds, .max, .max, 4_294_967_299_294_967_295),
      (.nanosecondsBigEndian, 0x8000_0000, 0x8000_0000, 2_147_483_650_147_483_648),
      (.pcapng, 0, 1, 1000), (.pcapng, .max, 0, 4_294_967_295_000_000_000),
    ] as [(TestFormat, UInt32, UInt32, Int64)])
  func stamps(format: TestFormat, seconds: UInt32, fraction: UInt32, nanoseconds: Int64) throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "capture")
      try format.file([TestRecord(seconds, fraction)]).write(to: file)
      #expect(try ReadBack(path: file.path).packets.map(\.nanoseconds) == [nanoseconds])
    }
  }

  @Test("a simple packet has libpcap's stamp, and one beyond all stamps has none")
  func noStamp() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "capture")
      let format = TestFormat.pcapng
      let simple = format.words([3, 20, 4]) + [1, 2, 3, 4] + format.words([20])
      // The year 2540, in microseconds.
      let distant = format.words([6, 32, 0, 0x0040_0000, 0, 0, 0, 32])
      let bytes =
        format.header() + format.record(TestRecord(5)) + simple + distant
        + format.record(TestRecord(6))
      try Data(bytes).write(to: file)
      #expect(
        try ReadBack(path: file.path).packets.map(\.nanoseconds) == [
          5_000_000_000, 0, nil, 6_000_000_000,
        ])
    }
  }

  @Test(
    "link types that are read are recognised, others refused by name",
    arguments: [
      (1, .ethernet), (101, .rawIP), (113, .linuxCooked), (228, .rawIPv4), (229, .rawIPv6),
      (0, .null), (108, .loop), (276, .linuxCooked2), (105, nil), (127, nil), (195, nil),
      (9999, nil),
    ] as [(UInt32, LinkType?)])
  func linkTypes(number: UInt32, linkType: LinkType?) throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "capture")
      try TestFormat.microseconds.file([TestRecord(1)], linkType: number).write(to: file)
      if let linkType {
        #expect(try ReadBack(path: file.path).linkType == linkType)
      } else {
        let error = try #require(throws: CaptureError.self) { try ReadBack(path: file.path) }
        guard case .unsupportedLinkType(file.path, let name) = error else {
          Issue.record("\(error)")
          return
        }
        #expect(!name.isEmpty)
        #expect(number != 127 || name == "IEEE802_11_RADIO")
      }
    }
  }

  @Test("a record that cannot be true is damage, not the end", arguments: TestFormat.allCases)
  func damage(format: TestFormat) throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "capture")
      var lie = format.record(TestRecord(2))
      // The captured length, or the block's.
      let position = format == .pcapng ? 4 : 8
      lie.replaceSubrange(position..<position + 4, with: format.words([0x7fff_fff0]))
      let bytes =
        format.header() + format.record(TestRecord(1)) + lie + format.record(TestRecord(3))
      try Data(bytes).write(to: file)
      let error = try #require(throws: CaptureError.self) { try ReadBack(path: file.path) }
      guard case .damaged(file.path, let reason) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(!reason.isEmpty)
    }
  }
}
