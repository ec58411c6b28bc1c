// What is not the same in two sites: months, their figures and rules, and files.

import Disclosure
import Tallies

/// What `weir-report diff` finds.
public struct SiteDifference: JSONDocument {
  enum Change: String, Encodable {
    case added
    case removed
    /// Final before and after, with another revision.
    case revised
    case changed
  }

  /// A value in the one site and in the other; `null` where there is none.
  struct Values<Value: Codable & Equatable>: Encodable {
    @Nullable var old: Value?
    @Nullable var new: Value?

    /// `nil` where they are the same.
    init?(_ old: Value?, _ new: Value?) {
      if old == new { return nil }
      self.old = old
      self.new = new
    }
  }

  struct Row: Encodable {
    /// `total`, `other`, or what the row is about, as `443/tcp`.
    let subject: String
    /// By the names that data files have for them; only those that are not the same.
    let figures: [String: Values<UInt64>]
  }

  struct Table: Encodable {
    let dimension: String
    let rows: [Row]
  }

  struct Revision: Encodable {
    let number: Int
    let date: String
    let reason: String
  }

  struct Month: Encodable {
    let month: String
    let change: Change
    var status: Values<String>?
    /// Those that only the new site has.
    var revisions: [Revision] = []
    /// By the names of parameters; only those that are not the same.
    var policy: [String: Values<UInt64>] = [:]
    var total: [String: Values<UInt64>] = [:]
    var tables: [Table] = []
    /// What else differs: `coverage`, `databases`, `collectors`.
    var others: [String] = []
  }

  struct Files: Encodable {
    let added: [String]
    let removed: [String]
    let changed: [String]
  }

  var format = 1
  /// In ascending order; only those that are not the same.
  let months: [Month]
  let files: Files

  public init(from old: PublishedSite, to new: PublishedSite) {
    months = Set(old.months.map(\.month)).union(new.months.map(\.month)).sorted()
      .compactMap { Month(from: old[$0], to: new[$0]) }
    let both = old.digests.keys.filter { new.digests[$0] != nil }
    files = Files(
      added: new.digests.keys.filter { old.digests[$0] == nil }.sorted(),
      removed: old.digests.keys.filter { new.digests[$0] == nil }.sorted(),
      changed: both.filter { old.digests[$0] != new.digests[$0] }.sorted())
  }

  public var isEmpty: Bool {
    months.isEmpty && files.added.isEmpty && files.removed.isEmpty && files.changed.isEmpty
  }

  public var json: String { String(decoding: serialised(), as: UTF8.self) }
}

extension SiteDifference.Month {
  /// `nil` where they are the same.
  fileprivate init?(from old: ReleasedMonth?, to new: ReleasedMonth?) {
    guard old != new, let month = (new ?? old)?.month else { return nil }
    let change: SiteDifference.Change
    switch (old, new) {
    case (nil, _): change = .added
    case (_, nil): change = .removed
    case (let old?, let new?): change = old.revision == new.revision ? .changed : .revised
    }
    self.init(month: month.description, change: change)
    status = SiteDifference.Values(old?.status.rawValue, new?.status.rawValue)
    let known = Set((old?.revisions ?? []).map(\.number))
    revisions = (new?.revisions ?? []).filter { !known.contains($0.number) }.map {
      SiteDifference.Revision(number: $0.number, date: $0.date.description, reason: $0.reason)
    }
    total = SiteDifference.figures(old?.total, new?.total)
    guard let old, let new else { return }
    policy = SiteDifference.values(old.policy.parameters, new.policy.parameters)
    tables = ReleasedTable.Dimension.allCases.compactMap { dimension in
      let rows = SiteDifference.rows(old[dimension], new[dimension])
      return rows.isEmpty
        ? nil : SiteDifference.Table(dimension: dimension.rawValue, rows: rows)
    }
    if old.coverage != new.coverage { others.append("coverage") }
    if old.databases != new.databases { others.append("databases") }
    if old.collectors != new.collectors { others.append("collectors") }
  }
}

extension SiteDifference {
  fileprivate static func values(
    _ old: [String: UInt64], _ new: [String: UInt64]
  ) -> [String: Values<UInt64>] {
    var values: [String: Values<UInt64>] = [:]
    for name in Set(old.keys).union(new.keys) { values[name] = Values(old[name], new[name]) }
    return values
  }

  fileprivate static func figures(
    _ old: ReleasedFigures?, _ new: ReleasedFigures?
  ) -> [String: Values<UInt64>] {
    values(old.map { Figures($0).byName } ?? [:], new.map { Figures($0).byName } ?? [:])
  }

  /// The rows of a table that are not the same, in the order of the new one.
  fileprivate static func rows(_ old: ReleasedTable?, _ new: ReleasedTable?) -> [Row] {
    func byName(_ table: ReleasedTable?) -> [(name: String, figures: ReleasedFigures)] {
      (table?.rows ?? []).map { ($0.subject.code, $0.figures) }
        + (table?.other.map { [("other", $0.figures)] } ?? [])
    }
    let (before, after) = (byName(old), byName(new))
    let figuresBefore = Dictionary(before, uniquingKeysWith: { first, _ in first })
    let figuresAfter = Dictionary(after, uniquingKeysWith: { first, _ in first })
    let names = after.map(\.name) + before.map(\.name).filter { figuresAfter[$0] == nil }
    return names.compactMap { name in
      let changed = figures(figuresBefore[name], figuresAfter[name])
      return changed.isEmpty ? nil : Row(subject: name, figures: changed)
    }
  }
}

extension Figures {
  fileprivate var byName: [String: UInt64] {
    Dictionary(uniqueKeysWithValues: zip(Self.header, numbers))
  }
}

extension ReleasedSubject {
  /// What a row is about, without a name that another database could change.
  fileprivate var code: String {
    switch self {
    case .servicePort(let service): "\(service.port)/\(service.transportName)"
    case .autonomousSystem(let asn, _): "AS\(asn)"
    case .country(let code): code.description
    case .encryptionClass(let kind): kind.rawValue
    case .ipVersion(let number): "IPv\(number)"
    case .transport(let number): transportName(number)
    case .day(let date): date.description
    case .relay(let name): name
    }
  }
}
