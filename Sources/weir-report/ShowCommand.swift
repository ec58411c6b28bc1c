// `weir-report show`: a month on the terminal, in the figures that its page would have.

import ArgumentParser
import Console
import Disclosure
import Ledger
import Site
import Tallies

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show months as text tables: what the site would publish of them.",
    discussion: """
      Figures have passed the same rules as on the site, and nothing is written. With --site, what is \
      published there already has its say, as it has for a build; without --ledger, it is all that is \
      shown.

      Example:
        weir-report show --ledger weir.ledger --month 2026-10
      """)

  @OptionGroup var ledgers: LedgerOptions

  @Option(help: ArgumentHelp("The folder of the site, where there is one.", valueName: "folder"))
  var site: String?

  @Option(
    help: ArgumentHelp("Templates, stylesheet and names: Weir's 'reports'.", valueName: "folder"))
  var reports: String = "/usr/share/weir/reports"

  @OptionGroup(title: "Disclosure control")
  var disclosure: DisclosureOptions

  @Flag(help: "Print JSON: the documents of the months, as released.json of the site has them.")
  var json = false

  func validate() throws {
    if ledgers.paths.isEmpty, site == nil {
      throw ValidationError("name at least one --ledger, or a --site")
    }
    try disclosure.checkReason(months: ledgers.monthNames)
  }

  func run() throws {
    do {
      try ledgers.refuseUnfitAccount()
      let templates = try SiteTemplates(directory: reports)
      let published = try site.map { directory throws(SiteError) in try PublishedSite(directory) }
      let months = try months(published, classes: templates.encryptionClasses)
      if json {
        let documents = months.map { String(decoding: $0.document(), as: UTF8.self) }
        print("[\(documents.map { $0.dropLast() }.joined(separator: ",\n"))]")
      } else {
        let layout = TerminalLayout(columns: outputColumns(), width: columnsTaken)
        print(
          months.map { MonthText($0, names: templates, layout: layout).text }
            .joined(separator: "\n\n"), terminator: "")
      }
    } catch {
      throw report(error)
    }
  }

  private func months(
    _ published: PublishedSite?, classes: EncryptionClasses
  ) throws -> [ReleasedMonth] {
    let wanted = try ledgers.months()
    if ledgers.paths.isEmpty {
      let all = published?.months ?? []
      let shown = all.filter { wanted.isEmpty || wanted.contains($0.month) }
      let missing = wanted.subtracting(shown.map(\.month))
      guard missing.isEmpty else { throw NotPublished(month: missing.min()) }
      return shown
    }
    let publication = try disclosure.publication(classes: classes)
    let reading = try LedgerReading(
      paths: ledgers.paths, relays: ledgers.relays, months: wanted,
      coveredUntil: publication.time.coveredUntil)
    return try reading.months.map { tallies in
      let earlier = published?[tallies.month]
      // What is drawn here would be drawn again for the site: two draws tell more than one.
      if disclosure.noise, earlier?.status != .final || disclosure.revise != nil {
        throw NoiseNotDrawn(month: tallies.month)
      }
      return try publication.release(tallies, over: earlier).month
    }
  }
}

/// A month was asked for that the site does not have.
struct NotPublished: Error, CustomStringConvertible {
  var month: CalendarMonth?

  var description: String { "the site has nothing of \(month.map { "\($0)" } ?? "any month")" }
}

/// With noise, there is nothing to be shown before it is published.
struct NoiseNotDrawn: Error, CustomStringConvertible {
  var month: CalendarMonth

  var description: String {
    "the noise of \(month) is drawn once, when it is published: build it, then name the --site"
  }
}
