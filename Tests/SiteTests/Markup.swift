// A strict reader of HTML, for tests: takes only what needs no repair by a browser.

import Testing

struct Element {
  let name: String
  let attributes: [String: String]
  /// Text within, that of its children included, with entities as they stand in the file.
  var text = ""
}

struct MarkupError: Error, CustomStringConvertible {
  let description: String
}

/// Every element of a page, in the order in which they begin. Throws where tags don't match, an
/// attribute has no quotes, or an ampersand or angle bracket stands for itself.
func elements(of page: String) throws -> [Element] {
  let void: Set = ["meta", "link", "br", "wbr", "hr"]
  var elements: [Element] = []
  var open: [Int] = []
  var rest = page.unicodeScalars[...]

  func text(until end: Unicode.Scalar) throws -> String {
    guard let index = rest.firstIndex(of: end) else {
      throw MarkupError(description: "no \(end) in \(String(rest.prefix(60)))")
    }
    defer { rest = rest[rest.index(after: index)...] }
    return String(rest[..<index])
  }

  guard page.hasPrefix("<!DOCTYPE html>\n") else { throw MarkupError(description: "no doctype") }
  rest = rest.dropFirst("<!DOCTYPE html>".unicodeScalars.count)
  while let first = rest.first {
    if first != "<" {
      let run = rest.prefix { $0 != "<" }
      rest = rest[run.endIndex...]
      let text = String(run)
      try checkReferences(text)
      if open.isEmpty, text.contains(where: { !$0.isWhitespace }) {
        throw MarkupError(description: "text outside of the page: \(text)")
      }
      for position in open { elements[position].text += text }
      continue
    }
    rest = rest.dropFirst()
    let tag = try text(until: ">")
    if tag.hasPrefix("/") {
      guard let last = open.popLast(), elements[last].name == tag.dropFirst() else {
        throw MarkupError(description: "<\(tag)> closes what isn't open")
      }
      continue
    }
    let element = try element(of: tag)
    elements.append(element)
    if !void.contains(element.name) { open.append(elements.count - 1) }
  }
  guard open.isEmpty else {
    throw MarkupError(description: "not closed: \(open.map { elements[$0].name })")
  }
  return elements
}

private func element(of tag: String) throws -> Element {
  let name = tag.prefix { $0.isASCII && ($0.isLowercase || $0.isNumber) }
  var attributes: [String: String] = [:]
  var rest = tag.dropFirst(name.count)
  while !rest.isEmpty {
    guard !name.isEmpty, rest.first == " ", let equals = rest.firstIndex(of: "="),
      rest[rest.index(after: equals)...].first == "\""
    else { throw MarkupError(description: "not a tag: <\(tag)>") }
    let key = rest[rest.index(after: rest.startIndex)..<equals]
    let value = rest[rest.index(equals, offsetBy: 2)...]
    guard let end = value.firstIndex(of: "\""),
      key.allSatisfy({ $0.isASCII && ($0.isLowercase || $0 == "-") })
    else { throw MarkupError(description: "not an attribute: <\(tag)>") }
    try checkReferences(String(value[..<end]))
    guard attributes.updateValue(String(value[..<end]), forKey: String(key)) == nil else {
      throw MarkupError(description: "\(key) twice: <\(tag)>")
    }
    rest = value[value.index(after: end)...]
  }
  return Element(name: String(name), attributes: attributes)
}

private func checkReferences(_ text: String) throws {
  // By scalar: a combining mark after a reference would hide its end from String's comparison.
  let known = ["lt;", "gt;", "amp;", "quot;", "#39;", "nbsp;"].map(\.unicodeScalars)
  for piece in text.unicodeScalars.split(separator: "&", omittingEmptySubsequences: false)
    .dropFirst()
  where !known.contains(where: { piece.starts(with: $0) }) {
    throw MarkupError(description: "a bare ampersand before \(String(piece.prefix(20)))")
  }
  if text.unicodeScalars.contains(">") { throw MarkupError(description: "a bare > in \(text)") }
}
