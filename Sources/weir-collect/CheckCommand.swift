// `weir-collect check`: what `run` would do with the same settings, without doing it.

import ArgumentParser
import Configuration
import Console
import FoundationEssentials
import Glibc

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check the configuration, the databases and who may write what; change nothing.",
    discussion: """
      Prints a line for each thing that was looked at: 'ok', 'warn' or 'fail'. The exit code is 78 where \
      something fails, else 0. To be run as root, as the collector is started, it knows most.

      Example:
        weir-collect check --config /etc/weir/collect.toml
      """)

  @OptionGroup var options: CollectOptions

  @Flag(help: "Print what was found as JSON.")
  var json = false

  func run() throws {
    try check(options, json: json)
  }
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
