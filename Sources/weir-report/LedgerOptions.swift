// The options that say which ledgers are read, and by whom they may be.

import ArgumentParser
import Glibc
import Tallies

struct LedgerOptions: ParsableArguments {
  @Option(
    name: .customLong("ledger"), parsing: .singleValue,
    help: ArgumentHelp("A ledger to read; several are added up (repeatable).", valueName: "ledger"))
  var paths: [String] = []

  @Option(
    name: .customLong("month"), parsing: .singleValue,
    help: ArgumentHelp(
      "A month, such as 2026-10 (repeatable; default: every month of the ledgers).",
      valueName: "yyyy-mm"))
  var monthNames: [String] = []

  @Option(
    name: .customLong("relay"), parsing: .singleValue,
    help: ArgumentHelp(
      "The name of each ledger's relay, in their order: then figures are told by relay, where "
        + "every relay has enough (repeatable).", valueName: "name"))
  var relays: [String] = []

  @Flag(help: "Run as root all the same, who can write every ledger.")
  var allowRoot = false

  @Flag(help: "Read ledgers that this account can write all the same.")
  var allowWritableLedger = false

  func validate() throws {
    if let repeated = fileNamedTwice(among: paths) {
      throw ValidationError(
        "a ledger is named twice: its numbers would count twice (\(repeated))")
    }
    if !relays.isEmpty, relays.count != paths.count || Set(relays).count != relays.count {
      throw ValidationError("give each --ledger a --relay of its own, or none")
    }
    _ = try months()
  }

  func months() throws -> Set<CalendarMonth> {
    Set(
      try monthNames.map { text in
        guard let month = CalendarMonth(text) else {
          throw ValidationError("--month \(text): write a month as 2026-10")
        }
        return month
      })
  }

  /// Whoever publishes has no business with what is counted but to read it.
  func refuseUnfitAccount() throws(UnfitAccount) {
    if geteuid() == 0 {
      if allowRoot { return }
      throw .root
    }
    if allowWritableLedger { return }
    for path in paths where unsafe faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0 {
      throw .canWrite(ledger: path)
    }
  }
}

/// The account may do more than a reporter should.
enum UnfitAccount: Error, CustomStringConvertible {
  case root
  case canWrite(ledger: String)

  var description: String {
    switch self {
    case .root:
      "won't run as root: use an account that can read the ledgers and write nothing but the site,"
        + " or say --allow-root"
    case .canWrite(let ledger):
      "this account can write the ledger \(ledger), and so change what is counted: use one that can"
        + " only read it, or say --allow-writable-ledger"
    }
  }
}
