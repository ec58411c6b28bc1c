// Sound databases of every maker, and what their records say.

import Foundation
import Tallies
import Testing

@testable import Networks

@Suite struct DatabaseTests {
  @Test("there are databases of each state, and every file is listed")
  func listed() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: FixtureDatabase.folder.path)
    #expect(
      Set(files.filter { $0.hasSuffix(".mmdb") }) == Set(FixtureDatabase.all.map(\.file)))
    #expect(FixtureDatabase.all.contains { $0.state == .readable })
    #expect(FixtureDatabase.all.contains { $0.state == .unreadable })
    #expect(FixtureDatabase.all.contains { $0.state == .damaged })
  }

  @Test(
    "every answer holds, for what the file knows",
    arguments: FixtureDatabase.all.filter { $0.state == .readable }, DatabaseRecord.Kind.allCases)
  func answers(database: FixtureDatabase, kind: DatabaseRecord.Kind) throws {
    guard database.knows(kind) else {
      let error = try #require(throws: NetworksError.self) {
        try Networks.opening(database.path, as: kind)
      }
      guard case .wrongKind(database.path, kind, let type) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(type == database.type)
      #expect(error.description.contains("--\(kind.rawValue)-database"))
      return
    }
    let networks = try Networks.opening(database.path, as: kind)
    #expect(!database.answers.isEmpty)
    // A second time, and among others, when much of it is remembered.
    for answer in database.answers + database.answers.reversed() + database.answers.shuffled() {
      let network = try networks.network(of: answer.address)
      switch kind {
      case .asn:
        #expect(network.asn == answer.asn, "\(answer.address)")
        #expect(answer.asn == 0 || networks.names[answer.asn] == answer.name)
      case .country: #expect(network.country.description == answer.country, "\(answer.address)")
      }
    }
    #expect(networks.failedLookups == 0)
    #expect(networks.names[0] == nil)
  }

  @Test("one file can be both databases")
  func both() throws {
    let path = FixtureDatabase.path("ipinfo-lite.mmdb")
    let networks = try Networks(asnDatabase: path, countryDatabase: path)
    #expect(
      try networks.network(of: "198.51.100.10")
        == Network(asn: 64_496, country: #require(CountryCode("DE"))))
    #expect(try networks.network(of: "192.0.2.1") == .unknown)
    #expect(networks.names == [64_496: "Example University"])
    #expect(networks.databases.map(\.kind) == [.asn, .country])
    #expect(Set(networks.databases.map(\.sha256)).count == 1)
  }

  @Test(
    "a database is recorded with its digest and type",
    arguments: FixtureDatabase.all.filter { $0.state == .readable && !$0.knows.isEmpty })
  func record(database: FixtureDatabase) throws {
    let kind: DatabaseRecord.Kind = database.knows(.asn) ? .asn : .country
    let networks = try Networks.opening(database.path, as: kind)
    let record = try #require(networks.databases.first { $0.kind == kind })
    #expect(record.type == database.type)
    #expect(record.sha256 == (try sha256sum(database.path)))
    #expect(record.builtAt > 1_000_000_000)
    // A licence that asks to be shown is one that we know.
    #expect(record.licence.isEmpty == record.attribution.isEmpty)
  }

  @Test(
    "the maker's licence is told by the type",
    arguments: [
      ("geolite2-asn.mmdb", "GeoLite2 End User License Agreement", "MaxMind"),
      ("dbip-asn-lite.mmdb", "CC BY 4.0", "DB-IP"), ("ipinfo-lite.mmdb", "CC BY-SA 4.0", "IPinfo"),
      ("odd-values.mmdb", "", ""),
    ])
  func licence(file: String, licence: String, maker: String) throws {
    let networks = try Networks.opening(FixtureDatabase.path(file), as: .asn)
    #expect(networks.databases[0].licence == licence)
    #expect(maker.isEmpty || networks.databases[0].attribution.contains(maker))
  }

  /// What coreutils say.
  private func sha256sum(_ path: String) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/sha256sum")
    process.arguments = [path]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return String(text.prefix { $0 != " " })
  }
}
