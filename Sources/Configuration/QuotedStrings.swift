// "Basic" strings, with escapes, and 'literal' ones, without. Both end on the line they begin on.

extension DocumentReader {
  mutating func basicString() throws(ConfigurationError) -> String {
    if isNext("\"\"\"") { throw unsupported("a string over several lines") }
    position += 1
    var text: [UInt8] = []
    while true {
      switch peek {
      case Byte.quote:
        position += 1
        return String(decoding: text, as: UTF8.self)
      case Byte.backslash:
        position += 1
        text.append(contentsOf: try escape())
      default: text.append(try character("\""))
      }
    }
  }

  mutating func literalString() throws(ConfigurationError) -> String {
    if isNext("'''") { throw unsupported("a string over several lines") }
    position += 1
    let start = position
    while peek != Byte.apostrophe { _ = try character("'") }
    position += 1
    return String(decoding: bytes[start..<position - 1], as: UTF8.self)
  }

  private mutating func character(_ quote: String) throws(ConfigurationError) -> UInt8 {
    guard let byte = peek, byte != Byte.lineFeed, byte != Byte.carriageReturn else {
      throw wrong("a string that begins on this line has no \(quote) at its end")
    }
    position += 1
    return byte
  }

  /// What a backslash and the characters after it stand for.
  private mutating func escape() throws(ConfigurationError) -> [UInt8] {
    guard let letter = peek else { throw wrong("the file ends within a string") }
    position += 1
    switch letter {
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "t"): return [Byte.tab]
    case UInt8(ascii: "n"): return [Byte.lineFeed]
    case UInt8(ascii: "f"): return [0x0c]
    case UInt8(ascii: "r"): return [Byte.carriageReturn]
    case Byte.quote, Byte.backslash: return [letter]
    case UInt8(ascii: "u"): return try codePoint(digits: 4)
    case UInt8(ascii: "U"): return try codePoint(digits: 8)
    default:
      throw wrong(
        "there is no such escape: a backslash itself is written \\\\, or put the string in '…'")
    }
  }

  private mutating func codePoint(digits: Int) throws(ConfigurationError) -> [UInt8] {
    var number: UInt32 = 0
    for _ in 0..<digits {
      guard let byte = peek, let digit = Byte.hexadecimalDigit(byte) else {
        throw wrong("\\\(digits == 4 ? "u" : "U") takes \(digits) hexadecimal digits")
      }
      number = number << 4 | UInt32(digit)
      position += 1
    }
    // A name or path with a NUL would be cut off there by the C library.
    guard number != 0, let scalar = Unicode.Scalar(number) else {
      throw wrong("the escape stands for no character")
    }
    return Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
  }
}
