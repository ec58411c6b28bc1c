// Refuses templates that the library would take but that couldn't be trusted with foreign text.

import Mustache

/// Parses `text` so that it escapes as ``ScalarEscaping`` does.
func parseTemplate(_ text: String, file: String) throws(SiteError) -> MustacheTemplate {
  do {
    // A partial starts with the library's own escaping again, so each template names ours.
    return try MustacheTemplate(string: "{{% CONTENT_TYPE: \(ScalarEscaping.name)}}\n" + text)
  } catch let error as MustacheTemplate.ParserError {
    throw .invalidTemplate(
      file: file, line: max(1, error.context.lineNumber - 1), reason: reason(for: error.error))
  } catch {
    throw .invalidTemplate(file: file, line: 1, reason: "\(error)")
  }
}

/// Refuses unescaped tags, changes of how text is escaped, and partials that aren't there: the
/// library leaves a missing one out without a word.
func checkTemplate(
  _ text: String, file: String, isPresent: (String) -> Bool
) throws(SiteError) {
  for (line, content) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
  {
    for tag in tags(in: content) {
      let name = tag.dropFirst().filter { !$0.isWhitespace }
      let problem: String? =
        switch tag.first {
        case "{", "&": "an unescaped tag; every text has to be escaped"
        case "%": "a setting; how text is escaped is not the template's to say"
        case "=": "other delimiters, which hide tags from this check"
        case ">", "<": isPresent(name) ? nil : "no template of the name \"\(name)\""
        default: nil
        }
      if let problem { throw .invalidTemplate(file: file, line: line + 1, reason: problem) }
    }
  }
}

/// What follows the opening braces of each tag, up to the closing ones where they are on the line.
private func tags(in line: Substring) -> [Substring] {
  var tags: [Substring] = []
  var rest = line.unicodeScalars[...]
  while let brace = rest.firstIndex(of: "{") {
    rest = rest[rest.index(after: brace)...]
    guard rest.first == "{" else { continue }
    rest = rest.dropFirst()
    // White space may stand between the braces and the sign.
    let content = rest.drop { $0.properties.isWhitespace }
    tags.append(Substring(content.prefix { $0 != "}" }))
  }
  return tags
}

private func reason(for error: any Error) -> String {
  switch error {
  case MustacheTemplate.Error.sectionCloseNameIncorrect: "a section closed by another's name"
  case MustacheTemplate.Error.unfinishedName: "a tag that is not closed"
  case MustacheTemplate.Error.expectedSectionEnd: "a section that is not closed"
  case MustacheTemplate.Error.illegalTokenInsideInheritSection:
    "something other than blocks inside of an inheriting tag"
  default: "not a template: \(error)"
  }
}
