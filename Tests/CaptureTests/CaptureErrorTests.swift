// Files that are no capture: what they are taken for, and what the message says to do.

import Capture
import Foundation
import Testing
import TestSupport

@Suite struct CaptureErrorTests {
  @Test(
    "a compressed file is recognised, and the message shows how to read it",
    arguments: [
      ([0x1f, 0x8b, 8, 0], .gzip, "zcat"), ([0x28, 0xb5, 0x2f, 0xfd], .zstandard, "zstdcat"),
      ([0xfd, 0x37, 0x7a, 0x58], .xz, "xzcat"), ([0x42, 0x5a, 0x68, 0x39], .bzip2, "bzcat"),
      ([0x04, 0x22, 0x4d, 0x18], .lz4, "lz4cat"),
    ] as [([UInt8], Compression, String)])
  func compressed(magic: [UInt8], compression: Compression, reader: String) throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "capture")
      try Data(magic + [UInt8](repeating: 0, count: 100)).write(to: file)
      let error = try #require(throws: CaptureError.self) { try CaptureFile.isReadable(file.path) }
      guard case .compressed(file.path, compression) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(error.description.contains("'\(reader) \(file.path) | weir-collect read -'"))
      let streamed = CaptureError.compressed(path: "-", by: compression).description
      #expect(streamed.hasPrefix("standard input is compressed"))
      #expect(streamed.contains("'\(reader) | weir-collect read -'"))
    }
  }

  @Test(
    "anything else is no capture",
    arguments: [
      [], [0x1f], [0xd4, 0xc3, 0xb2, 0xa1], Array("some text, long enough to be a header".utf8),
      [UInt8](repeating: 0, count: 100), [UInt8](repeating: 0xff, count: 100),
    ])
  func noCapture(bytes: [UInt8]) throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "capture")
      try Data(bytes).write(to: file)
      let error = try #require(throws: CaptureError.self) { try CaptureFile.isReadable(file.path) }
      guard case .notACapture(file.path, let reason) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(!reason.isEmpty)
    }
  }

  @Test("what can't be read is said to be so, with the system's reason")
  func unreadable() throws {
    try withTemporaryFolder { folder in
      let missing = folder.appending(path: "missing").path
      for (path, number) in [(missing, ENOENT), (folder.path, EISDIR)] {
        let error = try #require(throws: CaptureError.self) { try CaptureFile.isReadable(path) }
        guard case .unreadable(path, number) = error else {
          Issue.record("\(error)")
          return
        }
        #expect(throws: CaptureError.self) { try ContentDigest(path: path) }
        #expect(regularFileSize(path) == nil)
      }
      #expect(
        CaptureError.unreadable(path: missing, errno: ENOENT).description
          == "can't read \(missing): No such file or directory")
    }
  }
}

extension CaptureFile {
  /// A `CaptureFile` can't be the result of a closure that is expected to throw.
  fileprivate static func isReadable(_ path: String) throws { _ = try CaptureFile(path: path) }
}
