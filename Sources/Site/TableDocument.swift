// A table as JSON and CSV, and the month's totals beside it. Every row is in both.

import Disclosure
import Tallies

/// What a table has of one subject: the columns before the figures.
struct SubjectColumns {
  let dimension: ReleasedTable.Dimension
  let names: SiteTemplates

  var header: [String] {
    switch dimension {
    case .servicePort: ["transport", "port", "service"]
    case .autonomousSystem: ["asn", "name"]
    case .country: ["country", "name"]
    case .encryptionClass: ["class"]
    case .ipVersion: ["ip_version"]
    case .transport: ["transport"]
    case .day: ["day"]
    case .relay: ["relay"]
    }
  }

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
      case transport, port, service, asn, name, country, day, relay
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

/// The CSV of one table. The sum of its rows is the month's total, `other` included.
func tableCSV(
  _ dimension: ReleasedTable.Dimension, of released: ReleasedMonth, names: SiteTemplates
) -> String {
  let columns = SubjectColumns(dimension: dimension, names: names)
  var csv = CSVWriter(header: ["kind"] + columns.header + ["rows"] + Figures.header)
  guard let table = released.tables.first(where: { $0.dimension == dimension }) else {
    return csv.text
  }
  for row in table.rows {
    let subject = columns.fields(row.subject).map(withoutFormula)
    csv.append(["row"] + subject + ["1"] + Figures(row.figures).fields)
  }
  if let other = table.other {
    let subject = columns.header.map { _ in "" }
    csv.append(
      ["other"] + subject + [other.rows.map { String($0) } ?? ""] + Figures(other.figures).fields)
  }
  return csv.text
}

/// `totals.csv`: one line, or only the header where the month is withheld.
func totalsCSV(_ released: ReleasedMonth) -> String {
  var csv = CSVWriter(header: ["month"] + Figures.header)
  if let total = released.total {
    csv.append([released.month.description] + Figures(total).fields)
  }
  return csv.text
}
