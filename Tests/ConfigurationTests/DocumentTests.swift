// What is read of a configuration, and what is refused where.

import Configuration
import Testing
import TestSupport

func configuration(_ text: String) throws -> ConfigurationDocument {
  try ConfigurationDocument(Array(text.utf8), file: "collect.toml")
}

/// The error of a text that is refused.
func refusal(_ text: String) -> String? {
  do {
    _ = try configuration(text)
    return nil
  } catch {
    return "\(error)"
  }
}

@Suite struct DocumentTests {
  @Test("entries, tables and comments are read with their lines")
  func whole() throws {
    let text = """
      # a comment
      interface = "eth0"  # another
      \tdscp=7

      exit-address = [  # several
        "192.0.2.10",
        '2001:db8::/64',  # trailing comma
      ]
      every-flow = false
      [ pages ]
      title = 'C:\\new "x"'
      \r
      [empty]
      """
    let document = try configuration(text)
    #expect(document.tables.map(\.name) == ["", "pages", "empty"])
    #expect(document.tables.map(\.place.line) == [1, 10, 13])
    #expect(document.root["interface"]?.value == .string("eth0"))
    #expect(document.root["dscp"]?.value == .integer(7))
    #expect(document.root["dscp"]?.place.line == 3)
    #expect(document.root["every-flow"]?.value == .boolean(false))
    #expect(document.root["title"] == nil)
    #expect(document[table: "pages"]?["title"]?.value == .string(#"C:\new "x""#))
    let addresses = try #require(document.root["exit-address"])
    #expect(try addresses.strings().map(\.text) == ["192.0.2.10", "2001:db8::/64"])
    #expect(try addresses.strings().map(\.place.line) == [6, 7])
    #expect("\(addresses.place)" == "collect.toml:5")
  }

