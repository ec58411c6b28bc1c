// Writes comma-separated values after RFC 4180, so that no spreadsheet takes a name for a formula.

/// Lines of comma-separated values, each ended by CRLF.
struct CSVWriter {
  private(set) var text = ""

  init(header: [String]) { append(header) }

  mutating func append(_ fields: [String]) {
    text += fields.map(Self.quotedWhereNeeded).joined(separator: ",") + "\r\n"
  }

  private static func quotedWhereNeeded(_ field: String) -> String {
    let special: Set<Unicode.Scalar> = ["\"", ",", ";", "\r", "\n", " ", "'"]
    guard field.unicodeScalars.contains(where: special.contains) else { return field }
    var quoted = String.UnicodeScalarView("\"".unicodeScalars)
    for scalar in field.unicodeScalars {
      if scalar == "\"" { quoted.append(scalar) }
      quoted.append(scalar)
    }
    quoted.append("\"")
    return String(quoted)
  }
}

/// Text of others, made safe for a spreadsheet.
///
/// A cell that begins with one of `= + - @`, or their full-width forms, may be run as a formula. An
/// apostrophe goes before such a character, and before an apostrophe itself, wherever a cell can
/// begin: at the start of the text, and after a comma or a semicolon, which a program that takes
/// the semicolon for the separator splits at. Spaces and quotation marks in between don't count. To
/// have the text back, take away one apostrophe at each of these places. Control characters and
/// noncharacters become U+FFFD.
func withoutFormula(_ text: String) -> String {
  var safe = String.UnicodeScalarView()
  var cellCanBegin = true
  for scalar in text.unicodeScalars {
    switch scalar {
    case "=", "+", "-", "@", "\u{ff1d}", "\u{ff0b}", "\u{ff0d}", "\u{ff20}", "'":
      if cellCanBegin { safe.append("'") }
      cellCanBegin = false
      safe.append(scalar)
    case ",", ";":
      cellCanBegin = true
      safe.append(scalar)
    case _ where scalar == "\"" || scalar.properties.isWhitespace && scalar.isDisplayable:
      safe.append(scalar)
    default:
      cellCanBegin = false
      safe.append(scalar.isDisplayable ? scalar : "\u{fffd}")
    }
  }
  return String(safe)
}
