// `weir-collect check`: what `run` would do with the same settings, without doing it.

import ArgumentParser
import Configuration
import Console
import FoundationEssentials
import Glibc
import MessageDigest
import Networks
import Tallies

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check the configuration, the databases and who may write what; change nothing.",
    discussion: """
      Prints a line for each thing that was looked at: 'ok', 'warn' or 'fail'. The exit code is 78 where \
      something fails, else 0. To be run as root, as the collector is started, it knows most.

      With --digest it prints what can be published of this collector instead, for 'sha256sum --check': \
      the SHA-256 of the program, the configuration, the databases, and of what decides what is counted.

      Example:
        weir-collect check --config /etc/weir/collect.toml
      """)

  @OptionGroup var options: CollectOptions

  @Flag(help: "Print what was found as JSON.")
  var json = false

  @Flag(help: "Print digests of program, configuration and databases, and check nothing.")
  var digest = false

  func run() throws {
    if digest { return try printDigests() }
    try check(options, json: json)
  }

  private func printDigests() throws {
    do {
      let settings = try options.settings()
      let digests = try CollectDigests(configuration: options.config)
      if let warning = digests.warning { printError(programName, "warning: \(warning)") }
      let databases = [
        try databaseRecord(path: settings.asnDatabase, kind: .asn),
        try databaseRecord(path: settings.countryDatabase, kind: .country),
      ]
      print(digests.list(settings, databases), json: json)
    } catch {
      throw report(error)
    }
  }
}

func print(_ digests: DigestList, json: Bool) {
  print(json ? digests.json : digests.text, terminator: "")
}

/// Checks the settings, prints what was found, and ends with the exit code.
func check(_ options: CollectOptions, json: Bool) throws {
  let failed: Bool
  do {
    var check = SettingsCheck(try options.settings())
    check.checkAll(configuration: options.config, now: Int64(time(nil)))
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      print(
        String(decoding: try encoder.encode(["findings": check.findings]), as: UTF8.self))
    } else {
      print(check.findings.map(\.line).joined(), terminator: "")
    }
    failed = !check.failures.isEmpty
  } catch {
    throw report(error)
  }
  if failed { throw ExitCode(EX_CONFIG) }
}
