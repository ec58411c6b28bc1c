// Captures that tests write, and what is read back from them.

import Capture
import Foundation
import Packets

/// A packet as a file holds it: a stamp in the file's own unit, and bytes that say nothing.
struct TestRecord: Equatable {
  var seconds: UInt32
  var fraction: UInt32 = 0
  var bytes: [UInt8]
  /// `nil`: as long as what was captured.
  var wireLength: UInt32?

  init(_ seconds: UInt32, _ fraction: UInt32 = 0, bytes: [UInt8] = [1, 2, 3], wire: UInt32? = nil) {
    self.seconds = seconds
    self.fraction = fraction
    self.bytes = bytes
    wireLength = wire
  }
}

/// The five kinds of file that tests write.
enum TestFormat: CaseIterable {
  case microseconds, nanoseconds, microsecondsBigEndian, nanosecondsBigEndian, pcapng

  var isBigEndian: Bool { self == .microsecondsBigEndian || self == .nanosecondsBigEndian }

  var nanosecondsPerFraction: Int64 {
    self == .nanoseconds || self == .nanosecondsBigEndian ? 1 : 1000
  }

  /// What comes before the first record; a file that ends within it is none.
  func header(linkType: UInt32 = 1) -> [UInt8] {
    if self == .pcapng {
      // A section header block and an interface description block.
      return words([0x0a0d_0d0a, 28, 0x1a2b_3c4d, 1, .max, .max, 28])
        + words([1, 20, linkType, 262_144, 20])
    }
    let magic: UInt32 = nanosecondsPerFraction == 1 ? 0xa1b2_3c4d : 0xa1b2_c3d4
    let version: [UInt8] = isBigEndian ? [0, 2, 0, 4] : [2, 0, 4, 0]
    return words([magic]) + version + words([0, 0, 262_144, linkType])
  }

  func record(_ record: TestRecord) -> [UInt8] {
    let captured = UInt32(record.bytes.count)
    let lengths = [captured, record.wireLength ?? captured]
    guard self == .pcapng else {
      return words([record.seconds, record.fraction] + lengths) + record.bytes
    }
    let padding = [UInt8](repeating: 0, count: (4 - record.bytes.count % 4) % 4)
    let total = UInt32(32 + record.bytes.count + padding.count)
    let units = UInt64(record.seconds) * 1_000_000 + UInt64(record.fraction)
    let stamp = [UInt32(units >> 32), UInt32(truncatingIfNeeded: units)]
    return words([6, total, 0] + stamp + lengths) + record.bytes + padding + words([total])
  }

  func file(_ records: [TestRecord], linkType: UInt32 = 1) -> Data {
    Data(header(linkType: linkType) + records.flatMap { record($0) })
  }

  func words(_ words: [UInt32]) -> [UInt8] {
    words.flatMap { word in
      let bytes = (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
      return isBigEndian ? bytes.reversed() : bytes
    }
  }
}

/// All that a capture file gives.
struct ReadBack {
  struct Packet: Equatable {
    var nanoseconds: Int64?
    var bytes: [UInt8]
    var wireLength: Int
  }

  var packets: [Packet] = []
  var end = CaptureFile.Progress.packet
  var content: ContentDigest
  var beginnings: [ContentDigest]
  var linkType: LinkType

  init(path: String, knownSizes: [UInt64] = []) throws {
    var file = try CaptureFile(path: path, knownSizes: knownSizes)
    linkType = file.decoder.linkType
    while true {
      end = try file.advance()
      guard end == .packet else { break }
      var bytes: [UInt8] = []
      file.withFrame { for position in $0.indices { bytes.append($0[position]) } }
      packets.append(
        Packet(
          nanoseconds: file.stamp?.nanoseconds, bytes: bytes, wireLength: file.wireLength))
    }
    content = try file.finishDigest()
    beginnings = file.digestsAtMarkedOffsets
  }
}
