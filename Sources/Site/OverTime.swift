// Data files over all months: totals with the shares that charts show, and every published row of a
// dimension.

import Disclosure
import Tallies

/// `months.csv` and `months.json`.
struct MonthsDocument: JSONDocument {
  struct Entry: Encodable {
    let month: String
    let status: String
    let revision: Int
    @Nullable var total: Figures?
    @Nullable var encryptedLower: UInt64?
    @Nullable var encryptedUpper: UInt64?
    @Nullable var ipv6: UInt64?
    let secondsObserved: Int64
    let secondsInMonth: Int64

    enum CodingKeys: String, CodingKey {
      case month, status, revision, total
      case encryptedLower = "bytes_likely_encrypted_lower"
      case encryptedUpper = "bytes_likely_encrypted_upper"
      case ipv6 = "bytes_ipv6"
      case secondsObserved = "seconds_observed"
      case secondsInMonth = "seconds_in_month"
    }
  }

  var format = 1
  let months: [Entry]
  var units = Figures.units.merging([
    "bytes_likely_encrypted_lower": "byte", "bytes_likely_encrypted_upper": "byte",
    "bytes_ipv6": "byte", "seconds_observed": "second", "seconds_in_month": "second",
  ]) { unit, _ in unit }

  init(_ months: Months) {
    self.months = months.released.map { released in
      let bounds = EncryptionBounds(released)
      return Entry(
        month: released.month.description, status: released.status.rawValue,
        revision: released.revision, total: released.total.map { Figures($0) },
        encryptedLower: bounds?.lower, encryptedUpper: bounds?.upper, ipv6: released.ipv6Bytes,
        secondsObserved: released.coverage.secondsObserved,
        secondsInMonth: released.coverage.secondsInMonth)
    }
  }

  var csv: String {
    var csv = CSVWriter(
      header: ["month", "status", "revision"] + Figures.header + [
        "bytes_likely_encrypted_lower", "bytes_likely_encrypted_upper", "bytes_ipv6",
        "seconds_observed", "seconds_in_month",
      ])
    for entry in months {
      let figures = entry.total?.fields ?? Figures.header.map { _ in "" }
      let shares = [entry.encryptedLower, entry.encryptedUpper, entry.ipv6].map {
        $0.map { String($0) } ?? ""
      }
      csv.append(
        [entry.month, entry.status, String(entry.revision)] + figures + shares
          + [String(entry.secondsObserved), String(entry.secondsInMonth)])
    }
    return csv.text
  }
}

/// `over-time.csv` and `over-time.json` of a dimension: every row that a month publishes on its own.
struct OverTimeDocument: JSONDocument {
  struct Entry: Encodable {
    let month: String
    let rows: [TableDocument.Row]
  }

  var format = 1
  let dimension: String
  let months: [Entry]
  var units = Figures.units

  private let columns: SubjectColumns
  private let released: [ReleasedMonth]

  enum CodingKeys: String, CodingKey { case format, dimension, months, units }

  init(_ dimension: ReleasedTable.Dimension, of months: Months, names: SiteTemplates) {
    let columns = SubjectColumns(dimension: dimension, names: names)
    self.columns = columns
    self.dimension = dimension.rawValue
    released = months.released
    self.months = released.map { month in
      Entry(
        month: month.month.description,
        rows: month[dimension]?.rows.map {
          TableDocument.Row(columns: columns, released: $0)
        } ?? [])
    }
  }

  var csv: String {
    var csv = CSVWriter(header: ["month"] + columns.header + Figures.header)
    for month in released {
      for row in month[columns.dimension]?.rows ?? [] {
        csv.append(
          [month.month.description] + columns.fields(row.subject).map(withoutFormula)
            + Figures(row.figures).fields)
      }
    }
    return csv.text
  }
}
