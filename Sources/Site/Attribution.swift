// The sentence that a database's licence asks for, with the link that it asks for.

/// An address that may stand in a link: nothing that a browser would run, and nothing to escape.
func isWebAddress(_ text: some StringProtocol) -> Bool {
  let allowed = Set(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/?#@!$&*+,;=%".utf8)
  for scheme in ["https://", "http://"] where text.hasPrefix(scheme) {
    return text.utf8.count > scheme.utf8.count && text.utf8.allSatisfy(allowed.contains)
  }
  return false
}

/// An address that pages can stand below: a slash at its end.
public func isSiteAddress(_ text: String) -> Bool {
  isWebAddress(text) && text.hasSuffix("/") && !text.contains("?") && !text.contains("#")
}

struct AttributionView {
  let before: String
  let link: Link?
  let after: String

  struct Link {
    let text: String
    let address: String
  }

  /// `words (https://…)`: the words become the link. Else the first address in the text does.
  init(_ text: String) {
    if text.hasSuffix(")"), let opening = text.range(of: " (https://", fromEnd: true) {
      let address = text[text.index(after: opening.lowerBound)...].dropFirst().dropLast()
      if isWebAddress(address) {
        before = ""
        link = Link(text: String(text[..<opening.lowerBound]), address: String(address))
        after = ""
        return
      }
    }
    guard let start = text.range(of: "https://", fromEnd: false)?.lowerBound else {
      (before, link, after) = (text, nil, "")
      return
    }
    let ends: Set<Character> = [" ", "\t", "\n", ">", "<", ")", "(", "\"", "'", ","]
    var address = text[start...].prefix { !ends.contains($0) }
    while let last = address.last, ".;:".contains(last) { address = address.dropLast() }
    guard isWebAddress(address) else {
      (before, link, after) = (text, nil, "")
      return
    }
    before = String(text[..<start])
    link = Link(text: String(address), address: String(address))
    after = String(text[address.endIndex...])
  }
}

extension String {
  /// Where `part` is, first or last.
  fileprivate func range(of part: String, fromEnd: Bool) -> Range<String.Index>? {
    let starts = indices.filter { self[$0...].hasPrefix(part) }
    guard let start = fromEnd ? starts.last : starts.first else { return nil }
    return start..<index(start, offsetBy: part.count)
  }
}
