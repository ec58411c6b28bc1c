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
    name: .customLong("relay"), parsing: .singleValue,
    help: ArgumentHelp(
      "The name of each ledger's relay, in their order: then figures are told by relay, where "
        + "every relay has enough (repeatable).", valueName: "name"))
  var relays: [String] = []

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
    if ledgers.isEmpty { throw ValidationError("name at least one --ledger") }
    if let repeated = fileNamedTwice(among: ledgers) {
      throw ValidationError(
        "a ledger is named twice: its numbers would count twice (\(repeated))")
    }
    if !relays.isEmpty, relays.count != ledgers.count || Set(relays).count != relays.count {
      throw ValidationError("give each --ledger a --relay of its own, or none")
    }
    if disclosure.revise != nil, months.isEmpty {
      throw ValidationError("--revise needs a --month: what is final changes by name only")
    }
    _ = try requestedMonths()
  }

  func run() throws {
    do {
      // Before anything is read: a template that can't be used is no reason to wait for.
      let templates = try SiteTemplates(directory: reports)
      let configuration = try configuration()
      let publication = try disclosure.publication(classes: templates.encryptionClasses)
      let reading = try LedgerReading(
        paths: ledgers, relays: relays, months: Set(requestedMonths()),
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

  private func requestedMonths() throws -> [CalendarMonth] {
    try months.map { text in
      guard let month = CalendarMonth(text) else {
        throw ValidationError("--month \(text): write a month as 2026-10")
      }
      return month
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
