// A table as JSON and CSV, and the month's totals beside it. Every row is in both.

import Disclosure
import Tallies

/// What a table has of one subject: the columns before the figures.
struct SubjectColumns {
  let dimension: ReleasedTable.Dimension
  let names: SiteTemplates

  /// Empty in the line of ``ReleasedOther``.
  var columns: [Column] {
    func text(_ name: String, _ description: String) -> Column {
      Column(name: name, kind: .string, description: description, isRequired: false)
    }
    func number(_ name: String, _ description: String) -> Column {
      Column(name: name, kind: .integer, description: description, isRequired: false)
    }
    switch dimension {
    case .servicePort:
      return [
        text("transport", "tcp or udp"), number("port", "port of the service"),
        text("service", "the name that IANA registered the port for; not what was spoken there"),
      ]
    case .autonomousSystem:
      return [
        number("asn", "number of the autonomous system; 0 where no database has the address"),
        text("name", "its name, after the database"),
      ]
    case .country:
      return [
        text("country", "two letters, ISO 3166-1; ZZ where unknown"), text("name", "its name"),
      ]
    case .encryptionClass: return [text("class", "how likely the port is used with encryption")]
    case .ipVersion: return [number("ip_version", "4 or 6")]
    case .transport: return [text("transport", "tcp or udp")]
    case .day:
      return [Column(name: "day", kind: .date, description: "the day, UTC", isRequired: false)]
    case .relay: return [text("relay", "name of the relay")]
    }
  }

  var header: [String] { columns.map(\.name) }

  /// In the order of ``header``, as they are.
  func fields(_ subject: ReleasedSubject) -> [String] {
    switch subject {
    case .servicePort(let service):
      [service.transportName, String(service.port), names.services[service]?.name ?? ""]
    case .autonomousSystem(let asn, let name): [String(asn), name]
    case .country(let code): [code.description, names.countries[code]]
    case .encryptionClass(let kind): [kind.rawValue]
    case .ipVersion(let number): [String(number)]
    case .transport(let number): [transportName(number)]
    case .day(let date): [date.description]
    case .relay(let name): [name]
    }
  }
}

/// `service-ports.json`, `autonomous-systems.json`, `countries.json`.
struct TableDocument: JSONDocument {
  struct Row: Encodable {
    let columns: SubjectColumns
    let released: ReleasedRow

    enum CodingKeys: String, CodingKey {
      case transport, port, service, asn, name, country, day, relay, lower, upper
      case encryptionClass = "class"
      case ipVersion = "ip_version"
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      let names = columns.names
      switch released.subject {
      case .servicePort(let service):
        try container.encode(service.transportName, forKey: .transport)
        try container.encode(service.port, forKey: .port)
        try container.encode(names.services[service]?.name ?? "", forKey: .service)
      case .autonomousSystem(let asn, let name):
        try container.encode(asn, forKey: .asn)
        try container.encode(name, forKey: .name)
      case .country(let code):
        try container.encode(code.description, forKey: .country)
        try container.encode(names.countries[code], forKey: .name)
      case .encryptionClass(let kind): try container.encode(kind.rawValue, forKey: .encryptionClass)
      case .ipVersion(let number): try container.encode(number, forKey: .ipVersion)
      case .transport(let number): try container.encode(transportName(number), forKey: .transport)
      case .day(let date): try container.encode(date.description, forKey: .day)
      case .relay(let name): try container.encode(name, forKey: .relay)
      }
      try Figures(released.figures).encode(to: encoder)
      if let interval = released.interval {
        try container.encode(Figures(interval.lower), forKey: .lower)
        try container.encode(Figures(interval.upper), forKey: .upper)
      }
    }
  }

  struct Other: Codable, Equatable {
    @Nullable var rows: Int?
    let figures: Figures

    enum CodingKeys: String, CodingKey { case rows }

    init(_ other: ReleasedOther) {
      rows = other.rows
      figures = Figures(other.figures)
    }

    init(from decoder: any Decoder) throws {
      rows = try decoder.container(keyedBy: CodingKeys.self).decode(Int?.self, forKey: .rows)
      figures = try Figures(from: decoder)
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(rows, forKey: .rows)
      try figures.encode(to: encoder)
    }
  }

  var format = 1
  let month: String
  let dimension: String
  let rows: [Row]
  @Nullable var other: Other?
  @Nullable var total: Figures?
  let minimumFlows: UInt64
  var units = Figures.units.merging(["rows": "row", "minimum_flows": "flow"]) { unit, _ in unit }

