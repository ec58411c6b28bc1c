// The pages that say how the figures came about, how good they are, and where to get them.

import Disclosure
import Tallies

struct IncidentView {
  let from: String
  /// `nil` where it was a single day.
  let to: String?
  let text: String

  init(_ incident: Incident) {
    from = incident.from.description
    to = incident.to == incident.from ? nil : incident.to.description
    text = incident.text
  }
}

/// What is measured, how, and what may be published of it.
struct MethodologyView {
  /// Months that have the same rules.
  struct Rules {
    let months: String
    let policy: PolicyView
  }

  struct ClassView {
    let name: String
    let meaning: String
    let bound: String
  }

  struct PortView {
    let port: String
    let kind: String
    let source: String
    let note: String
  }

  let frame: PageFrame
  /// Of the latest month.
  let policy: PolicyView?
  /// Newest first.
  let rules: [Rules]
  let hasRules: Bool
  let classes: [ClassView]
  let ports: [PortView]

  init(_ months: Months, names: SiteTemplates, settings: SiteSettings) {
    frame = PageFrame(
      "Method", description: "What is measured, what is not, and the rules of publication.",
      at: .methodology, settings: settings)
    policy = months.released.last.map { PolicyView($0.policy) }
    rules = Self.rules(months)
    hasRules = !rules.isEmpty
    classes = EncryptionClass.allCases.map { kind in
      let bound =
        switch kind {
        case .encryptedByProtocol, .usuallyEncrypted: "lower and upper bound"
        case .opportunistic, .unknown: "upper bound only"
        case .usuallyCleartext: "neither"
        }
      return ClassView(name: kind.heading, meaning: kind.meaning, bound: bound)
    }
    ports = names.encryption.ports.prefix(400).map {
      PortView(
        port: "\($0.service.port)/\($0.service.transportName)", kind: $0.entry.kind.heading,
        source: $0.entry.source, note: $0.entry.note)
    }
  }

  private static func rules(_ months: Months) -> [Rules] {
    var runs: [(first: CalendarMonth, last: CalendarMonth, policy: ReleasePolicy)] = []
    for released in months.released {
      if let present = runs.last, present.policy == released.policy {
        runs[runs.count - 1].last = released.month
      } else {
        runs.append((released.month, released.month, released.policy))
      }
    }
    return runs.suffix(60).reversed().map { run in
      Rules(
        months: run.first == run.last ? run.first.name : "\(run.first.name) to \(run.last.name)",
        policy: PolicyView(run.policy))
    }
  }
}

/// How much of each month was observed, and what went wrong.
struct CoveragePageView {
  struct Month {
    let name: String
    let page: String
    let observed: String
    let share: String
    let bar: String
    let daysWithoutData: String
    let captures: String
    let cutOff: String
    let dropped: String
    let droppedShare: String
  }

  let frame: PageFrame
  let months: [Month]
  let hasMonths: Bool
  /// Months of the calendar that the site has nothing of.
  let missing: String?
  let incidents: [IncidentView]
  let hasIncidents: Bool

  init(_ months: Months, settings: SiteSettings) {
    frame = PageFrame(
      "Coverage and quality", description: "Hours observed, packets lost, gaps and incidents.",
      at: .coverage, settings: settings)
    self.months = months.released.suffix(OverviewView.monthsInTable).reversed().map { released in
      let coverage = released.coverage
      let observed = released.observedShare
      return Month(
        name: released.month.name, page: "\(released.month)/index.html#coverage",
        observed: duration(coverage.secondsObserved),
        share: percentage(observed.part, of: observed.whole),
        bar: String(wholePercentage(observed.part, of: observed.whole)),
        daysWithoutData: grouped(UInt64(coverage.days.count { $0.secondsObserved == 0 })),
        captures: grouped(UInt64(coverage.captures)),
        cutOff: grouped(UInt64(coverage.capturesCutOff)), dropped: grouped(coverage.dropped),
        droppedShare: coverage.account.map {
          percentage(coverage.dropped, of: $0.read + coverage.dropped)
        } ?? "withheld")
    }
    hasMonths = !self.months.isEmpty
    let gaps = months.span(OverviewView.monthsInTable).filter { $0.released == nil }
    missing =
      gaps.isEmpty ? nil : gaps.suffix(24).map(\.month.name).joined(separator: ", ")
    incidents = settings.incidents.prefix(200).map { IncidentView($0) }
    hasIncidents = !incidents.isEmpty
  }
}

