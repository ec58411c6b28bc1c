// `weir-report build`: its options, and what it prints.

import ArgumentParser
import Configuration
import Console
import Disclosure
import Glibc
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

  @OptionGroup var ledgers: LedgerOptions

  @Option(help: ArgumentHelp("The folder of the site.", valueName: "folder"))
  var site: String

  @Option(
    help: ArgumentHelp("Templates, stylesheet and names: Weir's 'reports'.", valueName: "folder"))
  var reports: String = "/usr/share/weir/reports"

  @OptionGroup(title: "Disclosure control")
  var disclosure: DisclosureOptions

  @Option(
    help: ArgumentHelp(
      "What the site says of itself and its operator; see weir-report(8) (default: "
        + "\(ReportConfiguration.standardPath) where it exists).", valueName: "file"))
  var config: String?

  @Flag(help: "Print nothing but errors.")
  var quiet = false

  func validate() throws {
    if ledgers.paths.isEmpty { throw ValidationError("name at least one --ledger") }
    try disclosure.checkReason(months: ledgers.monthNames)
  }

  func run() throws {
    do {
      try ledgers.refuseUnfitAccount()
      // Before anything is read: a template that can't be used is no reason to wait for.
      let templates = try SiteTemplates(directory: reports)
      let configuration = try configuration()
      let publication = try disclosure.publication(classes: templates.encryptionClasses)
      let reading = try LedgerReading(
        paths: ledgers.paths, relays: ledgers.relays, months: ledgers.months(),
        coveredUntil: publication.time.coveredUntil)
      let months = Dictionary(uniqueKeysWithValues: reading.months.map { ($0.month, $0) })
      var built: [(ReleasedMonth, PublicationOutcome)] = []
      let writer = SiteWriter(
        templates: templates, directory: site, settings: configuration.site)
      try writer.publish(reading.months.map(\.month)) { month, earlier throws(RevisionNeeded) in
        guard let tallies = months[month], publication.isDue(month) else { return nil }
        let (released, outcome) = try publication.release(tallies, over: earlier)
        built.append((released, outcome))
        return released
      }.get()
      if !quiet {
        printSummary(built)
        printNotDue(reading.months.map(\.month).filter { !publication.isDue($0) })
      }
    } catch {
      throw report(error)
    }
  }

  private func configuration() throws -> ReportConfiguration {
    if let config { return try ReportConfiguration(path: config) }
    do {
      return try ReportConfiguration(path: ReportConfiguration.standardPath)
    } catch ConfigurationError.unreadable(_, ENOENT) {
      return ReportConfiguration()
    }
  }

  private func printSummary(_ built: [(ReleasedMonth, PublicationOutcome)]) {
    for (month, outcome) in built {
      let state =
        switch outcome {
        case .published: month.status.rawValue
        case .unchanged: "final, unchanged"
        case .waiting:
          "provisional, unchanged until \(CalendarDate(unixSeconds: month.coveredUntil + 86_400))"
        case .revised: "revision \(month.revision)"
        }
      if let total = month.total {
        let rows = month.tables.reduce(0) { $0 + $1.rows.count }
        print(
          "\(month.month): \(counted(total.flows, "flow")), \(iecBytes(total.bytes)),"
            + " \(counted(UInt64(rows), "row")), \(state)")
      } else {
        print(
          "\(month.month): too little to be published (fewer than \(month.policy.minimumFlows)"
            + " flows, or mostly one flow's bytes), so there are no figures, \(state)")
      }
    }
    print("site: \(site)/index.html")
  }

  private func printNotDue(_ months: [CalendarMonth]) {
    for month in months {
      print("\(month): left out until it is final, because noise is drawn once")
    }
  }
}
