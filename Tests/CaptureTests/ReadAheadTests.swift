// What a thread has read ahead is what would have been read without it.

import Capture
import Foundation
import Testing
import TestSupport

@Suite struct ReadAheadTests {
  /// Packets of every length, among them some that are longer than a block.
  private static let records = (0..<4000).map { number in
    TestRecord(
      UInt32(number),
      bytes: [UInt8](
        repeating: UInt8(truncatingIfNeeded: number),
        count: number % 500 == 0 ? 262_144 : number * 7919 % 1500))
  }

  private func read(_ data: Data, readsAhead: Bool) throws -> ReadBack {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "capture")
      try data.write(to: file)
      return try ReadBack(path: file.path, readsAhead: readsAhead)
    }
  }

  @Test("the same packets, digest and end", arguments: TestFormat.allCases)
  func agreement(format: TestFormat) throws {
    let whole = format.file(Self.records)
    for data in [whole, whole.dropLast(1), whole.prefix(1 << 18), whole.prefix(1 << 20)] {
      let plain = try read(data, readsAhead: false)
      let ahead = try read(data, readsAhead: true)
      #expect(plain.packets == ahead.packets)
      #expect(plain.end == ahead.end)
      #expect(plain.content == ahead.content)
      if data == whole {
        #expect(plain.packets.map(\.bytes) == Self.records.map(\.bytes))
      }
    }
  }

  @Test("a pipe is read as it fills, and what is in it counts before it ends")
  func pipe() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "pipe").path
      let made = unsafe mkfifo(path, 0o600)
      try #require(made == 0)
      let format = TestFormat.microseconds
      let (first, rest) = (Self.records.prefix(1000), Self.records.dropFirst(1000))
      // Raised by the reader: only then the rest is written.
      let hasRead = DispatchSemaphore(value: 0)
      let writer = Thread {
        guard let handle = FileHandle(forWritingAtPath: path) else { return }
        handle.write(format.file(Array(first)))
        hasRead.wait()
        handle.write(Data(rest.flatMap { format.record($0) }))
        try? handle.close()
      }
      writer.start()
      var file = try CaptureFile(path: path, readsAhead: true)
      var count = 0
      while try file.advance() == .packet {
        count += 1
        if count == 1000 { hasRead.signal() }
      }
      #expect(count == 4000)
    }
  }

  @Test("a file that is let go of in the middle ends its thread's work")
  func cancelled() throws {
    let data = TestFormat.microseconds.file(Self.records)
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "capture").path
      try data.write(to: URL(filePath: path))
      for packets in [1, 700, 2000] {
        var file = try CaptureFile(path: path, readsAhead: true)
        for _ in 0..<packets { #expect(try file.advance() == .packet) }
      }
      // Descriptors are closed by the threads.
      let deadline = Date(timeIntervalSinceNow: 60)
      func isOpen() throws -> Bool {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").contains {
          (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)"))
            == path
        }
      }
      while try isOpen(), Date() < deadline { usleep(1000) }
      #expect(try !isOpen())
    }
  }
}
