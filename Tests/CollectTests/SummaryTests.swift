// What `weir-collect read` says at its end.

import Flows
import Foundation
import Tallies
import Testing
import TestSupport

@testable import weir_collect

@Suite struct SummaryTests {
  private static let hour = 1_767_225_600

  /// An answered marked flow, an unmarked one, and a packet of nobody here.
  private static let packets = [
    TestPacket(second: hour + 1, tcpFlags: 0x02),
    TestPacket(second: hour + 2, isInbound: true, isMarked: false),
    TestPacket(second: hour + 3),
    TestPacket(second: hour + 4, servicePort: 80, isMarked: false),
    TestPacket(second: hour + 5, servicePort: 80, isMarked: false),
  ]

  private func summary(
    _ data: Data, _ change: (inout CaptureReading) -> Void = { _ in }
  ) throws -> ReadingSummary {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "one.pcap")
      try data.write(to: file)
      var reading = CaptureReading.test([file.path], ledger: folder.appending(path: "ledger").path)
      change(&reading)
      return try reading.run(progress: nil)
    }
  }

  @Test("the JSON has every field, in snake case, with every reason")
  func json() throws {
    let text = try summary(pcap(Self.packets)).json
    #expect(text.last == "\n")
    let document = try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    var expected: [String: NSObject] = [
      "version": weirVersion as NSString,
      "began": "2026-01-01T00:00:01Z" as NSString, "ended": "2026-01-01T00:00:05Z" as NSString,
    ]
    let numbers = [
      "files": 1, "files_cut_off": 0, "packets": 5, "packets_counted": 3, "flows": 1,
      "flows_answered": 1, "packets_out": 2, "packets_in": 1, "bytes_out": 80, "bytes_in": 40,
      "tallies": 1, "unmarked_flows": 1, "failed_lookups": 0,
    ]
    for (name, number) in numbers { expected[name] = NSNumber(value: number) }
    var reasons = Dictionary(
      uniqueKeysWithValues: LeftOutReason.allCases.map { ($0.rawValue, NSNumber(value: 0)) })
    reasons["unmarked"] = 2
    expected["left_out"] = reasons as NSDictionary
    #expect(document as NSDictionary == expected as NSDictionary)
  }

  @Test("the JSON of an empty capture has no times")
  func jsonOfNothing() throws {
    let text = try summary(pcap([])).json
    let document = try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(document["began"] == nil)
    #expect(document["ended"] == nil)
    #expect(document["packets"] as? Int == 0)
  }

  @Test("the text tells people what was counted, and why the rest was not")
  func text() throws {
    let lines = try summary(pcap(Self.packets)).text.split(separator: "\n").map(String.init)
    #expect(lines.count == 5)
    #expect(lines[0] == "5 packets in 1 file, 2026-01-01T00:00:01Z to 2026-01-01T00:00:05Z")
    #expect(lines[1] == "3 of them counted: 1 flow (1 answered), 80 B out, 40 B in")
    #expect(lines[2].hasPrefix("1 tally added to "))
    #expect(lines[3] == "2 packets left out:")
    #expect(lines[4] == "  2  unmarked flows (1 of them)")
  }

  @Test("there is no warning where all went well")
  func noWarnings() throws {
    #expect(try summary(pcap(Self.packets)).warnings.isEmpty)
  }

  @Test("a file that breaks off, and a full table, are worth a warning")
  func warnings() throws {
    let cut = pcap(Self.packets + [TestPacket(second: Self.hour + 6)]).dropLast(1)
    let summary = try summary(cut) { $0.meter.maximumFlows = 1 }
    #expect(summary.warnings.count == 2)
    #expect(summary.warnings[0].contains("one.pcap ends in the middle of a record"))
    #expect(summary.warnings[1].hasPrefix("2 packets were left out because the flow table was"))
    #expect(summary.json.contains("\"files_cut_off\" : 1"))
  }

  @Test("a damaged database record is worth a warning")
  func damagedRecords() {
    let summary = ReadingSummary(
      paths: [], ledgerPath: "", records: [], total: TallyCounters(), tallies: 0, failedLookups: 3)
    #expect(summary.warnings.count == 1)
    #expect(summary.warnings[0].hasPrefix("3 look-ups met a damaged database record"))
  }
}
