// A configuration as it was read: tables of entries, each with the line that it stands on.
//
// The language is a part of TOML 1.0 (toml.io): `key = value` with strings on one line, decimal
// integers, booleans and arrays of these, `[table]` headers, comments. It has what settings need,
// and is small enough to be read by a process that still has a privilege. All else of TOML is
// refused by its name, never read as something different.

/// What stands behind a key.
public enum ConfigurationValue: Hashable, Sendable {
  case string(String)
  case integer(Int64)
  case boolean(Bool)
  case array([ConfigurationElement])

  /// Its kind, with an article, for errors.
  var kind: String {
    switch self {
    case .string: "a string"
    case .integer: "an integer"
    case .boolean: "a boolean"
    case .array: "an array"
    }
  }
}

/// A value and where it stands.
public struct ConfigurationElement: Hashable, Sendable {
  public let value: ConfigurationValue
  public let place: ConfigurationPlace
}

/// `key = value`.
public struct ConfigurationEntry: Hashable, Sendable {
  public let key: String
  public let element: ConfigurationElement

  public var value: ConfigurationValue { element.value }
  public var place: ConfigurationPlace { element.place }
}

/// The entries below a `[name]`, in their order.
public struct ConfigurationTable: Hashable, Sendable {
  /// Empty for the entries before the first header.
  public let name: String
  public let place: ConfigurationPlace
  public internal(set) var entries: [ConfigurationEntry] = []

  public subscript(key: String) -> ConfigurationEntry? { entries.first { $0.key == key } }
}

public struct ConfigurationDocument: Hashable, Sendable {
  public let file: String
  /// The first one has no name; it is always there.
  public let tables: [ConfigurationTable]

  /// Reads a text.
  /// - Parameter file: what errors call it.
  public init(_ text: [UInt8], file: String) throws(ConfigurationError) {
    var reader = DocumentReader(text, file: file)
    tables = try reader.read()
    self.file = file
  }

  public var root: ConfigurationTable { tables[0] }

  public subscript(table name: String) -> ConfigurationTable? { tables.first { $0.name == name } }
}
