// The rules between a month and its pages.

import Tallies

extension MonthTallies {
  /// Applies the policy: the only way from a month to a page.
  public func release(
    policy: ReleasePolicy, classes: EncryptionClasses = EncryptionClasses()
  ) -> ReleasedMonth {
    let isPublished = total.flows >= policy.minimumFlows
    return ReleasedMonth(
      month: month, status: .final, coveredUntil: month.seconds.upperBound,
      finalFrom: month.seconds.upperBound + 2 * 86_400, revisions: [], policy: policy,
      total: isPublished ? ReleasedFigures(total) : nil, totalInterval: nil,
      tables: isPublished ? tables(policy, classes) : [],
      coverage: coverage.released(withAccount: isPublished),
      databases: databases.sorted {
        ($0.kind.rawValue, $0.builtAt, $0.sha256) < ($1.kind.rawValue, $1.builtAt, $1.sha256)
      },
      collectors: collectors.sorted())
  }

  private func tables(_ policy: ReleasePolicy, _ classes: EncryptionClasses) -> [ReleasedTable] {
    var byClass: [EncryptionClass: TallyCounters] = [:]
    var byTransport: [UInt8: TallyCounters] = [:]
    for (service, counters) in byServicePort {
      byClass[classes[service], default: TallyCounters()] += counters
      byTransport[service.transport, default: TallyCounters()] += counters
    }
    let byDay = Dictionary(
      uniqueKeysWithValues: byDay.map { (CalendarDate(unixSeconds: $0.key), $0.value) })
    return [
      table(.servicePort, byServicePort, policy) { .servicePort($0) },
      table(.autonomousSystem, byASN, policy) { asn in
        .autonomousSystem(asn: asn, name: networkNames[asn] ?? "")
      },
      table(.country, byCountry, policy) { .country($0) },
      table(.encryptionClass, byClass, policy) { .encryptionClass($0) },
      table(.ipVersion, byIPVersion, policy) { .ipVersion($0) },
      table(.transport, byTransport, policy) { .transport($0) },
      table(.day, byDay, policy) { .day($0) },
    ]
  }

  /// Folds rows that are too small, and then as many of the smallest others as it takes for the
  /// fold to have the minimum of flows. That also makes it have at least two members: with a single
  /// one, which would be too small, total less rows would give it back.
  private func table<Key: Hashable>(
    _ dimension: ReleasedTable.Dimension, _ marginal: [Key: TallyCounters],
    _ policy: ReleasePolicy, subject: (Key) -> ReleasedSubject
  ) -> ReleasedTable {
    var shown = marginal.filter { $0.value.flows >= policy.minimumFlows }
      .map { (subject: subject($0.key), counters: $0.value) }
      .sorted { ($0.counters.flows, $0.subject.order) > ($1.counters.flows, $1.subject.order) }
    var folded = TallyCounters()
    var members = 0
    for counters in marginal.values where counters.flows < policy.minimumFlows {
      folded += counters
      members += 1
    }
    while members > 0, folded.flows < policy.minimumFlows,
      let smallest = shown.popLast()
    {
      folded += smallest.counters
      members += 1
    }
    let rows =
      shown
      .sorted { ($0.counters.bytes, $1.subject.order) > ($1.counters.bytes, $0.subject.order) }
      .map {
        ReleasedRow(subject: $0.subject, figures: ReleasedFigures($0.counters), interval: nil)
      }
    return ReleasedTable(
      dimension: dimension, rows: rows,
      other: members > 0
        ? ReleasedOther(rows: members, figures: ReleasedFigures(folded), interval: nil) : nil)
  }
}

extension ReleasedSubject {
  /// A total order, so that ties come out the same on every run.
  fileprivate var order: UInt64 {
    switch self {
    case .servicePort(let service): UInt64(service.port) << 8 | UInt64(service.transport)
    case .autonomousSystem(let asn, _): UInt64(asn)
    case .country(let code): UInt64(code.letters)
    case .encryptionClass(let kind):
      UInt64(EncryptionClass.allCases.firstIndex(of: kind) ?? 0)
    case .ipVersion(let number), .transport(let number): UInt64(number)
    case .day(let date): UInt64(date.year * 10_000 + date.month * 100 + date.day)
    case .relay: 0
    }
  }
}
