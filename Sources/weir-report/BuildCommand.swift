// `weir-report build`: its options, and what it prints.

import ArgumentParser
import Console
import Disclosure
import Ledger
import Site
import Tallies

struct BuildCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build",
    abstract: "Build the site, or add a month to it.",
    discussion: """
      The site is written beside its folder and swapped in whole; after any error the old one \
      stands. Months that it has already, and that are not named, stay as they are.

      Example:
        weir-report build --ledger weir.ledger --month 2026-10 --site /srv/weir/site
      """)

  @Option(
    name: .customLong("ledger"), parsing: .singleValue,
    help: ArgumentHelp("A ledger to read; several are added up (repeatable).", valueName: "ledger"))
  var ledgers: [String] = []

  @Option(
    name: .customLong("month"), parsing: .singleValue,
    help: ArgumentHelp(
      "A month to publish, such as 2026-10 (repeatable; default: every month of the ledgers).",
      valueName: "yyyy-mm"))
  var months: [String] = []

  @Option(help: ArgumentHelp("The folder of the site.", valueName: "folder"))
  var site: String

  @Option(
    help: ArgumentHelp("Templates, stylesheet and names: Weir's 'reports'.", valueName: "folder"))
  var reports: String = "/usr/share/weir/reports"

  @Option(
    help: ArgumentHelp(
      "Flows that a row must have to be published on its own, "
        + "\(ReleasePolicy.floorOfMinimumFlows) or more."))
  var minimumFlows: UInt64 = ReleasePolicy.floorOfMinimumFlows

  @Flag(help: "Print nothing but errors.")
  var quiet = false

  func validate() throws {
    if ledgers.isEmpty { throw ValidationError("name at least one --ledger") }
    if let repeated = fileNamedTwice(among: ledgers) {
      throw ValidationError(
        "a ledger is named twice: its numbers would count twice (\(repeated))")
    }
    if ReleasePolicy(minimumFlows: minimumFlows) == nil {
      throw ValidationError(
        "--minimum-flows takes \(ReleasePolicy.floorOfMinimumFlows) or more: that floor can't be"
          + " lowered")
    }
    _ = try requestedMonths()
  }

  func run() throws {
    do {
      // Before anything is read: a template that can't be used is no reason to wait for.
      let templates = try SiteTemplates(directory: reports)
      let released = try release()
      try SiteWriter(templates: templates, directory: site).publish(released)
      if !quiet { printSummary(released) }
    } catch {
      throw report(error)
    }
  }

  private func requestedMonths() throws -> [CalendarMonth] {
    try months.map { text in
      guard let month = CalendarMonth(text) else {
        throw ValidationError("--month \(text): write a month as 2026-10")
      }
      return month
    }
  }

  private func release() throws -> [ReleasedMonth] {
    guard let policy = ReleasePolicy(minimumFlows: minimumFlows) else { return [] }
    let reading = try LedgerReading(paths: ledgers, months: Set(requestedMonths()))
    return reading.months.map { $0.release(policy: policy) }
  }

  private func printSummary(_ released: [ReleasedMonth]) {
    for month in released {
      if let total = month.total {
        let rows = month.tables.reduce(0) { $0 + $1.rows.count }
        print(
          "\(month.month): \(counted(total.flows, "flow")), \(iecBytes(total.bytes)),"
            + " \(counted(UInt64(rows), "row"))")
      } else {
        print(
          "\(month.month): fewer than \(month.policy.minimumFlows) flows, so no figures are published"
        )
      }
    }
    print("site: \(site)/index.html")
  }
}
