// Where the fixtures lie, and a folder of its own for each test that writes files.

import Foundation

enum Fixtures {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures")
  static let rules = folder.appending(path: "rules")
  static let badFiles = folder.appending(path: "rules-bad")
  static let asnDatabase = folder.appending(path: "databases/geolite2-asn.mmdb").path
  static let countryDatabase = folder.appending(path: "databases/geolite2-country.mmdb").path

  /// The names of a folder's cases, without their extension.
  static func cases(in folder: URL) -> [String] {
    files(in: folder).filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }
  }

  static func files(in folder: URL) -> [String] {
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
    return (names ?? []).sorted()
  }
}

/// A capture, or several, with what has to come of reading it.
struct FixtureCase: Decodable {
  struct Tally: Decodable, Hashable {
    var hour: Int64
    var ipVersion: Int64
    var `protocol`: Int64
    var port: Int64
    var asn: Int64
    var country: String
    var flows: Int64
    var flowsAnswered: Int64
    var packetsOut: Int64
    var packetsIn: Int64
    var bytesOut: Int64
    var bytesIn: Int64
    /// In the cases that are about it.
    var largestFlow: Int64?
  }

  var about: String
  var files: [String]
  var options: [String]
  // Of a case that is read.
  var packets: Int64?
  var truncated: Int64?
  var tallies: [Tally]?
  var leftOut: [String: Int64]?
  var unmarkedFlows: Int64?
  /// Of a case that is refused.
  var exit: Int32?

  init(_ name: String, in folder: URL) throws {
    let data = try Data(contentsOf: folder.appending(path: "\(name).json"))
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    self = try decoder.decode(FixtureCase.self, from: data)
  }

  /// The case's command line for `weir-collect read`.
  func arguments(in folder: URL, ledger: String) -> [String] {
    files.map { folder.appending(path: $0).path } + options + [
      "--ledger", ledger, "--asn-database", Fixtures.asnDatabase,
      "--country-database", Fixtures.countryDatabase,
    ]
  }
}
