import MarkCheck
import Testing

@Suite("A torrc's text") struct TorrcLineTests {
  static let texts: [(String, [String])] = [
    ("", []),
    ("\n\n# only a comment", []),
    ("ORPort 9001", ["ORPort=9001"]),
    ("  ORPort\t9001 \r\nExitRelay 1\r\n", ["ORPort=9001", "ExitRelay=1"]),
    ("ORPort 9001 # why", ["ORPort=9001"]),
    ("ORPort#9001", ["ORPort="]),
    ("ORPort", ["ORPort="]),
    ("ORPort 1.2.3.4:9001 NoListen", ["ORPort=1.2.3.4:9001 NoListen"]),
    ("+ORPort 9001\n/ExitPolicy x", ["+ORPort=9001", "/ExitPolicy="]),
    (
      "ExitPolicy accept *:80, \\\n  accept *:443\nX 1",
      ["ExitPolicy=accept *:80,   accept *:443", "X=1"]
    ),
    ("ExitPolicy a,\\\n# within\nb\nX 1", ["ExitPolicy=a,b", "X=1"]),
    ("ORPort\\\n 9001", ["ORPort= 9001"]),
    ("Nickname a\\b", ["Nickname=a\\b"]),
    (
      "ContactInfo \"a # \\\"b\\\" \\x41\\101\\n\" # c\nX 1", ["ContactInfo=a # \"b\" AA\n", "X=1"]
    ),
    ("ContactInfo a \"b\"", ["ContactInfo=a \"b\""]),
    ("ContactInfo \"\"\nX 1", ["ContactInfo=", "X=1"]),
    ("%include /etc/torrc.d/*.conf", ["%include=/etc/torrc.d/*.conf"]),
    ("ORPort 9001\0ExitRelay 1", ["ORPort=9001"]),
  ]

  @Test("is read as tor reads it", arguments: texts)
  func entries(text: String, expected: [String]) throws {
    let lines = try torrcLines(Array(text.utf8))
    let signs: [TorrcLine.Command: String] = [.set: "", .append: "+", .clear: "/"]
    #expect(lines.map { "\(signs[$0.command] ?? "?")\($0.name)=\($0.value)" } == expected)
  }

  static let wrong: [(String, TorrcError.Reason, Int)] = [
    ("ContactInfo \"a", .badEscape, 1),
    ("X 1\nContactInfo \"a\n\"", .badEscape, 2),
    ("ContactInfo \"a\\q\"", .badEscape, 1),
    ("ContactInfo \"a\\x4\"", .badEscape, 1),
    ("ContactInfo \"a\\777\"", .badEscape, 1),
    ("ContactInfo \"a\\", .badEscape, 1),
    ("X 1\n\nContactInfo \"a\" b", .excessAfterQuote, 3),
  ]

  @Test("that tor refuses is an error with its line", arguments: wrong)
  func errors(text: String, reason: TorrcError.Reason, line: Int) {
    #expect(throws: TorrcError(reason: reason, line: line)) { try torrcLines(Array(text.utf8)) }
  }

  @Test("tells the line that each entry begins in")
  func numbers() throws {
    let lines = try torrcLines(Array("A 1\n\n# c\nB 2\\\n3\nC 4".utf8))
    #expect(lines.map(\.number) == [1, 4, 6])
  }

  @Test("cut off anywhere has the entries that were whole")
  func prefixes() throws {
    for (text, _) in Self.texts {
      let bytes = Array(text.utf8)
      for count in 0...bytes.count {
        // An error is an answer too: a quote may be cut.
        guard let lines = try? torrcLines(Array(bytes[..<count])) else { continue }
        #expect(lines.allSatisfy { line in !line.name.contains("\n") && line.number >= 1 })
      }
      let whole = try torrcLines(bytes)
      #expect(try torrcLines(bytes + Array("\n".utf8)) == whole)
    }
  }
}
