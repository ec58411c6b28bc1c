// What rows are about, over all months: which have a page of their own, where, and what it says.

import Disclosure
import Tallies

/// A port, an autonomous system or a country, whatever a month calls it.
enum SubjectKey: Hashable {
  case servicePort(ServicePort)
  case autonomousSystem(UInt32)
  case country(CountryCode)

  init?(_ subject: ReleasedSubject) {
    switch subject {
    case .servicePort(let service): self = .servicePort(service)
    case .autonomousSystem(let asn, _): self = .autonomousSystem(asn)
    case .country(let code): self = .country(code)
    default: return nil
    }
  }

  /// Of its page, without the ending, within the folder of its kind.
  var file: String {
    switch self {
    case .servicePort(let service): "\(service.transportName)-\(service.port)"
    case .autonomousSystem(let asn): "AS\(asn)"
    case .country(let code): code.description
    }
  }

  /// For a total order.
  fileprivate var order: UInt64 {
    switch self {
    case .servicePort(let service): UInt64(service.port) << 8 | UInt64(service.transport)
    case .autonomousSystem(let asn): UInt64(asn)
    case .country(let code): UInt64(code.letters)
    }
  }
}

/// One subject's figures in one month.
enum SubjectFigures {
  case published(ReleasedRow)
  /// The month has the table, and no row for it there.
  case notOnItsOwn
  /// The month has no figures, or not this table.
  case withheld
  case noData

  var row: ReleasedRow? {
    if case .published(let row) = self { return row }
    return nil
  }
}

/// The subjects of one dimension.
struct SubjectIndex {
  /// How many have a page, of each dimension. What exists has to stay: those that were published
  /// first have the pages.
  static let mostPages = 250

  static let dimensions: [ReleasedTable.Dimension] = [.servicePort, .autonomousSystem, .country]

  struct Entry {
    let key: SubjectKey
    /// As the latest month has it.
    let subject: ReleasedSubject
    let monthsPublished: Int
    /// Of the last month in which it was published.
    let last: (month: CalendarMonth, row: ReleasedRow)
  }

  let dimension: ReleasedTable.Dimension
  /// Those with a page: first those of the latest month by bytes, then the others by when they were
  /// last published.
  let entries: [Entry]
  /// How many there are besides.
  let withoutPage: Int
  private let keys: Set<SubjectKey>

  init(_ dimension: ReleasedTable.Dimension, of months: Months) {
    self.dimension = dimension
    struct Found {
      let first: Int
      var subject: ReleasedSubject
      var count: Int
      var last: (month: CalendarMonth, row: ReleasedRow)
      var bytes: UInt64
    }
    var found: [SubjectKey: Found] = [:]
    for (position, released) in months.released.enumerated() {
      for row in released[dimension]?.rows ?? [] {
        guard let key = SubjectKey(row.subject) else { continue }
        var entry =
          found[key]
          ?? Found(
            first: position, subject: row.subject, count: 0, last: (released.month, row), bytes: 0)
        entry.subject = row.subject
        entry.count += 1
        entry.last = (released.month, row)
        entry.bytes = entry.bytes.addingReportingOverflow(row.figures.bytes).partialValue
        found[key] = entry
      }
    }
    let chosen = found.sorted {
      ($0.value.first, $1.value.bytes, $0.key.order) < (
        $1.value.first, $0.value.bytes, $1.key.order
      )
    }.prefix(Self.mostPages)
    keys = Set(chosen.map(\.key))
    withoutPage = found.count - chosen.count
    entries = chosen.sorted {
      let (one, other) = ($0.value.last, $1.value.last)
      return (other.month, other.row.figures.bytes, $0.key.order)
        < (one.month, one.row.figures.bytes, $1.key.order)
    }.map {
      Entry(
        key: $0.key, subject: $0.value.subject, monthsPublished: $0.value.count, last: $0.value.last
      )
    }
  }

  /// The page of a row's subject, from the site's folder; `nil` where it has none.
  func page(of subject: ReleasedSubject) -> String? {
    guard let key = SubjectKey(subject), keys.contains(key) else { return nil }
    return "\(dimension.fileName)/\(key.file).html"
  }
}

extension ReleasedMonth {
  /// Every subject of a dimension with its row.
  func rows(_ dimension: ReleasedTable.Dimension) -> [SubjectKey: ReleasedRow] {
    var rows: [SubjectKey: ReleasedRow] = [:]
    for row in self[dimension]?.rows ?? [] {
      if let key = SubjectKey(row.subject) { rows[key] = row }
    }
    return rows
  }
}

/// The pages that rows link to.
struct SubjectPages {
  private let indexes: [ReleasedTable.Dimension: SubjectIndex]

  init(_ indexes: [SubjectIndex]) {
    self.indexes = Dictionary(uniqueKeysWithValues: indexes.map { ($0.dimension, $0) })
  }

  func page(of subject: ReleasedSubject, in dimension: ReleasedTable.Dimension) -> String? {
    indexes[dimension]?.page(of: subject)
  }
}
