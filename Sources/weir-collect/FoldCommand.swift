// `weir-collect fold`: thinning with age by hand, as the running collector does it by itself.

import ArgumentParser
import Configuration
import Console
import FoundationEssentials
import Glibc
import Ledger
import Tallies

struct FoldCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fold",
    abstract: "Fold hours into days, and days into months, where they are old enough.",
    discussion: """
      A running collector does this by itself. Every sum stays what it was; what is folded away is \
      overwritten in the file and can't be had back.

      What is old, the clock says. It is believed where the ledger has an observation of one to two \
      days ago, as that of a running collector has. Of others it has to be said that the clock is right.

      Example:
        weir-collect fold --ledger weir.ledger --dry-run
      """)

  @Option(help: ArgumentHelp("The ledger to thin.", valueName: "file"))
  var ledger: String

  @Option(
    name: .customLong("fold-hours-after-days"), help: CollectOptions.help(.hoursForDays))
  var hoursForDays: Int64?

  @Option(
    name: .customLong("fold-days-after-months"), help: CollectOptions.help(.daysForMonths))
  var daysForMonths: Int64?

  @Flag(name: [.customShort("n"), .long], help: "Print what would be folded, and change nothing.")
  var dryRun = false

  @Flag(help: "Fold by this machine's clock, though nothing in the ledger speaks for it.")
  var believeClock = false

  @Flag(help: "Print what was done as JSON.")
  var json = false

  @Flag(help: "Print nothing.")
  var quiet = false

  func run() throws {
    do {
      let ages = FoldingAges(
        hoursForDays: try number(.hoursForDays, hoursForDays),
        daysForMonths: try number(.daysForMonths, daysForMonths))
      let folding = try LedgerFolding(path: ledger)
      let now = Int64(time(nil))
      var folded: [FoldedStretch] = []
      let doubt =
        try believeClock || !folding.isDue(at: now, ages)
        ? nil : ClockInDoubt(now: now, folding)
      if dryRun {
        folded = try folding.due(at: now, ages)
        if let doubt { printError(programName, "warning: \(doubt)") }
      } else {
        if let doubt { throw doubt }
        while let stretch = try folding.foldNext(at: now, ages) { folded.append(stretch) }
        try folding.rewriteIfNeeded()
        while try folding.shrinkNext() {}
      }
      if !quiet { print(json ? try document(folded) : text(folded), terminator: "") }
    } catch {
      throw report(error)
    }
  }

  private func number(
    _ setting: CollectSetting, _ given: Int64?
  ) throws(ConfigurationError) -> Int {
    guard case .number(let range) = setting.kind, let number = given ?? setting.defaultNumber else {
      return 0
    }
    return Int(
      try ConfigurationEntry(option: setting.rawValue, .integer(number)).integer(in: range))
  }

  private func text(_ folded: [FoldedStretch]) -> String {
    if folded.isEmpty { return "nothing is old enough to be folded\n" }
    let verb = dryRun ? "to fold" : "folded"
    return folded.map { "\(verb) into a \($0.span.rawValue): \($0.name)\n" }.joined()
  }

  private func document(_ folded: [FoldedStretch]) throws -> String {
    struct Entry: Encodable {
      var span: String
      var of: String
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let entries = folded.map { Entry(span: $0.span.rawValue, of: $0.name) }
    return String(decoding: try encoder.encode(["folded": entries]), as: UTF8.self) + "\n"
  }
}

/// The ledger does not say that the clock is right. (What else a running collector asks, that it was not
/// set within a day, a command can't know.)
private struct ClockInDoubt: Error, CustomStringConvertible {
  let now: Int64

  /// - Returns: `nil` where it does.
  init?(now: Int64, _ folding: borrowing LedgerFolding) throws(LedgerError) {
    if try folding.hasObserved(SteadyClock.dayBefore(now)) { return nil }
    self.now = now
  }

  var description: String {
    "the clock says \(iso8601(now)), and the ledger has no observation of one to two days before that, so"
      + " that it may be wrong; if it is right, fold with --believe-clock"
  }
}
