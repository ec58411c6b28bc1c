// How every JSON file is written: keys sorted, indented, nothing left out.

import FoundationEssentials

/// A JSON file of the site. The number of its format grows with every change that a reader of the
/// old one would stumble over; a new key is none.
protocol JSONDocument: Encodable {
  var format: Int { get }
}

extension JSONDocument {
  /// The same bytes for the same value.
  func serialised() -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(self)) + [0x0a]
    } catch {
      // Only floating-point numbers that JSON lacks could fail, and no document holds any.
      preconditionFailure("a document of integers and text: \(error)")
    }
  }
}

/// `null` where there is nothing, so that a key that is missing is never the same as a figure that
/// is withheld.
@propertyWrapper
struct Nullable<Value: Codable & Equatable>: Codable, Equatable {
  var wrappedValue: Value?

  init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    wrappedValue = container.decodeNil() ? nil : try container.decode(Value.self)
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let wrappedValue {
      try container.encode(wrappedValue)
    } else {
      try container.encodeNil()
    }
  }
}
