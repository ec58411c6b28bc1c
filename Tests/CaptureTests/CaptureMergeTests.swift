// Several files as one capture, in the order of time.

import Capture
import Foundation
import Packets
import Testing
import TestSupport

@Suite struct CaptureMergeTests {
  /// A packet's file and its position in there.
  private struct Origin: Equatable {
    var source: Int
    var position: Int
  }

  private struct Merged {
    var origins: [Origin] = []
    var outcomes: [CaptureMerge.Outcome] = []
    var bytesRead: UInt64 = 0
    var size: UInt64?
    var mostOpenAtOnce = 0
  }

  private func merge(_ paths: [String], knownSizes: [UInt64] = [], countOpenIn folder: URL? = nil)
    throws -> Merged
  {
    let merge = try CaptureMerge(paths: paths, knownSizes: knownSizes)
    var merged = Merged(size: merge.size)
    var seen = [Int](repeating: 0, count: paths.count)
    try merge.forEachRun { outcome in
      merged.outcomes.append(outcome)
    } _: { packets, bytes, decoder, source in
      #expect((1...CaptureFile.packetsTogether).contains(packets.count))
      #expect(decoder.linkType == .ethernet)
      for index in packets.indices {
        let packet = packets[index]
        let frame = bytes.extracting(packet.start..<packet.start + packet.count)
        #expect(packet.wireLength == 3 && frame.count == 3 && frame[2] == 3)
        merged.origins.append(Origin(source: source, position: seen[source]))
        seen[source] += 1
      }
      if let folder { merged.mostOpenAtOnce = max(merged.mostOpenAtOnce, openFiles(in: folder)) }
    }
    merged.bytesRead = merge.bytesRead
    return merged
  }

