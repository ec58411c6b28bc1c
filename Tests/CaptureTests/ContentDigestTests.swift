// A file is known again by its size and the digest of its bytes.

import Capture
import Foundation
import Testing
import TestSupport

@Suite struct ContentDigestTests {
  /// The bytes 00 … ff a thousand times over, up to a length; digests by xxh128sum.
  private static let prefixes: [(length: UInt64, digest: String)] = [
    (0, "99aa06d3014798d86001c324468d497f"),
    (1, "a6cd5e9392000f6ac44bdff4074eecdb"),
    (4, "eb70bf5fc779e9e6a6111d53e80a3db5"),
    (5, "9434532106a7c141c920d2347a85929b"),
    (240, "65b5be86da5540e7c92b68e16f83bbb6"),
    (241, "1da1cb61bcb8a2a102e8cd95421c6d02"),
    (4096, "03916578969f7a66eb4b7c3707879151"),
    (100_000, "077f8d86a61f4d7439cf9d035d60ad58"),
    (256_000, "548512d98989de2d776474c39d20f9aa"),
  ]

  private static let bytes = Data((0..<256_000).map { UInt8($0 & 0xff) })

  @Test("the digest is what xxh128sum prints", arguments: prefixes.indices)
  func digest(position: Int) throws {
    let (length, digest) = Self.prefixes[position]
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "file")
      try Self.bytes.prefix(Int(length)).write(to: file)
      let content = try ContentDigest(path: file.path)
      #expect(content == ContentDigest(size: length, digest: digest))
      #expect(regularFileSize(file.path) == length)
    }
  }

  private static let packets = TestFormat.microseconds.file(
    (0..<2000).map { TestRecord($0, bytes: [UInt8](repeating: UInt8($0 & 0xff), count: 400)) })

  /// Digests of a file's beginnings, taken one by one.
  private func beginnings(_ data: Data, _ sizes: [Int], in folder: URL) throws -> [ContentDigest] {
    try sizes.map { size in
      let file = folder.appending(path: "beginning")
      try data.prefix(size).write(to: file)
      return try ContentDigest(path: file.path)
    }
  }

  @Test("reading the packets gives the digest of the file, and of each marked beginning")
  func marked() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "capture")
      try Self.packets.write(to: file)
      let size = Self.packets.count
      let sizes = [0, 1, 3, 4, 5, 24, 4096, 262_144, 262_145, 300_000, size - 1, size]
      // In any order, and beyond the end.
      let marks = (sizes.reversed() + [size + 1, size * 2]).map { UInt64($0) }
      let read = try ReadBack(path: file.path, knownSizes: marks)
      #expect(read.packets.count == 2000)
      #expect(read.content == (try ContentDigest(path: file.path)))
      let expected = try beginnings(Self.packets, sizes, in: folder)
      #expect(read.beginnings == expected)
    }
  }

  @Test("the digest is of the whole file, however little of it was read as packets")
  func notReadToEnd() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "capture")
      try Self.packets.write(to: file)
      let size = Self.packets.count
      for packets in [0, 1, 5] {
        var capture = try CaptureFile(path: file.path, knownSizes: [10, UInt64(size - 1)])
        for _ in 0..<packets { _ = try capture.advance() }
        let content = try capture.finishDigest()
        #expect(content == (try ContentDigest(path: file.path)))
        let read = capture.bytesRead
        #expect(read == UInt64(size))
        let marks = capture.digestsAtMarkedOffsets
        #expect(marks == (try beginnings(Self.packets, [10, size - 1], in: folder)))
      }
    }
  }

  @Test("a file that has grown begins with the one that it was")
  func grown() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "capture")
      try Self.packets.prefix(24 + 416 * 700).write(to: file)
      let before = try ReadBack(path: file.path)
      #expect(before.packets.count == 700)
      try Self.packets.write(to: file)
      let after = try ReadBack(path: file.path, knownSizes: [before.content.size])
      #expect(after.beginnings == [before.content])
      #expect(after.content != before.content)

      // One bit of the beginning makes it another file.
      var other = Self.packets
      other[200_000] ^= 1
      try other.write(to: file)
      let changed = try ReadBack(path: file.path, knownSizes: [before.content.size])
      #expect(changed.beginnings.map(\.size) == [before.content.size])
      #expect(changed.beginnings != [before.content])
    }
  }
}
