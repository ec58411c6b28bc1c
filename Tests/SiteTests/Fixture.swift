// What the tests share: months made of few or many tallies, a place to publish them, and ways to
// look at what came of it.

import Disclosure
import Foundation
import Glibc
import Tallies
import Testing

@testable import Site

/// A month made of tallies.
struct MonthBuilder {
  let month: CalendarMonth
  var tallies: MonthTallies

  init(_ month: String = "2026-10") throws {
    self.month = try #require(CalendarMonth(month))
    tallies = MonthTallies(month: self.month)
  }

  /// Adds a tally. Every counter is told apart from the others by its size.
  mutating func add(
    flows: UInt64, port: UInt16 = 443, transport: UInt8 = 6, asn: UInt32 = 64_500,
    country: String = "DE"
  ) throws {
    var counters = TallyCounters()
    counters.flows = flows
    counters.flowsAnswered = flows - flows / 10
    counters.packetsOut = flows * 11
    counters.packetsIn = flows * 17
    counters.bytesOut = flows * 1_301
    counters.bytesIn = flows * 90_007
    let network = Network(asn: asn, country: try #require(CountryCode(country)))
    let key = TallyKey(
      hour: month.seconds.lowerBound, ipVersion: 4, transport: transport, servicePort: port,
      network: network)
    tallies.add(key, counters)
  }

  func released(minimumFlows: UInt64 = 20, rows: Int = 50) throws -> ReleasedMonth {
    tallies.release(
      policy: try #require(ReleasePolicy(minimumFlows: minimumFlows, rows: rows)))
  }

  /// A month with a row of every kind: named and not, known and not, shown and folded.
  static func everyKind(_ month: String = "2026-10") throws -> ReleasedMonth {
    var builder = try MonthBuilder(month)
    try builder.add(flows: 50_000, port: 443, asn: 64_500, country: "DE")
    try builder.add(flows: 9_000, port: 80, asn: 64_501, country: "FR")
    try builder.add(flows: 700, port: 53, transport: 17, asn: 0, country: "ZZ")
    try builder.add(flows: 300, port: 40_123, asn: 64_502, country: "XK")
    for port in UInt16(50_000)..<50_007 {
      try builder.add(flows: 5, port: port, asn: 64_600 + UInt32(port % 5), country: "IS")
    }
    try builder.add(flows: 6, port: 50_100, asn: 64_700, country: "MT")
    builder.tallies.name(asn: 64_500, "Example Networks")
    builder.tallies.name(asn: 64_501, "Réseau d’exemple, \"SA\"")
    var capture = CaptureRecord()
    let begin = builder.month.seconds.lowerBound
    capture.observed = ObservedTime(intervals: [begin...begin + 86_400 * 20 - 1])
    capture.packets = 2_000_000
    capture.packetsCounted = 1_680_000
    capture.leftOut[.unmarked] = 319_990
    capture.leftOut[.fragment] = 10
    capture.droppedByKernel = 77
    capture.isCutOff = true
    builder.tallies.add(capture)
    builder.tallies.add(
      DatabaseRecord(
        sha256: String(repeating: "5e", count: 32), kind: .asn, type: "Example-ASN",
        builtAt: 1_790_000_000, licence: "CC BY-SA 4.0",
        attribution: "Contains data by Example <https://example.org/>"))
    builder.tallies.add(
      DatabaseRecord(
        sha256: String(repeating: "a7", count: 32), kind: .country, type: "Example-Country",
        builtAt: 1_790_100_000, licence: "", attribution: ""))
    return try builder.released()
  }
}

/// A directory that is there for one test.
final class Workplace {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/weir-site-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var site: String { path + "/site" }

  /// The reports folder of the repository.
  static let reports = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "reports").path

  func writer() throws -> SiteWriter {
    SiteWriter(templates: try SiteTemplates(directory: Self.reports), directory: site)
  }

  func text(_ file: String) throws -> String {
    try String(contentsOfFile: "\(site)/\(file)", encoding: .utf8)
  }

  func json(_ file: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(filePath: "\(site)/\(file)"))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  /// The records of a CSV file, each by the names of its header.
  func csv(_ file: String) throws -> [[String: String]] {
    let records = try parseCSV(try text(file))
    let header = try #require(records.first).fields
    return records.dropFirst().map {
      Dictionary(uniqueKeysWithValues: zip(header, $0.fields))
    }
  }

  /// Every file of the site with its contents.
  func files() throws -> [String: Data] {
    var files: [String: Data] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: site) {
      let attributes = try FileManager.default.attributesOfItem(atPath: "\(site)/\(path)")
      if attributes[.type] as? FileAttributeType == .typeRegular {
        files[path] = try Data(contentsOf: URL(filePath: "\(site)/\(path)"))
      }
    }
    return files
  }

  /// What stands beside the site, other than its lock.
  func besideTheSite() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path)
      .filter { $0 != "site" && $0 != ".site.lock" }
  }
}
