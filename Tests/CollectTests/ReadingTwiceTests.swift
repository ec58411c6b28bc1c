// A capture counts once, however often and under whatever name it is read.

import ArgumentParser
import Foundation
import Testing
import TestSupport

@testable import weir_collect

@Suite struct ReadingTwiceTests {
  private static let hour = 1_767_225_600
  private static let packets = (0..<6).map { TestPacket(second: hour + $0) }

  /// What a refused reading says; it must leave the ledger as it is.
  private func refusal(_ paths: [String], ledger: String) throws -> AlreadyRead {
    let before = try? LedgerContents(path: ledger)
    let error = try #require(throws: AlreadyRead.self) {
      try CaptureReading.test(paths, ledger: ledger).run(progress: nil)
    }
    #expect((try? LedgerContents(path: ledger)) == before)
    #expect(report(error) == ExitCode(65))
    return error
  }

  @Test("reading a file twice is refused, also under another name")
  func twice() throws {
    try withTemporaryFolder { folder in
      let ledger = folder.appending(path: "ledger").path
      let file = folder.appending(path: "one.pcap")
      let copy = folder.appending(path: "copy.pcap")
      try pcap(Self.packets).write(to: file)
      try pcap(Self.packets).write(to: copy)
      _ = try CaptureReading.test([file.path], ledger: ledger).run(progress: nil)
      for path in [file.path, copy.path] {
        let refusal = try refusal([path], ledger: ledger)
        #expect(refusal.path == path)
        #expect(!refusal.onlyItsBeginning)
        #expect(!refusal.isRepeated)
        #expect(refusal.description.contains("--again"))
      }
    }
  }

  @Test("a file that was read is refused before any work is done on the others")
  func beforeTheWork() throws {
    try withTemporaryFolder { folder in
      let ledger = folder.appending(path: "ledger").path
      let file = folder.appending(path: "one.pcap")
      try pcap(Self.packets).write(to: file)
      _ = try CaptureReading.test([file.path], ledger: ledger).run(progress: nil)
      let noCapture = Fixtures.badFiles.appending(path: "text.txt").path
      #expect(try refusal([noCapture, file.path], ledger: ledger).path == file.path)
    }
  }

  @Test("--again counts twice")
  func again() throws {
    try withTemporaryFolder { folder in
      let ledger = folder.appending(path: "ledger").path
      let file = folder.appending(path: "one.pcap")
      try pcap(Self.packets).write(to: file)
      _ = try CaptureReading.test([file.path], ledger: ledger).run(progress: nil)
      let once = try LedgerContents(path: ledger)
      _ = try CaptureReading.test([file.path], ledger: ledger, again: true).run(progress: nil)
      let twice = try LedgerContents(path: ledger)
      #expect(once.tallies.map { $0[6] } == ["1"])
      #expect(twice.tallies.map { $0[6] } == ["2"])
      #expect(twice.tallySum(8) == 2 * once.tallySum(8))
      #expect(twice.captures.count == 2)
      #expect(twice.databases == once.databases)
    }
  }

  @Test("the command's --again reaches the reading")
  func againOption() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "one.pcap")
      try pcap(Self.packets).write(to: file)
      let arguments = [
        file.path, "--quiet", "--exit-address", "192.0.2.10",
        "--ledger", folder.appending(path: "ledger").path,
        "--asn-database", Fixtures.asnDatabase, "--country-database", Fixtures.countryDatabase,
      ]
      try ReadCommand.parse(arguments).read {}
      #expect(throws: ExitCode(65)) { try ReadCommand.parse(arguments).read {} }
      try ReadCommand.parse(arguments + ["--again"]).read {}
    }
  }

  @Test("the same content twice in one command is refused, and makes no ledger")
  func repeated() throws {
    try withTemporaryFolder { folder in
      let ledger = folder.appending(path: "ledger").path
      let (file, copy) = (folder.appending(path: "one.pcap"), folder.appending(path: "two.pcap"))
      try pcap(Self.packets).write(to: file)
      try pcap(Self.packets).write(to: copy)
      for paths in [[file.path, file.path], [file.path, copy.path]] {
        let refusal = try refusal(paths, ledger: ledger)
        #expect(refusal.isRepeated)
        #expect(refusal.path == paths[1])
      }
      #expect(Fixtures.files(in: folder) == ["one.pcap", "two.pcap"])
    }
  }

  @Test("a file that has grown since it was read is recognised", arguments: [1, 3, 5])
  func grown(packetsBefore: Int) throws {
    try withTemporaryFolder { folder in
      let ledger = folder.appending(path: "ledger").path
      let file = folder.appending(path: "growing.pcap")
      try pcap(Array(Self.packets.prefix(packetsBefore))).write(to: file)
      _ = try CaptureReading.test([file.path], ledger: ledger).run(progress: nil)
      try pcap(Self.packets).write(to: file)
      let refusal = try refusal([file.path], ledger: ledger)
      #expect(refusal.onlyItsBeginning)
      #expect(refusal.description.contains("has grown"))
    }
  }

  @Test("a file with another beginning of the same length is another file")
  func otherBeginning() throws {
    try withTemporaryFolder { folder in
      let ledger = folder.appending(path: "ledger").path
      let (one, two) = (folder.appending(path: "one.pcap"), folder.appending(path: "two.pcap"))
      try pcap(Array(Self.packets.prefix(3))).write(to: one)
      try pcap(Self.packets.map { TestPacket(second: $0.second, servicePort: 80) }).write(to: two)
      _ = try CaptureReading.test([one.path], ledger: ledger).run(progress: nil)
      _ = try CaptureReading.test([two.path], ledger: ledger).run(progress: nil)
      #expect(try LedgerContents(path: ledger).tallies.map { $0[3] } == ["80", "443"])
    }
  }

  @Test("a file without packets can be read again: there is nothing to count twice")
  func empty() throws {
    try withTemporaryFolder { folder in
      let ledger = folder.appending(path: "ledger").path
      let empty = folder.appending(path: "empty.pcap")
      let full = folder.appending(path: "full.pcap")
      try pcap([]).write(to: empty)
      try pcap(Self.packets).write(to: full)
      _ = try CaptureReading.test([empty.path, empty.path], ledger: ledger).run(progress: nil)
      _ = try CaptureReading.test([empty.path, full.path], ledger: ledger).run(progress: nil)
      #expect(try LedgerContents(path: ledger).captures.count == 4)
    }
  }
}
