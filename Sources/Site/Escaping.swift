// How text becomes HTML.
//
// swift-mustache escapes by grapheme cluster (2.1.1): a "<" that shares its cluster with a
// combining mark after it, or with a prepending format character such as U+0600 before it, is not
// recognised and goes out as it is. A network's name is anybody's text, so our templates escape by
// Unicode scalar instead.

import Mustache

/// Escapes every scalar that means something in HTML, whatever stands next to it, and replaces
/// those that an HTML document may not contain.
struct ScalarEscaping: MustacheContentType {
  /// The name that templates know it by; ``SiteTemplates`` puts every template under it.
  static let name = "WEIR"

  /// Makes the name known to the parser. Safe to call again.
  static func register() { MustacheContentTypes.register(ScalarEscaping(), named: name) }

  func escapeText(_ text: String) -> String {
    var escaped = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "<": escaped.append(contentsOf: "&lt;".unicodeScalars)
      case ">": escaped.append(contentsOf: "&gt;".unicodeScalars)
      case "&": escaped.append(contentsOf: "&amp;".unicodeScalars)
      case "\"": escaped.append(contentsOf: "&quot;".unicodeScalars)
      case "'": escaped.append(contentsOf: "&#39;".unicodeScalars)
      default: escaped.append(scalar.isDisplayable ? scalar : "\u{fffd}")
      }
    }
    return String(escaped)
  }
}

extension Unicode.Scalar {
  /// Neither a control character nor a noncharacter: both are errors in HTML, and of no use to
  /// readers anywhere else.
  var isDisplayable: Bool {
    properties.generalCategory != .control && !properties.isNoncharacterCodePoint
  }
}
