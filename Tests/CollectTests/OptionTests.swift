// The command line of `weir-collect read`.

import ArgumentParser
import Flows
import Foundation
import Testing
import TestSupport

@testable import weir_collect

@Suite struct OptionTests {
  private static let required = [
    "one.pcap", "--ledger", "l", "--asn-database", "a", "--country-database", "c",
  ]

  @Test("the defaults are those of the meter")
  func defaults() throws {
    let command = try ReadCommand.parse(Self.required + ["--exit-address", "192.0.2.10"])
    #expect(command.files == ["one.pcap"])
    #expect(command.exitAddresses == ["192.0.2.10"])
    #expect(try command.meterConfiguration().selection == .marked(dscp: 7))
    #expect(command.maxFlows == MeterConfiguration.defaultMaximumFlows)
    #expect(command.tcpIdle == 300)
    #expect(command.udpIdle == 60)
    #expect(!command.everyFlow)
    #expect(!command.again)
    #expect(!command.json)
    #expect(!command.quiet)
  }

  @Test(
    "an option that cannot be meant is refused as wrong usage, with a word on it",
    arguments: [
      ([], "--exit-address"),
      (["--exit-address", "example.org"], "not an IPv4 or IPv6 address"),
      (["--exit-address", "192.0.2.0/33"], "1 to 32"),
      (["--exit-address", "2001:db8::/129"], "1 to 128"),
      (["--exit-address", "192.0.2.10/28"], "bits are set beyond the prefix length"),
      (["--exit-address", "192.0.2.10", "--exit-address", "nowhere"], "nowhere"),
      (["--exit-address", "192.0.2.10", "--dscp", "64"], "--dscp takes 0 to 63"),
      (["--exit-address", "192.0.2.10", "--dscp=-1"], "--dscp takes 0 to 63"),
      (["--exit-address", "192.0.2.10", "--max-flows", "0"], "--max-flows takes 1 to 268435456"),
      (["--exit-address", "192.0.2.10", "--max-flows", "268435457"], "--max-flows takes"),
      (["--exit-address", "192.0.2.10", "--tcp-idle", "0"], "--tcp-idle takes 1 to 86400"),
      (["--exit-address", "192.0.2.10", "--tcp-idle", "86401"], "--tcp-idle takes 1 to 86400"),
      (["--exit-address", "192.0.2.10", "--udp-idle", "0"], "--udp-idle takes 1 to 86400"),
      (["--exit-address", "192.0.2.10", "--udp-idle", "86401"], "--udp-idle takes 1 to 86400"),
      (["--exit-address", "0.0.0.0/0"], "not every address there is"),
      (["--exit-address", "::/0"], "not every address there is"),
      (["--exit-address", "192.0.2.10", "-", "-"], "can be read once only"),
    ] as [([String], String)])
  func refused(options: [String], word: String) throws {
    let error = try #require(throws: (any Error).self) {
      try ReadCommand.parse(Self.required + options)
    }
    #expect(ReadCommand.exitCode(for: error) == ExitCode(64))
    #expect(ReadCommand.message(for: error).contains(word))
  }

  @Test("a required option that is missing is wrong usage", arguments: [0, 1, 3, 5])
  func missing(position: Int) throws {
    var arguments = Self.required
    arguments.removeSubrange(position..<position + (position == 0 ? 1 : 2))
    let error = try #require(throws: (any Error).self) {
      try ReadCommand.parse(arguments + ["--exit-address", "192.0.2.10"])
    }
    #expect(ReadCommand.exitCode(for: error) == ExitCode(64))
  }

  @Test(
    "the limits themselves are allowed",
    arguments: [
      ["--dscp", "0"], ["--dscp", "63"], ["--max-flows", "1"], ["--max-flows", "268435456"],
      ["--tcp-idle", "1"], ["--tcp-idle", "86400"], ["--udp-idle", "1"], ["--udp-idle", "86400"],
      ["--exit-address", "0.0.0.0/1"], ["--exit-address", "::/1"], ["-"],
    ])
  func allowed(options: [String]) throws {
    _ = try ReadCommand.parse(Self.required + ["--exit-address", "192.0.2.10"] + options)
  }

  /// The hash that the ledger has after reading a capture with some options.
  private func hash(_ options: [String]) throws -> String {
    try withTemporaryFolder { folder in
      let ledger = folder.appending(path: "ledger").path
      let file = folder.appending(path: "one.pcap")
      try pcap([TestPacket(second: 1_767_225_600)]).write(to: file)
      try ReadCommand.parse(
        [
          file.path, "--quiet", "--ledger", ledger, "--asn-database", Fixtures.asnDatabase,
          "--country-database", Fixtures.countryDatabase,
        ] + options
      ).read {}
      return try #require(try LedgerContents(path: ledger).captures.first?["config_hash"])
    }
  }

  @Test("whatever decides what is counted changes the configuration's hash")
  func configurationHash() throws {
    let base = ["--exit-address", "192.0.2.10"]
    let variants = [
      [], ["--exit-address", "192.0.2.11"], ["--exit-address", "192.0.2.10/31"],
      ["--dscp", "8"], ["--every-flow"], ["--max-flows", "5"], ["--tcp-idle", "299"],
      ["--udp-idle", "59"], ["--tcp-idle", "60", "--udp-idle", "300"],
    ]
    let hashes = try variants.map { try hash(base + $0) }
    #expect(Set(hashes).count == variants.count)
    #expect(hashes.allSatisfy { $0.count == 64 })
  }

  @Test("the hash is the same however the same addresses are written")
  func canonicalHash() throws {
    let one = try hash(["--exit-address", "192.0.2.10", "--exit-address", "2001:db8::1"])
    let other = try hash([
      "--exit-address", "2001:0DB8:0:0::0001/128", "--exit-address", "192.0.2.10/32",
    ])
    #expect(one == other)
  }
}
