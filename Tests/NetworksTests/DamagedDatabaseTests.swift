// Files that are no database, or stop being one: a message, or nothing found, and never a crash.

import Foundation
import Tallies
import Testing
import TestSupport

@testable import Networks

@Suite struct DamagedDatabaseTests {
  /// Asks for every address of the fixtures.
  private func answers(_ networks: Networks) throws -> Set<Network> {
    var answers: Set<Network> = []
    for database in FixtureDatabase.all {
      for answer in database.answers { answers.insert(try networks.network(of: answer.address)) }
    }
    return answers
  }

  /// A result of `Networks.opening`, as only some may fail.
  private func open(_ path: String, _ kind: DatabaseRecord.Kind) throws -> Networks? {
    do {
      return try Networks.opening(path, as: kind)
    } catch let error as NetworksError {
      #expect(error.description.contains(path))
      return nil
    }
  }

  @Test(
    "a damaged file is refused with its name and a remedy, or answers nothing",
    arguments: FixtureDatabase.all.filter { $0.state != .readable }, DatabaseRecord.Kind.allCases)
  func damaged(database: FixtureDatabase, kind: DatabaseRecord.Kind) throws {
    do {
      let networks = try Networks.opening(database.path, as: kind)
      #expect(database.state == .damaged)
      for network in try answers(networks) {
        switch kind {
        case .asn: #expect(network.asn == 0)
        case .country: #expect(network.country == .unknown)
        }
      }
    } catch let error as NetworksError {
      switch error {
      case .notADatabase(database.path, kind, let reason):
        #expect(!reason.isEmpty)
        #expect(error.description.contains("download it again"))
      case .wrongKind(database.path, kind, _): #expect(database.state == .damaged)
      default: Issue.record("\(error)")
      }
      #expect(error.description.contains(database.path))
    }
  }

  @Test("a file that is not there is unreadable")
  func missing() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "missing.mmdb").path
      for kind in DatabaseRecord.Kind.allCases {
        let error = try #require(throws: NetworksError.self) {
          try Networks.opening(path, as: kind)
        }
        guard case .unreadable(path, kind, ENOENT) = error else {
          Issue.record("\(error)")
          return
        }
        #expect(error.description.contains("database \(path): No such file or directory; download"))
      }
    }
  }

  @Test("a file without permission is unreadable", .enabled(if: geteuid() != 0))
  func noPermission() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "secret.mmdb")
      try Data().write(to: file)
      try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: file.path)
      let error = try #require(throws: NetworksError.self) {
        try Networks.opening(file.path, as: .asn)
      }
      guard case .unreadable(file.path, .asn, EACCES) = error else {
        Issue.record("\(error)")
        return
      }
    }
  }

  @Test("a folder is no database")
  func folder() throws {
    try withTemporaryFolder { folder in
      let error = try #require(throws: NetworksError.self) {
        try Networks.opening(folder.path, as: .country)
      }
      #expect(error.description.contains(folder.path))
    }
  }

  private static let whole: [(file: String, kind: DatabaseRecord.Kind)] = [
    ("geolite2-asn.mmdb", .asn), ("geolite2-country.mmdb", .country), ("ipinfo-lite.mmdb", .asn),
    ("record-size-28-asn.mmdb", .asn), ("record-size-32-country.mmdb", .country),
  ]

  @Test("a file cut anywhere is refused", arguments: whole.indices)
  func cut(position: Int) throws {
    let (name, kind) = Self.whole[position]
    let data = try Data(contentsOf: FixtureDatabase.folder.appending(path: name))
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "cut.mmdb")
      for length in Array(stride(from: 0, to: data.count, by: 97)) + [data.count - 1] {
        try data.prefix(length).write(to: file)
        #expect(throws: NetworksError.self, "\(length) bytes") {
          try Networks.opening(file.path, as: kind)
        }
      }
    }
  }

  @Test(
    "a file with bytes overwritten is refused, or looked up without a crash",
    arguments: whole.indices)
  func overwritten(position: Int) throws {
    let (name, kind) = Self.whole[position]
    let data = try Data(contentsOf: FixtureDatabase.folder.appending(path: name))
    try withTemporaryFolder { folder in
      var opened = 0
      for start in stride(from: 0, to: data.count - 4, by: 61) {
        var damaged = data
        for offset in 0..<4 { damaged[start + offset] = 0xff }
        // Another file each time: one that is mapped must not change.
        let file = folder.appending(path: "\(start).mmdb")
        try damaged.write(to: file)
        guard let networks = try open(file.path, kind) else { continue }
        opened += 1
        _ = try answers(networks)
      }
      #expect(opened > 0)
    }
  }

  @Test("a tree that goes in circles is refused, and not walked forever")
  func circle() throws {
    let name = "geolite2-asn.mmdb"
    var data = try Data(contentsOf: FixtureDatabase.folder.appending(path: name))
    // The root's records and the next node's, 24 bits each, all lead to that next node.
    data.replaceSubrange(0..<12, with: [0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1])
    try withTemporaryFolder { folder in
      let file = folder.appending(path: name)
      try data.write(to: file)
      let error = try #require(throws: NetworksError.self) {
        try Networks.opening(file.path, as: .asn)
      }
      #expect(error.description.contains(file.path))
    }
  }

  @Test("a look-up that meets a damaged record is counted")
  func failedLookups() throws {
    let name = "geolite2-asn.mmdb"
    let data = try Data(contentsOf: FixtureDatabase.folder.appending(path: name))
    try withTemporaryFolder { folder in
      var failed: UInt64 = 0
      for start in stride(from: 0, to: data.count / 2, by: 6) {
        var damaged = data
        // A node whose two records point as far as they can.
        damaged.replaceSubrange(start..<start + 6, with: [UInt8](repeating: 0xfe, count: 6))
        let file = folder.appending(path: "\(start).mmdb")
        try damaged.write(to: file)
        guard let networks = try open(file.path, .asn) else { continue }
        _ = try answers(networks)
        failed += networks.failedLookups
        if failed > 0 { break }
      }
      #expect(failed > 0)
    }
  }
}