  @Test(
    "escapes stand for characters",
    arguments: [
      (#""\b\t\n\f\r\"\\""#, "\u{8}\t\n\u{c}\r\"\\"), (#""\u00e9\U0001F9C5""#, "é🧅"),
      (#""é🧅""#, "é🧅"), (#"'\u00e9'"#, #"\u00e9"#), (#""""#, ""), ("''", ""),
    ])
  func escapes(quoted: String, text: String) throws {
    #expect(try configuration("a = \(quoted)").root["a"]?.value == .string(text))
  }

  @Test(
    "integers are decimal, up to 64 bits",
    arguments: [
      ("0", 0), ("+0", 0), ("-0", 0), ("-17", -17), ("1_000_000", 1_000_000),
      ("9223372036854775807", .max), ("-9223372036854775808", .min),
    ])
  func integers(digits: String, number: Int64) throws {
    #expect(try configuration("a = \(digits)").root["a"]?.value == .integer(number))
  }

  /// A text, the line that is wrong, a part of what is said.
  static let wrong: [(String, Int, String)] = [
    ("a", 1, "after 'a' there should be '= value'"), ("a =", 1, "a value is missing"),
    ("\n\na = \n1", 3, "a value is missing"), ("= 1", 1, "this should be a setting's name"),
    ("a = 1 b = 2", 1, "more on the line"), ("a = eth0", 1, "'eth0' is no value"),
    ("a = True", 1, "'True' is no value"), ("a = yes", 1, "'yes' is no value"),
    ("a = \"x", 1, "has no \" at its end"), ("a = 'x\nb = '", 1, "has no ' at its end"),
    ("a = \"\\x41\"", 1, "there is no such escape"), ("a = \"\\", 1, "the file ends"),
    ("a = \"\\ud800\"", 1, "stands for no character"),
    ("a = \"\\u0000\"", 1, "stands for no character"),
    ("a = \"\\U00110000\"", 1, "stands for no character"),
    ("a = \"\\u12\"", 1, "takes 4 hexadecimal digits"),
    ("a = 007", 1, "begins with a zero"), ("a = 1__0", 1, "has a '_'"), ("a = 1_", 1, "has a '_'"),
    ("a = 9223372036854775808", 1, "is too large"), ("a = --1", 1, "is no value"),
    ("a = 1\n\na = 2", 3, "'a' is set in line 1 already"),
    ("[x]\na = 1\n[y]\na = 1\n[x]", 5, "[x] stands in line 1 already"),
    ("x = 1\n[x]", 2, "'x' is a setting already, in line 1"),
    ("[x", 1, "the header of a table is written [name]"),
    ("[]", 1, "this should be a table's name"),
    ("[x] y = 1", 1, "more on the line"), ("a = [1, 2", 1, "goes on with ','"),
    ("a = [1 2]", 1, "goes on with ','"), ("a = [,]", 1, "a value is missing"),
    ("a = [\n1,\n2\n3]", 4, "the array that begins in line 1"),
    ("a = 1\nb = \"\u{1}\"", 2, "a control character (1)"), ("# \u{7f}", 1, "(7f)"),
    ("a = 1\rb = 2", 1, "a control character (d)"),
    ("\u{feff}a = 1", 1, "should be a setting's name"),
  ]

  @Test("what is wrong is told with its line", arguments: wrong)
  func wrongLine(text: String, line: Int, message: String) throws {
    let told = try #require(refusal(text))
    #expect(told.hasPrefix("collect.toml:\(line): "))
    #expect(told.contains(message))
  }

  @Test(
    "other parts of TOML are refused by their names",
    arguments: [
      ("[[a]]", "an array of tables"), ("[a.b]", "a table within a table"),
      ("a.b = 1", "a dotted key"), ("\"a\" = 1", "a quoted key"), ("'a' = 1", "a quoted key"),
      ("['a']", "a quoted key"), ("a = {b = 1}", "an inline table"),
      ("a = [[1]]", "an array within an array"),
      ("a = \"\"\"x\"\"\"", "a string over several lines"),
      ("a = '''x'''", "a string over several lines"), ("a = 1.5", "a floating-point number"),
      ("a = 1e6", "a floating-point number"), ("a = 5E-3", "a floating-point number"),
      ("a = -inf", "a floating-point number"), ("a = nan", "a floating-point number"),
      ("a = 0x1c", "an integer that is not decimal"),
      ("a = 0o17", "an integer that is not decimal"),
      ("a = 0b1", "an integer that is not decimal"), ("a = 2026-10-01", "a date or time"),
      ("a = 2026-10-01T07:32:00Z", "a date or time"), ("a = 07:32:00", "a date or time"),
    ])
  func unsupported(text: String, name: String) throws {
    let told = try #require(refusal("\n" + text))
    #expect(told.hasPrefix("collect.toml:2: \(name) is a part of TOML that is not read here"))
  }

  @Test("bytes that are not UTF-8 are refused with their line")
  func encoding() {
    #expect {
      try ConfigurationDocument(Array("a = 1\n# ".utf8) + [0xff, 0x0a], file: "f")
    } throws: {
      "\($0)".hasPrefix("f:2: not UTF-8")
    }
  }

  @Test("every prefix of a document is read or refused, and never read as another thing")
  func prefixes() throws {
    let text = Array(
      "a = \"é\\n\" # x\r\nb = [1, 'two', true,]\n[t-1]\nc = -12_3\n[u]\n".utf8)
    let whole = try ConfigurationDocument(text, file: "f")
    for count in text.indices {
      guard let part = try? ConfigurationDocument(Array(text[..<count]), file: "f") else {
        continue
      }
      for (table, wholeTable) in zip(part.tables, whole.tables) {
        #expect(table.name == wholeTable.name || wholeTable.name.hasPrefix(table.name))
        for (entry, wholeEntry) in zip(table.entries, wholeTable.entries) {
          #expect(entry.key == wholeEntry.key)
          // A number may have lost digits at its end, but nothing else can.
          if case .integer = entry.value { continue }
          #expect(entry == wholeEntry)
        }
      }
    }
  }
}
