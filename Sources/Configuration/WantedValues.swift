// What a program wants of a document: known keys, and values of the kind that it asks for.

extension ConfigurationEntry {
  /// An entry that an option stands for.
  public init(option key: String, _ value: ConfigurationValue) {
    self.key = key
    element = ConfigurationElement(value: value, place: .option("--\(key)"))
  }

  /// An entry that an option stands for which was given several times.
  public init(option key: String, strings: [String]) {
    let place = ConfigurationPlace.option("--\(key)")
    self.init(
      option: key, .array(strings.map { ConfigurationElement(value: .string($0), place: place) }))
  }

  /// An error about this entry. It begins with the key, where the option's name does not say it.
  public func wrong(_ message: String) -> ConfigurationError { wrong(message, at: place) }

  /// An error about one of several values.
  public func wrong(_ message: String, at place: ConfigurationPlace) -> ConfigurationError {
    if case .option = place { return .wrong(place, message) }
    return .wrong(place, "'\(key)' \(message)")
  }

  public func string() throws(ConfigurationError) -> String {
    guard case .string(let text) = value else {
      throw wrong("takes a string in quotes, and this is \(value.kind)")
    }
    return text
  }

  public func integer(in range: ClosedRange<Int64>) throws(ConfigurationError) -> Int64 {
    guard case .integer(let number) = value else {
      throw wrong("takes an integer without quotes, and this is \(value.kind)")
    }
    guard range.contains(number) else {
      throw wrong("takes \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  public func boolean() throws(ConfigurationError) -> Bool {
    guard case .boolean(let truth) = value else {
      throw wrong("takes true or false without quotes, and this is \(value.kind)")
    }
    return truth
  }

  /// One string, or an array of strings, with their places.
  public func strings() throws(ConfigurationError) -> [(text: String, place: ConfigurationPlace)] {
    switch value {
    case .string(let text): return [(text, place)]
    case .array(let elements):
      var strings: [(text: String, place: ConfigurationPlace)] = []
      for element in elements {
        guard case .string(let text) = element.value else {
          throw wrong(
            "takes strings in quotes, and this is \(element.value.kind)", at: element.place)
        }
        strings.append((text, element.place))
      }
      return strings
    default:
      throw wrong("takes a string in quotes or an array of them, and this is \(value.kind)")
    }
  }
}

extension ConfigurationDocument {
  /// Refuses every table and key that is not among these.
  /// - Parameter keys: by the name of the table; the one without a name is the root.
  public func refuseUnknown(_ keys: [String: [String]]) throws(ConfigurationError) {
    for table in tables {
      guard let known = keys[table.name] else {
        let names = keys.keys.filter { !$0.isEmpty }.sorted()
        throw .wrong(
          table.place, "there is no table [\(table.name)]\(Self.hint(table.name, names))")
      }
      for entry in table.entries where !known.contains(entry.key) {
        throw .wrong(
          entry.place, "there is no setting '\(entry.key)'\(Self.hint(entry.key, known))")
      }
    }
  }

  /// What was probably meant, else where to look.
  private static func hint(_ word: String, _ known: [String]) -> String {
    let nearest = known.map { ($0, distance(Array(word.utf8), Array($0.utf8))) }
      .min { $0.1 < $1.1 }
    if let nearest, nearest.1 <= max(2, word.utf8.count / 4) {
      return ": did you mean '\(nearest.0)'?"
    }
    return known.isEmpty ? ": remove it" : ": known are \(known.sorted().joined(separator: ", "))"
  }

  /// Letters to insert, remove or change (Levenshtein), of words that are not long.
  private static func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
    guard one.count <= 64 else { return .max }
    var row = Array(0...other.count)
    for (index, letter) in one.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for (column, otherLetter) in other.enumerated() {
        let changed = diagonal + (letter == otherLetter ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(changed, row[column] + 1, diagonal + 1)
      }
    }
    return row[other.count]
  }
}