  enum CodingKeys: String, CodingKey {
    case format, month, dimension, rows, other, total, units
    case minimumFlows = "minimum_flows"
  }

  /// Without rows and total where the month is withheld.
  init(
    _ dimension: ReleasedTable.Dimension, of released: ReleasedMonth, names: SiteTemplates
  ) {
    let table = released.tables.first { $0.dimension == dimension }
    let columns = SubjectColumns(dimension: dimension, names: names)
    month = released.month.description
    self.dimension = dimension.rawValue
    rows = table?.rows.map { Row(columns: columns, released: $0) } ?? []
    other = table?.other.map { Other($0) }
    total = released.total.map { Figures($0) }
    minimumFlows = released.policy.minimumFlows
  }
}

/// `totals.json`.
struct TotalsDocument: JSONDocument {
  var format = 1
  let month: String
  @Nullable var total: Figures?
  let minimumFlows: UInt64
  var units = Figures.units.merging(["minimum_flows": "flow"]) { unit, _ in unit }

  enum CodingKeys: String, CodingKey {
    case format, month, total, units
    case minimumFlows = "minimum_flows"
  }

  init(_ released: ReleasedMonth) {
    month = released.month.description
    total = released.total.map { Figures($0) }
    minimumFlows = released.policy.minimumFlows
  }
}

/// A CSV file and what its columns hold.
struct DataTable {
  let columns: [Column]
  let text: String
}

/// The figures' columns, and between which values the true ones lie where noise was added.
private func figureColumns(isNoisy: Bool) -> [Column] {
  let plain = Figures.CodingKeys.allCases.map { key in
    Column(
      name: key.rawValue, kind: .integer, description: key.meaning, unit: key.unit)
  }
  guard isNoisy else { return plain }
  let bounds = Figures.CodingKeys.allCases.flatMap { key in
    [("lower", "at least"), ("upper", "at most")].map { name, words in
      Column(
        name: "\(key.rawValue)_\(name)", kind: .integer,
        description: "\(key.rawValue): \(words) this, with a probability of 95 %", unit: key.unit,
        isRequired: false)
    }
  }
  return plain + bounds
}

/// In the order of ``figureColumns(isNoisy:)``.
private func figureFields(
  _ released: ReleasedFigures, _ interval: ReleasedInterval?, isNoisy: Bool
) -> [String] {
  let plain = Figures(released).fields
  guard isNoisy else { return plain }
  guard let interval else { return plain + plain.flatMap { _ in ["", ""] } }
  let bounds = zip(Figures(interval.lower).fields, Figures(interval.upper).fields)
  return plain + bounds.flatMap { [$0, $1] }
}

/// The CSV of one table.
func dataTable(
  _ dimension: ReleasedTable.Dimension, of released: ReleasedMonth, names: SiteTemplates
) -> DataTable {
  let subject = SubjectColumns(dimension: dimension, names: names)
  let isNoisy = released.policy.noise != nil
  let columns =
    [
      Column(
        name: "kind", kind: .string,
        description: "row, or other for the rows that are added together",
        values: ["row", "other"])
    ] + subject.columns + [
      Column(
        name: "rows", kind: .integer,
        description: "how many rows the line stands for; empty where that may not be told",
        unit: "row", isRequired: false)
    ] + figureColumns(isNoisy: isNoisy)
  var csv = CSVWriter(header: columns.map(\.name))
  guard let table = released[dimension] else { return DataTable(columns: columns, text: csv.text) }
  for row in table.rows {
    csv.append(
      ["row"] + subject.fields(row.subject).map(withoutFormula) + ["1"]
        + figureFields(row.figures, row.interval, isNoisy: isNoisy))
  }
  if let other = table.other {
    csv.append(
      ["other"] + subject.header.map { _ in "" } + [other.rows.map { String($0) } ?? ""]
        + figureFields(other.figures, other.interval, isNoisy: isNoisy))
  }
  return DataTable(columns: columns, text: csv.text)
}

/// `totals.csv`: one line, or only the header where the month is withheld.
func totalsTable(_ released: ReleasedMonth) -> DataTable {
  let isNoisy = released.policy.noise != nil
  let columns =
    [Column(name: "month", kind: .yearMonth, description: "the month, UTC")]
    + figureColumns(isNoisy: isNoisy)
  var csv = CSVWriter(header: columns.map(\.name))
  if let total = released.total {
    csv.append(
      [released.month.description]
        + figureFields(total, released.totalInterval, isNoisy: isNoisy))
  }
  return DataTable(columns: columns, text: csv.text)
}
