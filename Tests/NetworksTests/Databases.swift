// The database fixtures, and what their records have to answer.

import Foundation
import Tallies
import Testing

@testable import Networks
@testable import Packets

/// One file of Tests/Fixtures/databases.
struct FixtureDatabase: Decodable, Sendable, CustomTestStringConvertible {
  enum State: String, Decodable {
    /// Opens, and every answer holds.
    case readable
    /// Opening fails.
    case unreadable
    /// Opening fails, or nothing is found.
    case damaged
  }

  struct Answer: Decodable {
    var address: String
    var asn: UInt32
    var name: String
    var country: String
  }

  var file: String
  var type: String?
  var state: State
  var knows: [String]
  var answers: [Answer]

  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/databases")

  /// Empty where the list can't be read; then there is a test that fails.
  static let all: [FixtureDatabase] = {
    let data = try? Data(contentsOf: folder.appending(path: "expected.json"))
    return (try? JSONDecoder().decode([FixtureDatabase].self, from: data ?? Data())) ?? []
  }()

  static func path(_ file: String) -> String { folder.appending(path: file).path }

  var path: String { Self.path(file) }
  var testDescription: String { file }

  func knows(_ kind: DatabaseRecord.Kind) -> Bool { knows.contains(kind.rawValue) }
}

extension Networks {
  /// Opens a file for what it is wanted for, and a sound one for the rest.
  static func opening(_ path: String, as kind: DatabaseRecord.Kind) throws -> Networks {
    try Networks(
      asnDatabase: kind == .asn ? path : FixtureDatabase.path("geolite2-asn.mmdb"),
      countryDatabase: kind == .country ? path : FixtureDatabase.path("geolite2-country.mmdb"))
  }

  func network(of address: String) throws -> Network {
    let range = try AddressRange(address)
    return network(of: Address(high: range.high, low: range.low), range.ipVersion)
  }
}
