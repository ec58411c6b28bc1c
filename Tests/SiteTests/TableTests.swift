// The figures on pages and in data files are those that were released, all of them, and no others.

import Disclosure
import Foundation
import Tallies
import Testing

@testable import Site

@Suite struct TableTests {
  private let workplace: Workplace
  private let month: ReleasedMonth

  init() throws {
    workplace = try Workplace()
    month = try MonthBuilder.everyKind()
    try workplace.writer().publish(month)
  }

  private static func values(_ figures: ReleasedFigures) -> [String: UInt64] {
    [
      "flows": figures.flows, "flows_answered": figures.flowsAnswered,
      "packets_out": figures.packetsOut, "packets_in": figures.packetsIn,
      "bytes_out": figures.bytesOut, "bytes_in": figures.bytesIn,
    ]
  }

  private func subject(_ subject: ReleasedSubject) -> [String: String] {
    switch subject {
    case .servicePort(let service):
      ["transport": service.transportName, "port": String(service.port)]
    case .autonomousSystem(let asn, let name): ["asn": String(asn), "name": name]
    case .country(let code): ["country": code.description]
    case .encryptionClass(let kind): ["class": kind.rawValue]
    case .ipVersion(let number): ["ip_version": String(number)]
    case .transport(let number): ["transport": transportName(number)]
    case .day(let date): ["day": date.description]
    case .relay(let name): ["relay": name]
    }
  }

