// Names come from databases that anybody may have made. None of them may do more than be read.

import Disclosure
import Foundation
import Tallies
import Testing

@testable import Site

@Suite struct HostileTextTests {
  static let names = [
    "<script>alert(1)</script>",
    "\u{600}<script>alert(2)</script>",
    "<\u{338}b>&\u{301}\"\u{301}'\u{301}",
    "\"><img src=x onerror=alert(3)>",
    "{{title}} {{{title}}} {{& title}}",
    "&lt;b&gt; &amp; &#x3c;",
    "</bdi></td></table>",
    "\u{202e}gnirts desrever \u{2066}",
    "مثال للشبكات",
    "null \u{0} bell \u{7} escape \u{1b}[31m noncharacter "
      + String(decoding: [0xef, 0xb7, 0x90] as [UInt8], as: UTF8.self),
    "line\r\nbreak\tand tab\u{85}next",
    String(repeating: "W", count: 300),
    "=1+1", "+1", "-1", "@SUM(A1)", "\u{ff1d}1", "'quoted", "\t=1", " =1", "a;=1", "a, -b", "\";=1",
    "comma, \"quote\"; semicolon",
  ]

  private func publish(_ name: String) throws -> Workplace {
    let workplace = try Workplace()
    var builder = try MonthBuilder()
    try builder.add(flows: 1000, asn: 64_500)
    builder.tallies.name(asn: 64_500, name)
    builder.tallies.add(
      DatabaseRecord(
        sha256: String(repeating: "0", count: 64), kind: .asn, type: name, builtAt: 0,
        licence: name, attribution: name))
    try workplace.writer().publish(try builder.released())
    return workplace
  }

  @Test("In HTML a name is text inside of <bdi>, and nothing else", arguments: names)
  func html(_ name: String) throws {
    let harmless = try elements(of: try publish("x").text("2026-10/index.html"))
    let text = try publish(name).text("2026-10/index.html")
    let page = try elements(of: text)
    #expect(page.map(\.name) == harmless.map(\.name))
    #expect(page.map(\.attributes) == harmless.map(\.attributes))
    let isolated = page.filter { $0.name == "bdi" }.map(\.text)
    #expect(isolated.filter { $0 == ScalarEscaping().escapeText(name) }.count >= 3)
    #expect(isolated.contains(ScalarEscaping().escapeText(shortened(name))))
    #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.isDisplayable })
  }

  @Test("In JSON a name is what it was", arguments: names)
  func json(_ name: String) throws {
    let workplace = try publish(name)
    let document = try workplace.json("2026-10/autonomous-systems.json")
    let rows = try #require(document["rows"] as? [[String: Any]])
    #expect(rows.first?["name"] as? String == name)
  }

  @Test("In CSV a name is one field, of one line, and no formula", arguments: names)
  func csv(_ name: String) throws {
    let workplace = try publish(name)
    let text = try workplace.text("2026-10/autonomous-systems.csv")
    let lines = text.components(separatedBy: "\r\n")
    #expect(lines.count == 3)
    #expect(lines[2].isEmpty)
    let field = try #require(try workplace.csv("2026-10/autonomous-systems.csv").first?["name"])
    #expect(field == withoutFormula(name))
    // However a program splits the line, no cell begins as a formula does.
    let separators: Set<Character> = [",", ";", "\t"]
    for cell in lines[1].split(whereSeparator: separators.contains) {
      let beginning = cell.unicodeScalars.first { !["\"", " "].contains($0) }
      #expect(!("=+-@\u{ff1d}\u{ff0b}\u{ff0d}\u{ff20}".unicodeScalars.contains { $0 == beginning }))
    }
  }

  @Test("A name without anything special is the same everywhere")
  func ordinaryName() {
    for name in ["Example Networks", "Réseau (Nord) & Cie.", "A-B+C=D @ E", "日本の例"] {
      #expect(withoutFormula(name) == name)
    }
  }

  @Test("The apostrophe rule can be undone")
  func apostropheRule() {
    #expect(withoutFormula("=1") == "'=1")
    #expect(withoutFormula("'=1") == "''=1")
    #expect(withoutFormula("  -1") == "  '-1")
    #expect(withoutFormula("a;=1, -2") == "a;'=1, '-2")
    #expect(withoutFormula("a=1") == "a=1")
  }
}
