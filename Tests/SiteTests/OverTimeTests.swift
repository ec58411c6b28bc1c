// What the site says over several months, and of itself: trends, bounds, subjects, feed, packages.

import Disclosure
import Foundation
import Tallies
import Testing

@testable import Site

@Suite struct OverTimeTests {
  private static func settings() throws -> SiteSettings {
    var settings = SiteSettings()
    settings.baseAddress = "https://stats.example.org/exit/"
    settings.operatorName = "Example <University>"
    let from = try #require(CalendarDate("2026-10-03"))
    let to = try #require(CalendarDate("2026-10-04"))
    settings.incidents = [
      try #require(Incident(from: from, to: to, text: "Power & <cooling> failed"))
    ]
    return settings
  }

  private func publish(_ months: [ReleasedMonth]) throws -> Workplace {
    let workplace = try Workplace()
    let templates = try SiteTemplates(directory: Workplace.reports)
    try SiteWriter(
      templates: templates, directory: workplace.site, settings: try Self.settings()
    )
    .publish(months)
    return workplace
  }

  @Test("What is likely encrypted lies between what must be and all but what is not")
  func encryptionBounds() throws {
    var builder = try MonthBuilder()
    let classes = try SiteTemplates(directory: Workplace.reports).encryptionClasses
    for (flows, port) in [(500, 22), (4000, 443), (300, 25), (1000, 80), (200, 40_000)] {
      try builder.add(flows: UInt64(flows), port: UInt16(port))
    }
    let policy = try #require(ReleasePolicy(minimumFlows: 20))
    let released = builder.tallies.release(policy: policy, classes: classes)
    let bounds = try #require(EncryptionBounds(released))
    // Every figure is rounded on its own: a tenth of a percent more than what was counted.
    #expect(bounds.lowerShare == "75.1%")
    #expect(bounds.upperShare == "83.3%")
    #expect(bounds.range == "75.1% to 83.3%")
  }

  @Test("Months without data are gaps in the charts, and named on the page of coverage")
  func gaps() throws {
    let workplace = try publish([
      try MonthBuilder.everyKind("2026-08"), try MonthBuilder.everyKind("2026-10"),
    ])
    let index = try workplace.text("index.html")
    #expect(index.contains("no data<span aria-hidden=\"true\"> · September 2026</span>"))
    #expect(try workplace.text("coverage.html").contains("no data at all: September 2026."))
    let months = try workplace.csv("months.csv")
    #expect(months.map { $0["month"] } == ["2026-08", "2026-10"])
    #expect(months[0]["bytes_ipv6"] == "0")
  }

  @Test("A subject has a page that says in which months it was published, and in which not")
  func subjects() throws {
    var other = try MonthBuilder("2026-09")
    try other.add(flows: 5000, port: 22, asn: 64_510, country: "SE")
    let workplace = try publish([try MonthBuilder.everyKind("2026-08"), try other.released()])
    let page = try workplace.text("service-ports/tcp-443.html")
    #expect(page.contains("not published on its own"))
    #expect(page.contains("Usually encrypted"))
    #expect(try workplace.text("autonomous-systems/AS64510.html").contains("<bdi>AS64510</bdi>"))
    #expect(try workplace.text("2026-08/index.html").contains("../countries/DE.html"))
    let rows = try workplace.csv("service-ports/over-time.csv")
    #expect(rows.contains { $0["month"] == "2026-09" && $0["port"] == "22" })
    #expect(!rows.contains { $0["port"] == "50000" })
  }

  @Test("Incidents and the operator's words are text on their pages")
  func words() throws {
    let workplace = try publish([try MonthBuilder.everyKind()])
    for page in ["coverage.html", "2026-10/index.html"] {
      #expect(try workplace.text(page).contains("Power &amp; &lt;cooling&gt; failed"))
    }
    #expect(try workplace.text("about.html").contains("Example &lt;University&gt;"))
  }

  @Test("The feed is there with an address of the site, and its ids are the months'")
  func feed() throws {
    let workplace = try publish([try MonthBuilder.everyKind()])
    let feed = try workplace.text("feed.atom")
    #expect(feed.hasPrefix("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed"))
    #expect(feed.contains("<id>https://stats.example.org/exit/2026-10/index.html</id>"))
    let without = try Workplace()
    try without.writer().publish(try MonthBuilder.everyKind())
    #expect(!FileManager.default.fileExists(atPath: without.site + "/feed.atom"))
    #expect(!(try without.text("index.html").contains("feed.atom")))
  }

  @Test("A data package names each CSV file with its columns, digest and size")
  func dataPackage() throws {
    let workplace = try publish([try MonthBuilder.everyKind()])
    let package = try workplace.json("2026-10/datapackage.json")
    let resources = try #require(package["resources"] as? [[String: Any]])
    let csv = try workplace.files().keys.filter {
      $0.hasPrefix("2026-10/") && $0.hasSuffix(".csv")
    }
    #expect(Set(resources.map { "2026-10/\($0["path"] as? String ?? "")" }) == Set(csv))
    for resource in resources {
      let path = "2026-10/\(try #require(resource["path"] as? String))"
      let header = try #require(try parseCSV(try workplace.text(path)).first).fields
      let schema = try #require(resource["schema"] as? [String: Any])
      let fields = try #require(schema["fields"] as? [[String: Any]])
      #expect(fields.map { $0["name"] as? String } == header)
      #expect(resource["bytes"] as? Int == (try workplace.text(path)).utf8.count)
    }
    let licences = try #require(package["licenses"] as? [[String: String]])
    #expect(licences.first?["name"] == "CC0-1.0")
  }

  @Test(
    "A foreign name is shortened between characters, by what it takes in HTML",
    arguments: [
      ("short", "short"), (String(repeating: "e\u{301}", count: 81), nil),
      (String(repeating: "\"", count: 80), nil), (String(repeating: "W", count: 80), nil),
    ] as [(String, String?)])
  func shortening(_ name: String, _ expected: String?) {
    let short = shortened(name)
    if let expected { #expect(short == expected) }
    #expect(short.count <= 81)
    #expect(ScalarEscaping().escapeText(short).utf8.count <= 243)
    #expect(name.hasPrefix(short.hasSuffix("…") ? String(short.dropLast()) : short))
  }

  @Test(
    "An attribution is linked where it names an address, and nothing else is",
    arguments: [
      ("IP Geolocation by DB-IP (https://db-ip.com)", "", "IP Geolocation by DB-IP"),
      (
        "made by X, available from https://www.example.com", "made by X, available from ",
        "https://www.example.com"
      ),
      ("by <https://example.org/>", "by <", "https://example.org/"),
      (
        "javascript:alert(1) (javascript:alert(1))", "javascript:alert(1) (javascript:alert(1))",
        nil
      ),
      ("https://", "https://", nil),
    ] as [(String, String, String?)])
  func attributions(_ text: String, _ before: String, _ link: String?) {
    let view = AttributionView(text)
    #expect(view.before == before)
    #expect(view.link?.text == link)
  }
}
