// A released month as a file.

import Foundation
import Tallies
import TestSupport
import Testing

@testable import Disclosure

@Suite struct DocumentTests {
  private func everyPart(noise: NoisePolicy? = nil) throws -> ReleasedMonth {
    var month = TestMonth()
    for port in UInt16(1)...30 {
      month.add(
        port: port, transport: port == 5 ? 17 : 6, asn: UInt32(port % 16),
        country: port % 4 == 0 ? "FR" : "DE", flows: port == 9 ? 3 : 500, bytes: 4_000_000,
        ipVersion: port == 7 ? 6 : 4, day: Int64(port))
    }
    var exact = month.exact
    for relay in ["one", "two “2”"] {
      exact.begin(relay: relay)
      for (key, counters) in month.tallies { exact.add(key, counters) }
    }
    for asn in UInt32(0)...15 { exact.name(asn: asn, "AS <\(asn)> \"é\u{202e}\" / \u{1}") }
    var capture = CaptureRecord()
    let begin = TestMonth.month.seconds.lowerBound
    capture.observed = ObservedTime(intervals: [begin + 5...begin + 100_000])
    capture.packets = 123_456
    capture.leftOut[.fragment] = 4000
    exact.add(capture)
    exact.add(
      DatabaseRecord(
        sha256: "ab", kind: .asn, type: "T", builtAt: -5, licence: "L", attribution: "©"))
    exact.add(CollectorRecord(version: "1", configurationHash: "cd"))
    exact.add(CollectorRecord(version: "1", configurationHash: "cd", programDigest: "ef"))
    var version = ReleaseVersion(finalFrom: TestMonth.month.seconds.upperBound + 60)
    let day = try #require(CalendarDate("2026-02-28"))
    version.revisions = [
      Revision(number: 2, date: day, reason: "why\n\"not\""),
      Revision(number: 3, date: day, reason: ""),
    ]
    let shown: [ReleasedSubject] = [
      .tcp(9), .tcp(8), .system(4_294_967_295), .country("ZZ"), .ipVersion(6), .transport(17),
      .january(31), .relay("three"), .encryptionClass(.opportunistic),
    ]
    for (number, subject) in shown.enumerated() {
      version.shownBefore[subject] = KnownFigures(flows: UInt64(number), bytesOut: 70, bytesIn: 7)
    }
    return exact.release(
      policy: try .test(noise: noise),
      classes: EncryptionClasses([ServicePort(transport: 6, port: 1): .encryptedByProtocol]),
      version: version)
  }

  @Test("what is written is read again, whatever is in it, and written the same")
  func roundTrip() throws {
    for released in [
      try everyPart(), try everyPart(noise: NoisePolicy()),
      TestMonth().exact.release(policy: try .test()),
    ] {
      let document = released.document()
      let read = try ReleasedMonth(document: document)
      #expect(read == released)
      #expect(read.document() == document)
    }
    #expect(try everyPart().tables.map(\.dimension) == ReleasedTable.Dimension.allCases)
  }

  @Test("a later format is told from a damaged file")
  func formats() throws {
    let text = String(decoding: try everyPart().document(), as: UTF8.self)
    #expect(text.contains("\"format\" : 1,"))
    #expect(throws: ReleasedDocumentError.laterFormat(2)) {
      try ReleasedMonth(
        document: Array(text.replacing("\"format\" : 1,", with: "\"format\" : 2,").utf8))
    }
  }

  @Test(
    "what no release could have written is refused",
    arguments: [
      ("\"month\" : \"2026-01\"", "\"month\" : \"2026-13\""),
      ("\"month\" : \"2026-01\"", "\"month\" : \"2026-02\""),
      ("\"status\" : \"final\"", "\"status\" : \"fine\""),
      ("\"minimum_flows\" : 20", "\"minimum_flows\" : 19"),
      ("\"dominance_percent\" : 10", "\"dominance_percent\" : 1"),
      ("\"round_flows\" : 10", "\"round_flows\" : 1"),
      ("\"dimension\" : \"day\"", "\"dimension\" : \"hour\""),
      ("\"kind\" : \"asn\"", "\"kind\" : \"city\""),
      ("\"date\" : \"2026-02-28\"", "\"date\" : \"\""),
      ("\"seconds_by_day\" : [", "\"seconds_by_day\" : [ 1,"), ("\"flows\" : ", "\"flows\" : -"),
      ("\"transport\" : 6", "\"transport\" : 600"), ("{", "["),
    ])
  func refused(found: String, replacement: String) throws {
    let text = String(decoding: try everyPart().document(), as: UTF8.self)
    #expect(text.contains(found))
    #expect(throws: ReleasedDocumentError.self) {
      try ReleasedMonth(document: Array(text.replacing(found, with: replacement).utf8))
    }
  }
}
