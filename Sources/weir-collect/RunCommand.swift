// `weir-collect run`: the daemon.

import ArgumentParser
import Capture
import Confinement
import Console
import Glibc
import Ledger
import Networks
import Tallies

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Count what an interface brings, for as long as it is let.",
    discussion: """
      Packets are counted as they come, and added to the ledger every few seconds, each time in one \
      transaction together with the account of what was observed and what was lost. The kernel hands \
      over headers alone, of packets that have an end in an exit address.

      SIGTERM writes down what was counted and ends; SIGHUP reads the databases again; SIGUSR1 writes \
      down what was counted now, and its sums into the log.

      Example:
        weir-collect run --interface eth1 --exit-address 192.0.2.10 \\
          --ledger /var/lib/weir-collect/weir.ledger --user weir-collect \\
          --asn-database GeoLite2-ASN.mmdb --country-database GeoLite2-Country.mmdb
      """)

  @OptionGroup var options: CollectOptions

  @Flag(
    name: [.customShort("n"), .long],
    help: "Check everything as 'weir-collect check' does, and end.")
  var dryRun = false

  func run() throws {
    if dryRun { return try check(options, json: false) }
    let settings: CollectSettings
    do {
      guard forbidCoreDumps() else { throw CoreDumpsPossible() }
      settings = try options.settings()
    } catch {
      throw report(error)
    }
    try refuseLedgerOfOthers(settings)
    do {
      let log = Log(program: programName)
      let digests = try CollectDigests(configuration: options.config)
      if let warning = digests.warning { log.write(.warning, warning) }
      let collector = try Collector(settings, digests, log: log)
      try collector.run()
    } catch let error as Ended {
      throw ExitCode(exitStatus(of: error.reason))
    } catch {
      throw report(error, about: setting(behind: error, settings).map(settings.subject))
    }
  }

  /// The setting that an error is about, where it is about one.
  private func setting(
    behind error: any Error, _ settings: CollectSettings
  ) -> CollectSetting? {
    switch error {
    case let error as LiveCaptureError:
      switch error {
      case .noInterface, .interfaceDown, .everyInterface, .unsupportedLinkType: .interface
      case .noPermission, .cannotFollow, .failed: nil
      }
    case let error as NetworksError: error.kind == .asn ? .asnDatabase : .countryDatabase
    case is LedgerError: .ledger
    case let error as ConfinementError:
      switch error {
      case .noAccount, .rootAccount, .staysRoot: .user
      case .folder(let path, _), .wholeFileSystem(let path): settings.settingNaming(folder: path)
      default: nil
      }
    default: nil
    }
  }

  /// Opening the ledger would not tell that others could change or replace it.
  private func refuseLedgerOfOthers(_ settings: CollectSettings) throws {
    var check = SettingsCheck(settings)
    check.checkOwnership()
    guard let failure = check.failures.first else { return }
    printError(programName, "\(failure.subject): \(failure.message)")
    throw ExitCode(EX_CONFIG)
  }
}
