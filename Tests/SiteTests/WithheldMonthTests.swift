// A month with too few flows says that it has no figures, and has none anywhere.

import Disclosure
import Foundation
import Tallies
import Testing

@testable import Site

@Suite struct WithheldMonthTests {
  private func publishWithheld() throws -> Workplace {
    let workplace = try Workplace()
    var builder = try MonthBuilder()
    try builder.add(flows: 19)
    var capture = CaptureRecord()
    capture.packets = 600_000
    capture.packetsCounted = 1_234
    capture.leftOut[.unmarked] = 598_766
    builder.tallies.add(capture)
    try workplace.writer().publish(try builder.released())
    return workplace
  }

  @Test("Page and index say so plainly")
  func saysSo() throws {
    let workplace = try publishWithheld()
    let page = try workplace.text("2026-10/index.html")
    #expect(page.contains("fewer than 20 flows were observed, or most of the bytes"))
    #expect(try workplace.text("index.html").contains("not published: fewer than 20 flows"))
    #expect(!page.contains("class=\"traffic\""))
  }

  @Test("No file has a figure of the traffic, not even how many packets were counted")
  func noFigures() throws {
    let workplace = try publishWithheld()
    for (file, contents) in try workplace.files() {
      let text = String(decoding: contents, as: UTF8.self)
      for figure in ["1234", "1,234", "598766", "598,766", String(19 * 1_301)] {
        #expect(!text.contains(figure), "\(file)")
      }
    }
  }

  @Test("Data files keep their columns and have null for figures")
  func filesKeepTheirForm() throws {
    let workplace = try publishWithheld()
    #expect(
      try workplace.text("2026-10/service-ports.csv")
        == "kind,transport,port,service,rows,flows,flows_answered,packets_out,packets_in,"
        + "bytes_out,bytes_in\r\n")
    for file in ["totals.json", "countries.json", "month.json"] {
      #expect(try workplace.json("2026-10/\(file)")["total"] is NSNull)
    }
    #expect(try workplace.json("2026-10/coverage.json")["packets"] is NSNull)
  }

  @Test("A month without any traffic can be published beside others")
  func emptyMonth() throws {
    let workplace = try publishWithheld()
    try workplace.writer().publish(try MonthBuilder("2026-11").released())
    #expect(try workplace.text("index.html").contains("November 2026"))
    _ = try elements(of: try workplace.text("2026-11/index.html"))
  }
}
