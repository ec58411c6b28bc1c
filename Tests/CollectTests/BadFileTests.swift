// What is no capture is refused: with the right exit code, a message, and nothing counted.

import ArgumentParser
import Foundation
import Testing
import TestSupport

@testable import weir_collect

@Suite struct BadFileTests {
  @Test(
    "a file that is no capture gives its exit code and no ledger",
    arguments: Fixtures.cases(in: Fixtures.badFiles))
  func refused(name: String) throws {
    let bad = try FixtureCase(name, in: Fixtures.badFiles)
    let expected = ExitCode(try #require(bad.exit))
    try withTemporaryFolder { folder in
      let ledger = folder.appending(path: "ledger").path
      let arguments = bad.arguments(in: Fixtures.badFiles, ledger: ledger) + ["--quiet"]
      let command = try ReadCommand.parse(arguments)
      #expect(throws: expected, Comment(rawValue: bad.about)) { try command.read {} }
      #expect(Fixtures.files(in: folder) == [], "nothing is left behind")
    }
  }

  @Test(
    "the message for a file that is no capture names the file",
    arguments: Fixtures.cases(in: Fixtures.badFiles))
  func named(name: String) throws {
    let bad = try FixtureCase(name, in: Fixtures.badFiles)
    let culprit = try #require(bad.files.last)
    try withTemporaryFolder { folder in
      let reading = CaptureReading.test(
        bad.files.map { Fixtures.badFiles.appending(path: $0).path },
        ledger: folder.appending(path: "ledger").path)
      let error = try #require(throws: (any Error).self) { try reading.run(progress: nil) }
      #expect("\(error)".contains(culprit))
      #expect("\(error)".first?.isUppercase == false)
      #expect("\(error)".last != ".")
    }
  }

  @Test(
    "a damaged second file leaves a ledger as it was",
    arguments: ["captured-length-huge.pcap", "text.txt"])
  func untouched(bad: String) throws {
    try withTemporaryFolder { folder in
      let ledger = folder.appending(path: "ledger").path
      let good = Fixtures.rules.appending(path: "table-full.pcap").path
      let other = Fixtures.rules.appending(path: "vlan-one.pcap").path
      _ = try CaptureReading.test([good], ledger: ledger).run(progress: nil)
      let before = try LedgerContents(path: ledger)

      let damaged = Fixtures.badFiles.appending(path: bad).path
      #expect(throws: (any Error).self) {
        try CaptureReading.test([other, damaged], ledger: ledger).run(progress: nil)
      }
      #expect(try LedgerContents(path: ledger) == before)
      // Nor is the sound one remembered as read.
      _ = try CaptureReading.test([other], ledger: ledger).run(progress: nil)
      #expect(try LedgerContents(path: ledger).captures.count == 2)
    }
  }

  @Test("a file that is not there is no input, and a folder neither")
  func missing() throws {
    try withTemporaryFolder { folder in
      for path in [folder.appending(path: "no.pcap").path, folder.path] {
        let reading = CaptureReading.test([path], ledger: folder.appending(path: "ledger").path)
        let error = try #require(throws: (any Error).self) { try reading.run(progress: nil) }
        #expect(report(error) == ExitCode(66))
        #expect("\(error)".contains(path))
      }
    }
  }
}
