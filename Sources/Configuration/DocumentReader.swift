// From bytes to tables: lines, headers, keys, values. Strings have a file of their own.

struct DocumentReader {
  let bytes: [UInt8]
  let file: String
  var position = 0
  /// Of `position`, counted from 1.
  private var line = 1

  init(_ bytes: [UInt8], file: String) {
    self.bytes = bytes
    self.file = file
  }

  mutating func read() throws(ConfigurationError) -> [ConfigurationTable] {
    try refuseOddBytes()
    var tables = [ConfigurationTable(name: "", place: place)]
    while true {
      skipBlanks()
      switch peek {
      case nil: return tables
      case Byte.lineFeed, Byte.carriageReturn, Byte.hash: try endLine()
      case Byte.openBracket:
        tables.append(try header(after: tables))
        try endLine()
      default:
        let entry = try entry(in: tables)
        tables[tables.count - 1].entries.append(entry)
        try endLine()
      }
    }
  }

  // MARK: Lines

  var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  var place: ConfigurationPlace { ConfigurationPlace.line(file: file, line) }

  func wrong(_ message: String) -> ConfigurationError { .wrong(place, message) }

  func isNext(_ text: StaticString) -> Bool {
    unsafe bytes[position...].starts(
      with: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  private mutating func skipBlanks() {
    while peek == Byte.space || peek == Byte.tab { position += 1 }
  }

  private mutating func skipComment() {
    guard peek == Byte.hash else { return }
    while peek.map({ $0 != Byte.lineFeed }) ?? false { position += 1 }
  }

  private mutating func skipLineEnd() -> Bool {
    if peek == Byte.carriageReturn { position += 1 }
    guard peek == Byte.lineFeed else { return false }
    position += 1
    line += 1
    return true
  }

  /// What may come after an entry or a header: blanks, a comment, the end of the line.
  private mutating func endLine() throws(ConfigurationError) {
    skipBlanks()
    skipComment()
    if peek == nil || skipLineEnd() { return }
    throw wrong("there is more on the line than belongs there: give each setting a line of its own")
  }

  /// Bytes that a text file cannot have, wherever they stand.
  private func refuseOddBytes() throws(ConfigurationError) {
    var line = 1
    var start = 0
    for (index, byte) in bytes.enumerated() {
      let isLineEnd =
        byte == Byte.lineFeed
        || byte == Byte.carriageReturn && index + 1 < bytes.count
          && bytes[index + 1] == Byte.lineFeed
      if !isLineEnd, byte < 0x20 && byte != Byte.tab || byte == 0x7f {
        throw .wrong(
          ConfigurationPlace.line(file: file, line),
          "a control character (\(String(byte, radix: 16))) has no place in a configuration: remove it"
        )
      }
      if byte == Byte.lineFeed || index == bytes.count - 1 {
        if String(validating: bytes[start...index], as: UTF8.self) == nil {
          throw .wrong(
            ConfigurationPlace.line(file: file, line), "not UTF-8: save the file in that encoding")
        }
        start = index + 1
        line += 1
      }
    }
  }

  // MARK: Headers and keys

  private mutating func header(
    after tables: [ConfigurationTable]
  ) throws(ConfigurationError) -> ConfigurationTable {
    let place = place
    if isNext("[[") { throw unsupported("an array of tables") }
    position += 1
    skipBlanks()
    let name = try key(of: "a table's name")
    skipBlanks()
    if peek == Byte.dot { throw unsupported("a table within a table") }
    guard peek == Byte.closeBracket else {
      throw wrong("the header of a table is written [name]")
    }
    position += 1
    if let other = tables.dropFirst().first(where: { $0.name == name }) {
      throw .wrong(
        place, "the table [\(name)] stands in line \(other.place.line ?? 0) already: join them")
    }
    if let entry = tables[0][name] {
      throw .wrong(place, "'\(name)' is a setting already, in line \(entry.place.line ?? 0)")
    }
    return ConfigurationTable(name: name, place: place)
  }

  private mutating func entry(
    in tables: [ConfigurationTable]
  ) throws(ConfigurationError) -> ConfigurationEntry {
    let place = place
    let key = try key(of: "a setting's name")
    skipBlanks()
    if peek == Byte.dot { throw unsupported("a dotted key") }
    guard peek == Byte.equals else { throw wrong("after '\(key)' there should be '= value'") }
    position += 1
    skipBlanks()
    let value = try value(isInArray: false)
    if let other = tables.last?[key] {
      throw .wrong(
        place, "'\(key)' is set in line \(other.place.line ?? 0) already: remove one of them")
    }
    return ConfigurationEntry(key: key, element: ConfigurationElement(value: value, place: place))
  }

  private mutating func key(of what: String) throws(ConfigurationError) -> String {
    if peek == Byte.quote || peek == Byte.apostrophe { throw unsupported("a quoted key") }
    let word = takeWord { Byte.isInBareKey($0) }
    if word.isEmpty {
      throw wrong("this should be \(what): letters, digits, '-' and '_'")
    }
    return word
  }

  // MARK: Values

  private mutating func value(isInArray: Bool) throws(ConfigurationError) -> ConfigurationValue {
    switch peek {
    case Byte.quote: return .string(try basicString())
    case Byte.apostrophe: return .string(try literalString())
    case Byte.openBracket:
      if isInArray { throw unsupported("an array within an array") }
      return .array(try array())
    case Byte.openBrace: throw unsupported("an inline table")
    default: return try bareValue()
    }
  }

  private mutating func array() throws(ConfigurationError) -> [ConfigurationElement] {
    let opening = line
    position += 1
    var elements: [ConfigurationElement] = []
    while true {
      skipBlanksAndLines()
      if peek == Byte.closeBracket { break }
      if peek != nil {
        let place = place
        elements.append(
          ConfigurationElement(value: try value(isInArray: true), place: place))
        skipBlanksAndLines()
      }
      if peek == Byte.closeBracket { break }
      guard peek == Byte.comma else {
        throw wrong("the array that begins in line \(opening) goes on with ',' or ends with ']'")
      }
      position += 1
    }
    position += 1
    return elements
  }

  private mutating func skipBlanksAndLines() {
    repeat {
      skipBlanks()
      skipComment()
    } while skipLineEnd()
  }

  /// An integer or a boolean, or what TOML has beside them.
  private mutating func bareValue() throws(ConfigurationError) -> ConfigurationValue {
    let start = position
    let word = takeWord { Byte.isInBareKey($0) || [Byte.dot, Byte.plus, Byte.colon].contains($0) }
    switch word {
    case "true": return .boolean(true)
    case "false": return .boolean(false)
    case "":
      throw wrong("a value is missing: a string in quotes, an integer, true, false or an array")
    default: break
    }
    let digits = word.utf8.drop { $0 == Byte.plus || $0 == Byte.minus }
    guard word.utf8.count - digits.count <= 1, let first = digits.first, Byte.isDigit(first) else {
      position = start
      if ["inf", "nan"].contains(String(Substring(digits))) {
        throw unsupported("a floating-point number")
      }
      throw wrong("'\(word)' is no value: write a string in quotes")
    }
    if digits.allSatisfy({ Byte.isDigit($0) || $0 == Byte.underscore }) {
      return .integer(try integer(word, digits: digits))
    }
    if digits.starts(with: "0x".utf8) || digits.starts(with: "0o".utf8)
      || digits.starts(with: "0b".utf8)
    {
      throw unsupported("an integer that is not decimal")
    }
    let hasExponent = digits.contains(Byte.lowerE) || digits.contains(Byte.upperE)
    if digits.contains(Byte.colon) || digits.contains(Byte.minus) && !hasExponent {
      throw unsupported("a date or time")
    }
    if digits.contains(Byte.dot) || hasExponent { throw unsupported("a floating-point number") }
    throw wrong("'\(word)' is no value: write a string in quotes")
  }

  private func integer(
    _ word: String, digits: Substring.UTF8View.SubSequence
  ) throws(ConfigurationError) -> Int64 {
    if digits.count > 1, digits.first == Byte.zero {
      throw wrong("'\(word)' begins with a zero: write it without")
    }
    let groups = digits.split(separator: Byte.underscore, omittingEmptySubsequences: false)
    if groups.contains(where: \.isEmpty) {
      throw wrong("'\(word)' has a '_' that is not between two digits")
    }
    guard let number = Int64(word.filter { $0 != "_" }) else {
      throw wrong("'\(word)' is too large")
    }
    return number
  }

  private mutating func takeWord(_ belongs: (UInt8) -> Bool) -> String {
    let start = position
    while let byte = peek, belongs(byte) { position += 1 }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  func unsupported(_ what: String) -> ConfigurationError {
    wrong(
      "\(what) is a part of TOML that is not read here: write it with strings, integers, booleans, arrays of these and [tables]"
    )
  }
}