/// Where the data files are, and how to trust them.
struct DataView {
  struct Month {
    let month: String
    let name: String
    let relays: Bool
  }

  let frame: PageFrame
  let months: [Month]
  let hasMonths: Bool
  let licenceTitle: String
  let licence: String
  let licenceAddress: String
  let attributions: [AttributionView]
  let hasAttributions: Bool
  let signing: Signing?
  let example: String
  let baseAddress: String?

  struct Signing {
    let identity: String
    let namespace = SiteSignature.namespace
  }

  init(_ months: Months, settings: SiteSettings) {
    frame = PageFrame(
      "Data files", description: "Every table as CSV and JSON, with schema, licence and digests.",
      at: .data, settings: settings)
    self.months = months.released.suffix(OverviewView.monthsInTable).reversed().map {
      Month(month: $0.month.description, name: $0.month.name, relays: $0[.relay] != nil)
    }
    hasMonths = !self.months.isEmpty
    licence = settings.licence.identifier
    licenceTitle = settings.licence.title
    licenceAddress = settings.licence.address
    var seen: Set<String> = []
    attributions = months.released.reversed().flatMap(\.databases)
      .filter { !$0.attribution.isEmpty && seen.insert($0.attribution).inserted }
      .prefix(12).map { AttributionView($0.attribution) }
    hasAttributions = !attributions.isEmpty
    signing = settings.signing.map { Signing(identity: $0.identity) }
    example = months.released.last?.month.description ?? "2026-10"
    baseAddress = settings.baseAddress
  }
}

/// What was published when, and what has changed since.
struct ChangesView {
  struct Month {
    let name: String
    let page: String
    let status: String
    let revisions: [RevisionView]
    let hasRevisions: Bool
  }

  let frame: PageFrame
  let months: [Month]
  let hasMonths: Bool

  init(_ months: Months, settings: SiteSettings) {
    frame = PageFrame(
      "Changes", description: "Which months are final, and what was revised since.",
      at: .changes, settings: settings)
    self.months = months.released.suffix(OverviewView.monthsInTable).reversed().map { released in
      let day = CalendarDate(unixSeconds: released.finalFrom)
      return Month(
        name: released.month.name, page: "\(released.month)/index.html",
        status: released.isProvisional
          ? "provisional, with data to \(iso8601(released.coveredUntil))" : "final since \(day)",
        revisions: released.revisions.suffix(20).map {
          RevisionView($0, folder: "\(released.month)/")
        },
        hasRevisions: !released.revisions.isEmpty)
    }
    hasMonths = !self.months.isEmpty
  }
}

/// Who is behind it.
struct AboutView {
  struct Contact {
    let text: String
    let address: String?
  }

  let frame: PageFrame
  let operatorName: String?
  let paragraphs: [String]
  let hasParagraphs: Bool
  let contacts: [Contact]
  let hasContacts: Bool
  let onionAddress: String?
  let baseAddress: String?
  let version = weirVersion
  let program: PublishingProgram?

  init(settings: SiteSettings) {
    frame = PageFrame(
      "About", description: "Who measures and publishes, and how to reach them.", at: .about,
      settings: settings)
    operatorName = settings.operatorName
    paragraphs = settings.about
    hasParagraphs = !paragraphs.isEmpty
    contacts = settings.contacts.map { Contact(text: $0, address: Self.address(of: $0)) }
    hasContacts = !contacts.isEmpty
    onionAddress = settings.onionAddress
    baseAddress = settings.baseAddress
    program = settings.program
  }

  /// Web and mail addresses become links.
  private static func address(of contact: String) -> String? {
    if isWebAddress(contact) { return contact }
    let halves = contact.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
    let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_+".utf8)
    guard halves.count == 2, halves.allSatisfy({ !$0.isEmpty && $0.allSatisfy(allowed.contains) })
    else { return nil }
    return "mailto:\(contact)"
  }
}
