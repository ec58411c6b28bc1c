// A month with as many rows as there can be: complete in the data files, and still a small page.

import Disclosure
import Foundation
import Tallies
import Testing

@testable import Site

@Suite struct LargeMonthTests {
  /// Pages are for slow circuits and small machines.
  static let largestPage = 204_800

  @Test(
    "A month with every port of TCP and UDP has as many as may be in the data, and a small page")
  func everyPort() throws {
    let workplace = try Workplace()
    var builder = try MonthBuilder()
    for port in UInt16.min...UInt16.max {
      try builder.add(flows: 20 + UInt64(port), port: port)
      try builder.add(flows: 20 + UInt64(port) / 2, port: port, transport: 17)
    }
    let month = try builder.released(rows: 1000)
    try workplace.writer().publish(month)

    let table = try #require(month.tables.first { $0.dimension == .servicePort })
    #expect(table.rows.count == 1000)
    let text = try workplace.text("2026-10/service-ports.csv")
    #expect(text.utf8.count { $0 == 0x0a } == 1 + 1000 + 1)

    let page = try workplace.text("2026-10/index.html")
    #expect(page.utf8.count < Self.largestPage)
    let exact = try elements(of: page).compactMap {
      $0.name == "data" ? $0.attributes["value"].flatMap { UInt64($0) } : nil
    }
    let shown = table.rows.prefix(SiteWriter.rowsOnPage)
    #expect(shown.allSatisfy { exact.contains($0.figures.bytes) })
    let further = table.rows.dropFirst(SiteWriter.rowsOnPage).reduce(UInt64(0)) {
      $0 + $1.figures.bytes
    }
    #expect(exact.contains(further))
    #expect(page.contains("950 further rows, in the data files"))
  }

  @Test("With three full tables of long names, every page stays below the same size")
  func fullTables() throws {
    let workplace = try Workplace()
    var builder = try MonthBuilder()
    let letters = (UInt8(0x41)...0x5a).map { String(UnicodeScalar($0)) }
    let codes = letters.flatMap { first in letters.map { first + $0 } }
    for number in UInt32(0)..<600 {
      try builder.add(
        flows: 1000 + UInt64(number), port: UInt16(number), asn: 4_200_000_000 + number,
        country: codes[Int(number)])
      builder.tallies.name(asn: 4_200_000_000 + number, String(repeating: "\"<&> ", count: 20))
    }
    try workplace.writer().publish(try builder.released(rows: 1000))
    for (file, contents) in try workplace.files() where file.hasSuffix(".html") {
      #expect(contents.count < Self.largestPage, "\(file)")
    }
    // More have been published than have a page; the others are in the data.
    let list = try workplace.text("autonomous-systems/index.html")
    #expect(list.contains("350 more were published"))
    #expect(try workplace.csv("autonomous-systems/over-time.csv").count == 600)
  }
}