  private func openFiles(in folder: URL) -> Int {
    let files = FileManager.default
    let descriptors = (try? files.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    return descriptors.count { descriptor in
      let target = try? files.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
      return target?.contains(folder.lastPathComponent) == true
    }
  }

  /// Always the file whose next packet is the earliest, the first among equals.
  private func expected(_ files: [[UInt32]]) -> [Origin] {
    var next = [Int](repeating: 0, count: files.count)
    var origins: [Origin] = []
    while let source = files.indices.filter({ next[$0] < files[$0].count }).min(by: {
      (files[$0][next[$0]], $0) < (files[$1][next[$1]], $1)
    }) {
      origins.append(Origin(source: source, position: next[source]))
      next[source] += 1
    }
    return origins
  }

  private func write(_ files: [[UInt32]], to folder: URL) throws -> [String] {
    try files.indices.map { source in
      let file = folder.appending(path: "\(source).pcap")
      let format = TestFormat.allCases[source % TestFormat.allCases.count]
      try format.file(files[source].map { TestRecord($0) }).write(to: file)
      return file.path
    }
  }

  private static let tables: [(name: String, files: [[UInt32]])] = [
    ("one after the other", [[1, 2, 3], [4, 5, 6]]),
    ("named in the wrong order", [[7, 8], [4, 5], [1, 2]]),
    ("overlapping", [[1, 4, 7], [2, 5, 8], [3, 6, 9]]),
    ("one within a pause of another", [[1, 9], [3, 4, 5]]),
    ("ties", [[5, 5, 5], [5, 5], [4, 5, 6]]),
    ("ties at the second", [[6, 7], [5, 6, 7]]),
    ("empty files", [[], [3, 4], [], [1, 2], []]),
    ("only empty files", [[], []]),
    ("a single file that goes back", [[5, 3, 4]]),
    ("files that go back", [[5, 1, 6], [2, 7, 3], [4, 4, 8]]),
    ("a single empty file", [[]]),
  ]

  @Test("files are merged by stamp, in whatever order they are named", arguments: tables.indices)
  func order(position: Int) throws {
    let (name, files) = Self.tables[position]
    try withTemporaryFolder { folder in
      let merged = try merge(write(files, to: folder))
      #expect(merged.origins == expected(files), "\(name)")
      #expect(merged.outcomes.map(\.source).sorted() == Array(files.indices))
      #expect(merged.outcomes.allSatisfy { !$0.isCutOff })
      #expect(merged.size == merged.bytesRead)
    }
  }

  @Test("the same for random files", arguments: UInt64(0)..<40)
  func randomOrder(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var files: [[UInt32]] = []
    for _ in 0..<Int.random(in: 1...7, using: &generator) {
      var stamps: [UInt32] = []
      for _ in 0..<Int.random(in: 0...12, using: &generator) {
        stamps.append(UInt32.random(in: 1...40, using: &generator))
      }
      files.append(seed % 3 == 0 ? stamps : stamps.sorted())
    }
    try withTemporaryFolder { folder in
      let merged = try merge(write(files, to: folder))
      #expect(merged.origins == expected(files))
      #expect(merged.outcomes.map(\.source).sorted() == Array(files.indices))
    }
  }

  @Test("each file's outcome tells its digest, and whether it broke off")
  func outcomes() throws {
    try withTemporaryFolder { folder in
      let paths = try write([[1, 2], [3, 4], [5, 6]], to: folder)
      let cut = try Data(contentsOf: URL(filePath: paths[1])).dropLast(1)
      try cut.write(to: URL(filePath: paths[1]))
      let merged = try merge(paths, knownSizes: [24])
      #expect(merged.outcomes.map(\.source) == [0, 1, 2], "reported as they end")
      #expect(merged.outcomes.map(\.isCutOff) == [false, true, false])
      #expect(merged.outcomes.map(\.content) == (try paths.map { try ContentDigest(path: $0) }))
      #expect(merged.outcomes.allSatisfy { $0.beginnings.map(\.size) == [24] })
      #expect(merged.origins.count == 5)
    }
  }

  @Test("rotated files are open one at a time, or two")
  func descriptors() throws {
    try withTemporaryFolder { folder in
      let files = (0..<UInt32(30)).map { (number: UInt32) -> [UInt32] in
        [number * 10 + 1, number * 10 + 5, number * 10 + 9]
      }
      let merged = try merge(write(Array(files.reversed()), to: folder), countOpenIn: folder)
      #expect(merged.origins.count == 90)
      #expect((1...2).contains(merged.mostOpenAtOnce))
    }
  }

  @Test("one file that is no capture is known before any packet is handed out")
  func badFile() throws {
    try withTemporaryFolder { folder in
      let paths = try write([[1], [2], [3]], to: folder)
      try Data("text".utf8).write(to: URL(filePath: paths[2]))
      #expect(throws: CaptureError.self) { try CaptureMerge(paths: paths, knownSizes: []) }
    }
  }

  @Test("damage in one file ends the merge with an error")
  func damagedFile() throws {
    try withTemporaryFolder { folder in
      let paths = try write([[1, 5], [2, 3]], to: folder)
      let lie = TestFormat.nanoseconds.words([4, 0, 0x7fff_ffff, 0x7fff_ffff, 0])
      let damaged = try Data(contentsOf: URL(filePath: paths[1])) + Data(lie)
      try damaged.write(to: URL(filePath: paths[1]))
      #expect(throws: CaptureError.self) { try merge(paths) }
    }
  }

  @Test("what the caller throws ends the merge")
  func callerThrows() throws {
    struct Stop: Error {}
    try withTemporaryFolder { folder in
      let merge = try CaptureMerge(
        paths: write([[1, 5], [2, 3]], to: folder), knownSizes: [])
      var packets = 0
      #expect(throws: Stop.self) {
        try merge.forEachRun { _ in
        } _: { run, _, _, _ in
          packets += run.count
          if packets > 1 { throw Stop() }
        }
      }
      #expect(packets == 3)
    }
  }

  @Test("streams are merged like files, without their size", arguments: [[0], [1], [0, 1, 2]])
  func streams(named: [Int]) throws {
    let files: [[UInt32]] = [Array(1...3000), [2, 2, 2999], [1, 5, 5000]]
    try withTemporaryFolder { folder in
      var paths = try write(files, to: folder)
      for source in named {
        let data = try Data(contentsOf: URL(filePath: paths[source]))
        paths[source] = folder.appending(path: "stream-\(source)").path
        let path = paths[source]
        let status = unsafe mkfifo(path, 0o600)
        try #require(status == 0)
        // Opening either end waits for the other.
        Thread.detachNewThread {
          try? FileHandle(forWritingAtPath: path)?.write(contentsOf: data)
        }
      }
      let merged = try merge(paths)
      #expect(merged.origins == expected(files))
      #expect(merged.size == nil)
      #expect(merged.outcomes.count == 3)
    }
  }
}
