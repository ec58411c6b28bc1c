// Against another reader of TOML, Python's tomllib: what we read, it reads alike; what it refuses,
// we refuse. The reverse need not hold: we read a part of the language.

import Configuration
import Foundation
import Testing
import TestSupport

/// A document in a form that both sides can write: "table/key=type:value" by the line, sorted.
private func canonical(_ document: ConfigurationDocument) -> String {
  func hexadecimal(_ text: String) -> String {
    text.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
  func canonical(_ value: ConfigurationValue) -> String {
    switch value {
    case .string(let text): "s:" + hexadecimal(text)
    case .integer(let number): "i:\(number)"
    case .boolean(let truth): "b:\(truth)"
    case .array(let elements):
      "[" + elements.map { canonical($0.value) }.joined(separator: ",") + "]"
    }
  }
  var lines: [String] = []
  for table in document.tables {
    if !table.name.isEmpty { lines.append("\(table.name)/") }
    lines += table.entries.map { "\(table.name)/\($0.key)=\(canonical($0.value))" }
  }
  return lines.sorted().joined(separator: " ")
}

private let oracle = """
  import base64, sys, tomllib
  def canonical(value):
      if isinstance(value, bool): return "b:" + str(value).lower()
      if isinstance(value, int): return f"i:{value}"
      if isinstance(value, str): return "s:" + value.encode().hex()
      if isinstance(value, list): return "[" + ",".join(map(canonical, value)) + "]"
      return "other"
  for line in open(sys.argv[1]):
      try:
          document = tomllib.loads(base64.b64decode(line).decode())
      except (tomllib.TOMLDecodeError, UnicodeDecodeError):
          print("refused")
          continue
      lines = []
      for key, value in document.items():
          if isinstance(value, dict):
              lines.append(key + "/")
              lines += [f"{key}/{inner}={canonical(other)}" for inner, other in value.items()]
          else:
              lines.append(f"/{key}={canonical(value)}")
      print("read " + " ".join(sorted(lines)))
  """

@Suite struct OracleTests {
  /// What documents are put together from: mostly right, sometimes nearly, sometimes TOML that we don't read.
  private static let pieces = [
    "a", "b-1", "_c", "9", "=", " = ", "= ", "\n", "\n", "\r\n", "\r", " ", "\t", "# x\n", "#é\n",
    "[", "]", "[t]\n", "[u]\n", "[[t]]", "[t.u]\n", "a.b", ",", ", ", "{", "}", "true", "false",
    "tru",
    "0", "-1", "+7", "1_0", "1__0", "00", "0x1c", "0b1", "1.5", "1e3", "inf", "-nan", "2026-10-01",
    "07:32:00", "9223372036854775807", "\"", "\"x\"", "'y'", "'", "\"\"", "''", "\"\"\"", "'''",
    "\"\\n\\u00e9\"", "\\", "\\u0041", "\\uD800", "\\x", "\"\\U0001F9C5\"", "é", "🧅", "\u{1}",
    "\u{7f}",
    "\u{85}", "\u{feff}", "a = 1\n", "b = 'x'\n", "c = [1, 2]\n", "d = [\n'x', # y\n]\n",
    "e = \"\\\"\\\\\"\n", "a = [[1]]\n", "f = {a = 1}\n",
  ]

  static func documents() throws -> [[UInt8]] {
    var random = SeededGenerator(seed: 5)
    var documents: [[UInt8]] = []
    for _ in 0..<20_000 {
      let count = Int.random(in: 1...12, using: &random)
      var text: [UInt8] = []
      for _ in 0..<count { text += Array((pieces.randomElement(using: &random) ?? "").utf8) }
      documents.append(text)
    }
    // Lines that are right, put together, then damaged in a byte or none.
    let right = pieces.filter { $0.hasSuffix("\n") }
    for _ in 0..<20_000 {
      var text: [UInt8] = []
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        text += Array((right.randomElement(using: &random) ?? "").utf8)
      }
      if random.chance(0.6) {
        let place = Int.random(in: text.indices, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: text[place] = UInt8.random(in: 0...255, using: &random)
        case 1: text.remove(at: place)
        default:
          text.insert(Array("\"'[]=,#\n\\_ 0a.".utf8).randomElement(using: &random) ?? 0, at: place)
        }
      }
      documents.append(text)
    }
    // And the example that is installed, in every prefix.
    let example = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../deploy/collect.toml.example")
    let text = try Array(Data(contentsOf: example))
    for count in 0...text.count { documents.append(Array(text[..<count])) }
    return documents
  }

  @Test("whatever is read, tomllib reads alike, and what it refuses is refused")
  func agreement() throws {
    let documents = try Self.documents()
    let answers = try withTemporaryFolder { folder in
      let file = folder.appending(path: "documents")
      try Data(documents.map { Data($0).base64EncodedString() + "\n" }.joined().utf8).write(
        to: file)
      let process = Process()
      let output = Pipe()
      process.executableURL = URL(filePath: "/usr/bin/python3")
      process.arguments = ["-c", oracle, file.path]
      process.standardOutput = output
      try process.run()
      let answers = try output.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      return String(decoding: answers, as: UTF8.self)
    }.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    try #require(answers.count == documents.count)

    var read = 0
    for (text, answer) in zip(documents, answers) {
      guard let document = try? ConfigurationDocument(text, file: "f") else { continue }
      read += 1
      #expect(
        answer == "read " + canonical(document),
        "\(String(decoding: text, as: UTF8.self).debugDescription)")
    }
    // Enough of both kinds for the agreement to mean something.
    #expect(read > 4_000)
    #expect(answers.count { $0 == "refused" } > 5_000)
  }
}
