// month.json: a month in a few numbers, which are those that the index says of it.

import Disclosure
import Tallies

struct MonthSummary: JSONDocument, Codable, Equatable {
  static let file = "month.json"
  static let currentFormat = 1

  struct ObservedShare: Codable, Equatable {
    let secondsObserved: Int64
    let secondsInMonth: Int64

    enum CodingKeys: String, CodingKey {
      case secondsObserved = "seconds_observed"
      case secondsInMonth = "seconds_in_month"
    }
  }

  struct Table: Codable, Equatable {
    /// ``ReleasedTable/Dimension``.
    let dimension: String
    /// Rows that stand on their own.
    let rows: Int
    /// Whether there are rows that were added together as `other`.
    let hasOther: Bool
    let csv: String
    let json: String

    enum CodingKeys: String, CodingKey {
      case dimension, rows, csv, json
      case hasOther = "has_other"
    }
  }

  var format = currentFormat
  let month: String
  /// `null` where the month had too few flows to be published.
  @Nullable var total: Figures?
  let coverage: ObservedShare
  let minimumFlows: UInt64
  let tables: [Table]
  var units = Figures.units.merging(
    ["seconds_observed": "second", "seconds_in_month": "second", "minimum_flows": "flow"]
  ) { unit, _ in unit }

  enum CodingKeys: String, CodingKey {
    case format, month, total, coverage, tables, units
    case minimumFlows = "minimum_flows"
  }

  init(_ released: ReleasedMonth) {
    month = released.month.description
    total = released.total.map { Figures($0) }
    coverage = ObservedShare(
      secondsObserved: released.coverage.secondsObserved,
      secondsInMonth: released.coverage.secondsInMonth)
    minimumFlows = released.policy.minimumFlows
    tables = released.tables.map {
      Table(
        dimension: $0.dimension.rawValue, rows: $0.rows.count, hasOther: $0.other != nil,
        csv: "\($0.dimension.fileName).csv", json: "\($0.dimension.fileName).json")
    }
  }
}

extension ReleasedTable.Dimension {
  /// Of the table's data files, without their endings, and its anchor on the page.
  var fileName: String {
    switch self {
    case .servicePort: "service-ports"
    case .autonomousSystem: "autonomous-systems"
    case .country: "countries"
    case .encryptionClass: "encryption-classes"
    case .ipVersion: "ip-versions"
    case .transport: "protocols"
    case .day: "days"
    case .relay: "relays"
    }
  }
}
