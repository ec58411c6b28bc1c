// The settings of the running collector, from a file, from options, from both.

import ArgumentParser
import Configuration
import Flows
import Foundation
import Glibc
import Packets
import Testing

@testable import weir_collect

/// A complete configuration, with lines of one's own after it.
private func settings(
  _ lines: String = "", without: String? = nil, options: [String] = []
) throws -> CollectSettings {
  var text = """
    interface = "eth0"
    exit-address = "192.0.2.10"
    ledger = "/l/weir.ledger"
    asn-database = "/d/asn.mmdb"
    country-database = "/d/country.mmdb"

    """
  if let without {
    text = text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.hasPrefix("\(without) ") ? "" : $0 }.joined(separator: "\n")
  }
  let file = try ConfigurationDocument(Array((text + lines).utf8), file: "c.toml")
  return try CollectOptions.parse(options).settings(over: file)
}

private func refusal(
  _ lines: String = "", without: String? = nil, options: [String] = []
) -> (text: String, code: Int32)? {
  do {
    _ = try settings(lines, without: without, options: options)
    return nil
  } catch let error as ConfigurationError {
    return (error.description, error.exitCode)
  } catch {
    return ("\(error)", -1)
  }
}

@Suite struct SettingTests {
  static let example = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../deploy/collect.toml.example").path

