// A table as its page shows it: what the templates name, ready for people to read.

import Disclosure
import Tallies

/// Figures as cells. Bytes come twice: in IEC units to read, and exactly for machines.
struct FigureCells {
  let flows: String
  let flowsAnswered: String
  let packets: String
  let bytesOut: String
  let bytesOutExact: String
  let bytesIn: String
  let bytesInExact: String
  let bytes: String
  let bytesExact: String
  /// Of the bytes of the month.
  let share: String
  /// The same in whole percent; the stylesheet has a width for each.
  let bar: String

  init(_ figures: Figures, of total: Figures) {
    flows = grouped(figures.flows)
    flowsAnswered = grouped(figures.flowsAnswered)
    packets = grouped(figures.packets)
    bytesOut = iecBytes(figures.bytesOut)
    bytesOutExact = String(figures.bytesOut)
    bytesIn = iecBytes(figures.bytesIn)
    bytesInExact = String(figures.bytesIn)
    bytes = iecBytes(figures.bytes)
    bytesExact = String(figures.bytes)
    share = percentage(figures.bytes, of: total.bytes)
    bar = String(wholePercentage(figures.bytes, of: total.bytes))
  }
}

struct RowView {
  /// What names the row, such as `443/tcp`.
  let subject: String
  /// More about it, from a name table or a database; empty where they have nothing.
  let name: String
  let hasName: Bool
  let note: String
  let figures: FigureCells

  init(_ row: ReleasedRow, of total: Figures, names: SiteTemplates) {
    figures = FigureCells(Figures(row.figures), of: total)
    let (subject, name, note) = Self.words(row.subject, names: names)
    self.subject = subject
    self.name = name
    self.note = note
    hasName = !name.isEmpty
  }

  private static func words(
    _ subject: ReleasedSubject, names: SiteTemplates
  ) -> (subject: String, name: String, note: String) {
    switch subject {
    case .servicePort(let service):
      let registration = names.services[service]
      return (
        "\(service.port)/\(service.transportName)", registration?.name ?? "",
        registration?.description ?? "not in the list of names"
      )
    case .autonomousSystem(asn: 0, _):
      return ("none", "", "in no database")
    case .autonomousSystem(let asn, let name):
      return ("AS\(asn)", name, name.isEmpty ? "no name in the database" : "")
    case .country(let code):
      return (names.countries[code], code.description, "")
    case .encryptionClass(let kind):
      return (kind.rawValue.replacing("-", with: " "), "", "")
    case .ipVersion(let number): return ("IPv\(number)", "", "")
    case .transport(let number): return (transportName(number).uppercased(), "", "")
    case .day(let date): return (date.description, "", "")
    case .relay(let name): return (name, "", "")
    }
  }
}

/// Several rows in one line.
struct SumView {
  let rows: String
  let figures: FigureCells
}

struct TableView {
  let anchor: String
  let heading: String
  let caption: String
  let subjectHeading: String
  let nameHeading: String
  let isServicePort: Bool
  let isAutonomousSystem: Bool
  let isCountry: Bool
  let csv: String
  let json: String
  let rows: [RowView]
  /// How many rows stand on their own, here and in the data files.
  let rowCount: String
  /// Rows that have no room on the page, but in the data files.
  let further: SumView?
  let other: SumView?
  let total: FigureCells

  /// Shows the first `limit` rows, which are those with the most bytes.
  init(
    _ table: ReleasedTable, total released: ReleasedFigures, month: CalendarMonth,
    names: SiteTemplates, limit: Int
  ) {
    let total = Figures(released)
    let words = Self.words(table.dimension)
    anchor = table.dimension.fileName
    heading = words.heading
    caption = "Exit traffic by \(words.subject), \(month.name)"
    subjectHeading = words.subjectHeading
    nameHeading = words.nameHeading
    isServicePort = table.dimension == .servicePort
    isAutonomousSystem = table.dimension == .autonomousSystem
    isCountry = table.dimension == .country
    csv = "\(table.dimension.fileName).csv"
    json = "\(table.dimension.fileName).json"
    rows = table.rows.prefix(limit).map { RowView($0, of: total, names: names) }
    rowCount = counted(table.rows.count, "row")
    further = Self.sum(table.rows.dropFirst(limit), of: total)
    other = table.other.map {
      SumView(
        rows: $0.rows.map { counted($0, "smaller row") } ?? "smaller rows",
        figures: FigureCells(Figures($0.figures), of: total))
    }
    self.total = FigureCells(total, of: total)
  }

  private static func sum(_ rows: ArraySlice<ReleasedRow>, of total: Figures) -> SumView? {
    guard !rows.isEmpty else { return nil }
    var sum = Figures()
    for row in rows { sum += Figures(row.figures) }
    return SumView(
      rows: counted(rows.count, "further row"), figures: FigureCells(sum, of: total))
  }

  private static func words(
    _ dimension: ReleasedTable.Dimension
  ) -> (heading: String, subject: String, subjectHeading: String, nameHeading: String) {
    switch dimension {
    case .servicePort: ("Service ports", "service port", "Port", "Registered name")
    case .autonomousSystem: ("Autonomous systems", "autonomous system", "AS", "Name")
    case .country: ("Countries", "country", "Country", "Code")
    case .encryptionClass: ("Encryption", "class of encryption", "Class", "")
    case .ipVersion: ("IP versions", "IP version", "Version", "")
    case .transport: ("Protocols", "protocol", "Protocol", "")
    case .day: ("Days", "day", "Day", "")
    case .relay: ("Relays", "relay", "Relay", "")
    }
  }
}