  @Test("A CSV file has every released row, in order, and “other” last")
  func csvHasEveryRow() throws {
    for table in month.tables {
      let lines = try workplace.csv("2026-10/\(table.dimension.fileName).csv")
      #expect(lines.count == table.rows.count + (table.other == nil ? 0 : 1))
      for (line, row) in zip(lines, table.rows) {
        #expect(line["kind"] == "row")
        #expect(line["rows"] == "1")
        for (key, value) in subject(row.subject) { #expect(line[key] == value) }
        for (key, value) in Self.values(row.figures) { #expect(line[key] == String(value)) }
      }
      guard let other = table.other else { continue }
      let last = try #require(lines.last)
      #expect(last["kind"] == "other")
      #expect(last["rows"] == other.rows.map { String($0) } ?? "")
      for (key, value) in Self.values(other.figures) { #expect(last[key] == String(value)) }
    }
  }

  @Test("In every CSV file, the lines add up to the totals, but for their rounding")
  func csvAddsUp() throws {
    let total = Self.values(try #require(month.total))
    for dimension in month.tables.map(\.dimension) {
      let lines = try workplace.csv("2026-10/\(dimension.fileName).csv")
      for (key, value) in total {
        let sum = lines.reduce(0) { $0 + (Int64($1[key] ?? "") ?? 0) }
        let unit: Int64 = key.hasPrefix("flows") ? 10 : key.hasPrefix("packets") ? 1000 : 1_048_576
        #expect(abs(sum - Int64(value)) <= unit * Int64(lines.count + 1) / 2)
      }
    }
    let line = try #require(try workplace.csv("2026-10/totals.csv").first)
    #expect(line["month"] == "2026-10")
    for (key, value) in total { #expect(line[key] == String(value)) }
  }

  @Test("A JSON file has every released row, “other” and the total")
  func jsonHasEveryRow() throws {
    for table in month.tables {
      let document = try workplace.json("2026-10/\(table.dimension.fileName).json")
      #expect(document["format"] as? Int == 1)
      #expect(document["month"] as? String == "2026-10")
      #expect(document["dimension"] as? String == table.dimension.rawValue)
      #expect(document["minimum_flows"] as? UInt64 == 20)
      #expect((document["units"] as? [String: String])?["bytes_in"] == "byte")
      let rows = try #require(document["rows"] as? [[String: Any]])
      #expect(rows.count == table.rows.count)
      for (row, released) in zip(rows, table.rows) {
        for (key, value) in subject(released.subject) {
          #expect(row[key].map { "\($0)" } == value)
        }
        for (key, value) in Self.values(released.figures) { #expect(row[key] as? UInt64 == value) }
      }
      let other = document["other"] as? [String: Any]
      #expect(other?["rows"] as? Int == table.other?.rows)
      let total = try #require(document["total"] as? [String: Any])
      #expect(total["bytes_in"] as? UInt64 == month.total?.bytesIn)
    }
  }

  @Test("A number beyond 2^53 is exact in JSON and CSV")
  func largeNumbersAreExact() throws {
    var builder = try MonthBuilder("2026-11")
    try builder.add(flows: 123_456_789_012_345)
    try workplace.writer().publish(try builder.released())
    let bytes = try #require(try builder.released().total).bytesIn
    #expect(bytes > 1 << 60)
    #expect(try workplace.text("2026-11/totals.json").contains(": \(bytes),"))
    #expect(try workplace.csv("2026-11/totals.csv").first?["bytes_in"] == String(bytes))
  }

  @Test("The page shows the released rows, each with its exact bytes")
  func pageHasEveryRow() throws {
    let page = try elements(of: try workplace.text("2026-10/index.html"))
    let exact = Set(page.compactMap { $0.name == "data" ? $0.attributes["value"] : nil })
    for table in month.tables {
      for figures in table.rows.map(\.figures) + (table.other.map { [$0.figures] } ?? []) {
        #expect(exact.contains(String(figures.bytes)))
        #expect(exact.contains(String(figures.bytesOut)))
      }
    }
    let headers = page.filter { $0.name == "th" && $0.attributes["scope"] == "row" }.map(\.text)
    for subject in [
      "443/tcp https", "53/udp domain", "40123/tcp", "AS64500 Example", "No AS", "Germany", "XK",
      "Unknown ZZ", "Total",
    ] {
      #expect(headers.contains { $0.hasPrefix(subject) }, "\(subject)")
    }
    #expect(headers.filter { $0.hasPrefix("Other ") }.count == 4)
    #expect(!headers.contains { $0.hasPrefix("50000/tcp") })
  }

  @Test("Coverage, reasons, rule and databases are on the page and in coverage.json")
  func coverageIsStated() throws {
    let page = try workplace.text("2026-10/index.html")
    for statement in [
      "20 days of 31 days", "64.5%", "2,000,000", "1,680,000", "320,000", "Unmarked flows",
      "20 flows for a row of its own", "Example-ASN", "CC BY-SA 4.0", "licence not known",
      String(repeating: "5e", count: 32),
    ] {
      #expect(page.contains(statement), "\(statement)")
    }
    let coverage = try workplace.json("2026-10/coverage.json")
    #expect(coverage["seconds_observed"] as? Int == 20 * 86_400)
    #expect(coverage["captures_cut_off"] as? Int == 1)
    #expect(coverage["packets_dropped"] as? Int == 77)
    let packets = try #require(coverage["packets"] as? [String: Any])
    #expect((packets["left_out"] as? [String: Int])?["unmarked"] == 320_000)
    #expect((packets["left_out"] as? [String: Int])?["not_ip"] == 0)
    let databases = try #require(coverage["databases"] as? [[String: String]])
    #expect(databases.map { $0["kind"] } == ["asn", "country"])
    #expect(databases[0]["built"] == "2026-09-21")
  }

  @Test("The index lists months newest first, with flows, bytes and coverage")
  func indexListsMonths() throws {
    try workplace.writer().publish([
      try MonthBuilder.everyKind("2026-09"), try MonthBuilder.everyKind("2027-01"),
    ])
    let index = try elements(of: try workplace.text("index.html"))
    let months = index.filter {
      $0.attributes["href"]?.hasPrefix("20") == true
        && $0.attributes["href"]?.hasSuffix("/index.html") == true
    }
    // The latest month comes first of all, and again in its place.
    #expect(
      months.map(\.text) == ["January 2027", "January 2027", "October 2026", "September 2026"])
    let total = try #require(month.total)
    let text = try workplace.text("index.html")
    #expect(
      text.components(separatedBy: "<td class=\"number\">\(grouped(total.flows))<").count == 4)
    #expect(text.contains("<data value=\"\(total.bytes)\">\(iecBytes(total.bytes))</data>"))
    #expect(text.contains("64.5%"))
  }
}
