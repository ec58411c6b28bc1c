// A month's page as the template sees it.

import Disclosure
import Tallies

struct TotalView {
  let name: String
  let value: String
  /// Exactly, where ``value`` is rounded.
  let exact: String
  let meaning: String
}

struct RevisionView {
  let number: String
  let date: String
  let reason: String
  /// The version before, and the file that has it.
  let earlier: String
  let earlierFile: String

  /// - Parameter folder: of the month, seen from the page; with a slash at its end, or empty.
  init(_ revision: Revision, folder: String) {
    number = String(revision.number)
    earlier = String(revision.number - 1)
    earlierFile = folder + MonthDocuments.file(ofRevision: revision.number - 1)
    date = revision.date.description
    reason = revision.reason
  }
}

struct MonthView {
  let frame: PageFrame
  let month: String
  let monthName: String
  let isProvisional: Bool
  let coveredUntil: String
  let finalFrom: String
  let revisions: [RevisionView]
  let hasRevisions: Bool
  let minimumFlows: String
  let total: Headline?
  let totals: [TotalView]
  let figures: [KeyFigure]
  let days: ColumnChart?
  /// Ports, networks and countries.
  let tables: [TableView]
  let encryption: EncryptionView?
  /// IP versions, protocols, relays.
  let small: [TableView]
  let coverage: CoverageView
  let databases: [DatabaseView]
  let hasDatabases: Bool
  let collectors: [CollectorView]
  let hasCollectors: Bool
  let incidents: [IncidentView]
  let hasIncidents: Bool
  let policy: PolicyView
  let files: [FileLine]
  let previous: Neighbour?
  let next: Neighbour?

  struct Headline {
    let flows: String
    let bytes: String
  }

  struct EncryptionView {
    let range: String?
    let table: TableView
  }

  struct Neighbour {
    let month: String
    let name: String

    init(_ released: ReleasedMonth) {
      month = released.month.description
      name = released.month.name
    }
  }

  struct FileLine {
    let name: String
    let csv: String?
    let json: String?
  }

  init(
    _ released: ReleasedMonth, among months: Months, names: SiteTemplates, pages: SubjectPages,
    settings: SiteSettings, limit: Int
  ) {
    let root = "../"
    monthName = released.month.name
    frame = PageFrame(
      monthName, description: "Exit traffic in \(monthName).", depth: 1, settings: settings)
    month = released.month.description
    isProvisional = released.isProvisional
    coveredUntil = iso8601(released.coveredUntil)
    finalFrom = CalendarDate(unixSeconds: released.finalFrom).description
    revisions = released.revisions.map { RevisionView($0, folder: "") }
    hasRevisions = !revisions.isEmpty
    minimumFlows = grouped(released.policy.minimumFlows)
    total = released.total.map {
      Headline(flows: grouped($0.flows), bytes: iecBytes($0.bytes))
    }
    totals = released.total.map(Self.totals) ?? []
    figures = released.total.map { keyFigures(released, total: $0) } ?? []
    func tables(_ dimensions: [ReleasedTable.Dimension]) -> [TableView] {
      guard let total = released.total else { return [] }
      return dimensions.compactMap { released[$0] }.map {
        TableView(
          $0, of: released, total: total, names: names, pages: pages, root: root, limit: limit)
      }
    }
    self.tables = tables(SubjectIndex.dimensions)
    encryption = tables([.encryptionClass]).first.map {
      EncryptionView(range: EncryptionBounds(released)?.range, table: $0)
    }
    small = tables([.ipVersion, .transport, .relay])
    days = Self.days(released)
    coverage = CoverageView(released.coverage)
    databases = released.databases.map { DatabaseView($0) }
    hasDatabases = !databases.isEmpty
    collectors = released.collectors.map { CollectorView($0) }
    hasCollectors = !collectors.isEmpty
    let first = CalendarDate(unixSeconds: released.month.seconds.lowerBound)
    let last = CalendarDate(unixSeconds: released.month.seconds.upperBound - 1)
    incidents = settings.incidents.filter { $0.from <= last && $0.to >= first }
      .prefix(20).map { IncidentView($0) }
    hasIncidents = !incidents.isEmpty
    policy = PolicyView(released.policy)
    files =
      [FileLine(name: "Totals", csv: "totals.csv", json: "totals.json")]
      + publishedDimensions(released).map {
        FileLine(name: $0.heading, csv: "\($0.fileName).csv", json: "\($0.fileName).json")
      }
      + [
        FileLine(name: "Coverage and databases", csv: nil, json: "coverage.json"),
        FileLine(name: "Summary", csv: nil, json: "month.json"),
        FileLine(name: "Frictionless data package", csv: nil, json: DataPackage.file),
      ]
    previous = months.before(released.month).map { Neighbour($0) }
    next = months.after(released.month).map { Neighbour($0) }
  }

  /// The days' bytes as columns; `nil` where they aren't published.
  private static func days(_ released: ReleasedMonth) -> ColumnChart? {
    guard let table = released[.day] else { return nil }
    var bytes: [CalendarDate: UInt64] = [:]
    for row in table.rows {
      if case .day(let day) = row.subject { bytes[day] = row.figures.bytes }
    }
    guard let highest = bytes.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) else {
      return nil
    }
    return ColumnChart(
      id: "days", headline: "Most bytes on \(highest.key): \(iecBytes(highest.value))",
      subtitle: "Bytes in both directions, by day (UTC)", subject: "Day", value: "Bytes",
      entries: released.coverage.days.map { day in
        let number = day.day.day
        let label = ColumnLabel(
          name: day.day.description, tick: number == 1 || number % 5 == 0 ? String(number) : "",
          year: nil)
        if let bytes = bytes[day.day] { return (label, .number(bytes)) }
        let why = day.secondsObserved == 0 ? "not observed" : "not published on its own"
        return (label, .none(why))
      },
      wording: { value in
        switch value {
        case .number(let number): iecBytes(number)
        case .none(let why): why
        case .bounds: ""
        }
      }, scale: iecBytes)
  }

  private static func totals(_ total: ReleasedFigures) -> [TotalView] {
    func count(_ name: String, _ number: UInt64, _ meaning: String) -> TotalView {
      TotalView(name: name, value: grouped(number), exact: String(number), meaning: meaning)
    }
    func size(_ name: String, _ number: UInt64, _ meaning: String) -> TotalView {
      TotalView(name: name, value: iecBytes(number), exact: String(number), meaning: meaning)
    }
    let answered = percentage(total.flowsAnswered, of: total.flows)
    return [
      count("Flows", total.flows, "connections, and exchanges over UDP, that began in the month"),
      count(
        "Flows answered", total.flowsAnswered,
        "\(answered) as many as began; the others were refused in silence, or filtered"),
      count("Packets out", total.packetsOut, "from the exit to the service"),
      count("Packets in", total.packetsIn, "the replies"),
      size("Bytes out", total.bytesOut, "of the IP packets, their headers included"),
      size("Bytes in", total.bytesIn, "the same of the replies"),
      size("Bytes", total.bytes, "both directions"),
    ]
  }
}

/// The tables that have files: all but that of relays, where there is none.
func publishedDimensions(_ released: ReleasedMonth) -> [ReleasedTable.Dimension] {
  ReleasedTable.Dimension.allCases.filter { $0 != .relay || released[.relay] != nil }
}