  @Test("what is not said has its default")
  func defaults() throws {
    let settings = try settings()
    #expect(settings.interface == "eth0")
    #expect(settings.exitAddresses.map(\.prefixLength) == [32])
    #expect(settings.selection == .marked(dscp: 7))
    #expect((settings.flushSeconds, settings.ringBytes, settings.threads) == (10, 16 << 20, 1))
    #expect(settings.promiscuous && settings.requiresConfinement)
    #expect(
      (settings.maximumFlows, settings.tcpIdleSeconds, settings.udpIdleSeconds) == (
        1_000_000, 300, 60
      ))
    #expect((settings.hoursForDays, settings.daysForMonths) == (2, 13))
    #expect(settings.user == nil && settings.statusFolder == nil && settings.textfile == nil)
  }

  /// A setting in a file, the same as options, and how it shows.
  static let each: [(String, [String], @Sendable (CollectSettings) -> String, String)] = [
    ("interface = 'br0'", ["--interface", "br0"], { $0.interface }, "br0"),
    (
      "exit-address = ['192.0.2.0/28', '2001:db8::/64']",
      ["--exit-address", "192.0.2.0/28", "--exit-address", "2001:db8::/64"],
      { "\($0.exitAddresses.map(\.prefixLength))" }, "[28, 64]"
    ),
    ("dscp = 63", ["--dscp", "63"], { "\($0.selection)" }, "marked(dscp: 63)"),
    ("every-flow = true", ["--every-flow"], { "\($0.selection)" }, "every"),
    ("ledger = 'l'", ["--ledger", "l"], { $0.ledger }, "l"),
    ("asn-database = 'a'", ["--asn-database", "a"], { $0.asnDatabase }, "a"),
    ("country-database = 'a'", ["--country-database", "a"], { $0.countryDatabase }, "a"),
    ("user = 'weir'", ["--user", "weir"], { $0.user ?? "" }, "weir"),
    ("flush-seconds = 3600", ["--flush-seconds", "3600"], { "\($0.flushSeconds)" }, "3600"),
    ("ring-bytes = 1048576", ["--ring-bytes", "1048576"], { "\($0.ringBytes)" }, "1048576"),
    ("threads = 2", ["--threads", "2"], { "\($0.threads)" }, "2"),
    ("promiscuous = false", ["--no-promiscuous"], { "\($0.promiscuous)" }, "false"),
    ("max-flows = 1", ["--max-flows", "1"], { "\($0.maximumFlows)" }, "1"),
    ("tcp-idle = 86400", ["--tcp-idle", "86400"], { "\($0.tcpIdleSeconds)" }, "86400"),
    ("udp-idle = 1", ["--udp-idle", "1"], { "\($0.udpIdleSeconds)" }, "1"),
    ("status-folder = '/r'", ["--status-folder", "/r"], { $0.statusFolder ?? "" }, "/r"),
    ("textfile = '/t'", ["--textfile", "/t"], { $0.textfile ?? "" }, "/t"),
    (
      "confinement = 'best-effort'", ["--confinement", "best-effort"],
      { "\($0.requiresConfinement)" }, "false"
    ),
    (
      "fold-hours-after-days = 0", ["--fold-hours-after-days", "0"], { "\($0.hoursForDays)" }, "0"
    ),
    (
      "fold-days-after-months = 1200", ["--fold-days-after-months", "1200"],
      { "\($0.daysForMonths)" }, "1200"
    ),
  ]

  @Test("every setting can be given in the file and as an option, with the same effect")
  func eachSetting() throws {
    let names = Self.each.map { $0.0.split(separator: " ")[0] }
    #expect(names.map(String.init) == CollectSetting.allCases.map(\.rawValue).inOrder(of: names))
    let untouched = try settings()
    for (line, options, shown, expected) in Self.each {
      let name = String(line.split(separator: " ")[0])
      #expect(shown(untouched) != expected, "\(name) is \(expected) anyway")
      #expect(shown(try settings(line, without: name)) == expected, "\(line)")
      #expect(shown(try settings(options: options)) == expected, "\(options)")
      let setting = try #require(CollectSetting(rawValue: name))
      #expect(try settings(line, without: name).subject(setting) == "c.toml:6: \(name)")
    }
  }

  @Test("an option has its say over the file")
  func optionOverFile() throws {
    #expect(try settings("dscp = 1", options: ["--dscp", "2"]).selection == .marked(dscp: 2))
    #expect(try settings("dscp = 1", options: ["--every-flow"]).selection == .every)
    #expect(
      try settings("every-flow = true", options: ["--dscp", "2"]).selection == .marked(dscp: 2))
    #expect(
      try settings(options: ["--exit-address", "2001:db8::1"]).exitAddresses.map(\.prefixLength)
        == [128])
    #expect(try settings("promiscuous = false", options: ["--promiscuous"]).promiscuous)
    #expect(try settings(options: ["--dscp", "2"]).subject(.dscp) == "--dscp")
  }

  @Test(
    "what is wrong in the file is told with its line",
    arguments: [
      ("dscp = 64", "c.toml:6: 'dscp' takes 0 to 63"),
      ("dscp = '7'", "c.toml:6: 'dscp' takes an integer without quotes, and this is a string"),
      ("flush-seconds = 0", "c.toml:6: 'flush-seconds' takes 1 to 3600"),
      ("\nuser = ''", "c.toml:7: 'user' is empty"),
      ("every-flow = 1", "c.toml:6: 'every-flow' takes true or false without quotes"),
      ("dscp = 7\nevery-flow = true", "c.toml:6: 'dscp' and every-flow exclude each other"),
      ("confinement = 'no'", "c.toml:6: 'confinement' takes required or best-effort"),
      ("dcsp = 7", "c.toml:6: there is no setting 'dcsp': did you mean 'dscp'?"),
      ("[capture]\ndscp = 7", "c.toml:6: there is no table [capture]: remove it"),
      ("interface = 'eth1'", "c.toml:6: 'interface' is set in line 1 already"),
    ])
  func wrongInFile(line: String, message: String) throws {
    let told = try #require(refusal(line))
    #expect(told.text.hasPrefix(message))
    #expect(told.code == EX_CONFIG)
  }

  @Test(
    "an exit address that is none is told with its own line",
    arguments: [
      ("0.0.0.0/0", "not every address there is can be an exit address"),
      ("::/0", "not every address there is can be an exit address"),
      ("192.0.2.256", "not an IPv4 or IPv6 address"),
      ("exit.example", "not an IPv4 or IPv6 address"),
      ("192.0.2.10/24", "bits are set beyond"),
      ("2001:db8::/129", "the prefix length must be 1 to 128"),
    ])
  func exitAddresses(text: String, message: String) throws {
    let lines = "exit-address = [\n'192.0.2.1',\n'\(text)'\n]"
    let told = try #require(refusal(lines, without: "exit-address"))
    #expect(told.text.hasPrefix("c.toml:8: 'exit-address' \(text): \(message)"))
    let option = try #require(refusal(options: ["--exit-address", text]))
    #expect(option.text.hasPrefix("--exit-address \(text): \(message)"))
    #expect(option.code == EX_USAGE)
    #expect(
      refusal("exit-address = []", without: "exit-address")?.text
        == "c.toml:6: 'exit-address' is an empty list: name at least one address")
  }

  @Test("what has to be given is missed by its name", arguments: CollectSetting.allCases)
  func missing(setting: CollectSetting) throws {
    let told = refusal(without: setting.rawValue)
    #expect((told != nil) == setting.isRequired)
    if let told {
      #expect(told.text.hasPrefix("c.toml: '\(setting.rawValue)' is missing: "))
      #expect(told.code == EX_CONFIG)
    }
  }

  @Test("without a file, the option is missed")
  func missingOption() throws {
    #expect {
      try CollectOptions.parse([]).settings()
    } throws: {
      "\($0)" == "--interface is missing: give it, or a configuration with --config"
    }
  }

  @Test("the example is right as it is, and with every line of it in force")
  func example() throws {
    let text = try String(contentsOfFile: Self.example, encoding: .utf8)
    let plain = try ConfigurationDocument(Array(text.utf8), file: "example")
    _ = try CollectOptions.parse([]).settings(over: plain)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      // "#key = value" is a setting, "# words" are words; both kinds of flows can't be asked for.
      let isSetting = line.hasPrefix("#") && !line.hasPrefix("# ") && line != "#"
      return isSetting && !line.hasPrefix("#dscp") ? line.dropFirst() : line
    }
    let whole = try ConfigurationDocument(
      Array(lines.joined(separator: "\n").utf8), file: "example")
    _ = try CollectOptions.parse([]).settings(over: whole)
    let keys = whole.root.entries.map(\.key) + ["dscp"]
    #expect(Set(keys) == Set(CollectSetting.allCases.map(\.rawValue)))
    for setting in CollectSetting.allCases {
      guard let entry = whole.root[setting.rawValue], let expected = setting.defaultText else {
        continue
      }
      let shown =
        switch entry.value {
        case .string(let text): text
        case .integer(let number): "\(number)"
        case .boolean(let truth): "\(truth)"
        case .array: "a list"
        }
      #expect(shown == expected, "the example's \(setting.rawValue) is not the default")
    }
    #expect(text.contains("#dscp = \(CollectSetting.dscp.defaultText ?? "")\n"))
  }
}

extension [String] {
  /// The same words in the order of others.
  fileprivate func inOrder(of others: [Substring]) -> [String] {
    sorted { one, other in
      (others.firstIndex(of: Substring(one)) ?? .max)
        < (others.firstIndex(of: Substring(other)) ?? .max)
    }
  }
}
