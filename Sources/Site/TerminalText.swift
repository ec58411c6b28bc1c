// Text as a terminal shows it: how wide it is, and foreign text with nothing in it that a terminal
// would obey.

/// How much room there is, and how much of it text takes.
public struct TerminalLayout: Sendable {
  /// Fewer than this are not enough for a table.
  static let fewestColumns = 40

  let columns: Int
  private let width: @Sendable (Unicode.Scalar) -> Int?

  /// - Parameters:
  ///   - columns: of the terminal.
  ///   - width: columns that a scalar takes; `nil` where it is not one to be printed.
  public init(columns: Int, width: @escaping @Sendable (Unicode.Scalar) -> Int?) {
    self.columns = max(Self.fewestColumns, columns)
    self.width = width
  }

  func width(of text: String) -> Int {
    text.unicodeScalars.reduce(0) { $0 + (width($1) ?? 0) }
  }

  /// Text that takes no more than so many columns and has no control or formatting characters.
  func fitted(_ text: String, to most: Int) -> String {
    var kept = String.UnicodeScalarView()
    var taken = 0
    // Where the text is cut if it turns out too long: before the last column.
    var cut: (end: Int, count: Int) = (0, 0)
    var marks = 0
    var isCut = false
    var isFromRightToLeft = false
    for scalar in text.unicodeScalars {
      guard let printable = Self.printable(scalar) else { continue }
      let (shown, columns) = width(printable).map { (printable, $0) } ?? ("\u{fffd}", 1)
      // Marks pile up on what they belong to, over the lines above.
      marks = columns == 0 ? marks + 1 : 0
      if marks > 2 || columns == 0 && kept.isEmpty { continue }
      if taken + columns > most {
        isCut = true
        break
      }
      kept.append(shown)
      taken += columns
      if taken < most { cut = (kept.count, taken) }
      if Self.isFromRightToLeft(shown) { isFromRightToLeft = true }
    }
    var result = String(kept)
    if isCut { result = String(String.UnicodeScalarView(kept.prefix(cut.end))) + "…" }
    // An isolate (Unicode, UAX 9): terminals that know directions leave the columns beside it alone.
    return isFromRightToLeft ? "\u{2068}\(result)\u{2069}" : result
  }

  /// Text in so many columns, with spaces behind it.
  func padded(_ text: String, to columns: Int) -> String {
    let text = fitted(text, to: columns)
    return text + String(repeating: " ", count: max(0, columns - width(of: text)))
  }

  /// `nil` for what a terminal would obey, or that changes the direction of what follows.
  private static func printable(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate: nil
    case .lineSeparator, .paragraphSeparator: " "
    default: scalar
    }
  }

  /// Hebrew, Arabic, Syriac and the other scripts that run from right to left.
  private static func isFromRightToLeft(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x590...0x8ff, 0xfb1d...0xfdff, 0xfe70...0xfeff, 0x10800...0x10fff, 0x1e800...0x1efff: true
    default: false
    }
  }
}
