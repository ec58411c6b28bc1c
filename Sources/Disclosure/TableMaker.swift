// The tables of one month, each with the others in view.

import Tallies

struct TableMaker {
  let safety: Safety
  var figuring: Figuring
  let shownBefore: [ReleasedSubject: KnownFigures]
  let networkNames: [UInt32: String]

  /// Fewer folded rows are not counted in public.
  private static let fewestRowsTold = 20

  mutating func tables(of month: MonthTallies, classes: EncryptionClasses) -> [ReleasedTable] {
    let byServicePort = month.byServicePort
    let byNetwork = month.byNetwork
    let ports = folding(byServicePort) { .servicePort($0) }
    var networks = NetworkLinks(
      folding(byNetwork.grouped { $0.asn }) { .autonomousSystem(asn: $0, name: "") },
      folding(byNetwork.grouped { $0.country }) { .country($0) }, networks: byNetwork)
    networks.close()
    let days = folding(month.byDay) { .day(CalendarDate(unixSeconds: $0)) }
    let names = networkNames
    return [
      table(.servicePort, ports, limit: safety.policy.rows) { .servicePort($0) },
      table(.autonomousSystem, networks.systems, limit: safety.policy.rows) {
        .autonomousSystem(asn: $0, name: names[$0] ?? "")
      },
      table(.country, networks.countries, limit: safety.policy.rows) { .country($0) },
      classTable(ports, classes, byServicePort),
      table(.ipVersion, folding(month.byIPVersion) { .ipVersion($0) }) { .ipVersion($0) },
      transportTable(ports, byServicePort),
      table(.day, days) { .day(CalendarDate(unixSeconds: $0)) },
      relayTable(month.byRelay),
    ].compactMap { $0 }
  }

  // MARK: Folding

  /// A row is safe by its true flows. Where there is noise it has to look safe as well: otherwise a
  /// row that is published with few flows would show that it truly has many.
  private mutating func folding<Key: Hashable>(
    _ marginal: [Key: TallyCounters], _ subject: (Key) -> ReleasedSubject
  ) -> Folding<Key> {
    var cells: [Cell<Key>] = []
    for (key, counters) in marginal {
      let subject = subject(key)
      let isSafe = safety.allows(counters)
      let published = isSafe && safety.policy.noise != nil ? figuring.figures(counters) : nil
      cells.append(
        Cell(
          key: key, counters: counters, order: subject.order,
          known: shownBefore[subject],
          isSafe: isSafe && (published?.figures.flows ?? .max) >= safety.policy.minimumFlows,
          published: published))
    }
    return Folding(cells, safety: safety)
  }

  // MARK: Tables

  /// `nil` where all of it is folded.
  private mutating func table<Key>(
    _ dimension: ReleasedTable.Dimension, _ folding: Folding<Key>, limit: Int = .max,
    subject: (Key) -> ReleasedSubject
  ) -> ReleasedTable? {
    let (shown, hidden) = folding.beyond(limit: limit)
    if shown.isEmpty { return nil }
    let other = hidden + folding.folded
    return table(
      dimension, shown.map { (subject($0.key), $0.published ?? figuring.figures($0.counters)) },
      other: other.isEmpty
        ? nil : other.reduce(into: TallyCounters()) { $0 += $1.counters }, members: other.count)
  }

  private mutating func table(
    _ dimension: ReleasedTable.Dimension, _ rows: [(ReleasedSubject, PublishedFigures)],
    other: TallyCounters?, members: Int
  ) -> ReleasedTable {
    var released = rows.map { subject, published in
      ReleasedRow(subject: subject, figures: published.figures, interval: published.interval)
    }
    // By what is published: the order may not tell more than that.
    released.sort { left, right in
      switch dimension {
      case .encryptionClass, .day: left.subject.order < right.subject.order
      default:
        (left.figures.bytes, right.subject.order) > (right.figures.bytes, left.subject.order)
      }
    }
    return ReleasedTable(
      dimension: dimension, rows: released,
      other: other.map { other in
        let (figures, interval) = figuring.figures(other)
        return ReleasedOther(
          rows: members < Self.fewestRowsTold || safety.policy.noise != nil
            ? nil : members / 10 * 10, figures: figures,
          interval: interval)
      })
  }

  /// The ports that are safe, by their class; the others as one, of which no class is told.
  private mutating func classTable(
    _ ports: Folding<ServicePort>, _ classes: EncryptionClasses,
    _ byServicePort: [ServicePort: TallyCounters]
  ) -> ReleasedTable? {
    var sums: [EncryptionClass: TallyCounters] = [:]
    if safety.leftOut == .linkedTables {
      for (port, counters) in byServicePort {
        sums[classes[port], default: TallyCounters()] += counters
      }
    } else {
      for port in ports.shown { sums[classes[port.key], default: TallyCounters()] += port.counters }
    }
    if sums.isEmpty { return nil }
    return table(
      .encryptionClass, sums.map { (.encryptionClass($0.key), figuring.figures($0.value)) },
      other: ports.folded.isEmpty || safety.leftOut == .linkedTables ? nil : ports.sum,
      members: ports.folded.count)
  }

  private mutating func transportTable(
    _ ports: Folding<ServicePort>, _ byServicePort: [ServicePort: TallyCounters]
  ) -> ReleasedTable? {
    var sums: [UInt8: TallyCounters] = [:]
    for (port, counters) in byServicePort {
      sums[port.transport, default: TallyCounters()] += counters
    }
    let parts = Dictionary(grouping: ports.folded) { $0.key.transport }
    guard sums.values.allSatisfy(safety.allows),
      safety.leftOut == .linkedTables || parts.count < 2
        || parts.values.allSatisfy({ ports.protects($0) })
    else { return nil }
    return table(
      .transport, sums.map { (.transport($0.key), figuring.figures($0.value)) }, other: nil,
      members: 0)
  }

  /// Relays tell their whole sum between them, so that none can be left out.
  private mutating func relayTable(
    _ relays: [(name: String, counters: TallyCounters)]
  ) -> ReleasedTable? {
    guard relays.count >= 2, relays.allSatisfy({ safety.allows($0.counters) }) else { return nil }
    return table(
      .relay, relays.map { (.relay($0.name), figuring.figures($0.counters)) }, other: nil,
      members: 0)
  }
}

extension [Network: TallyCounters] {
  func grouped<Group: Hashable>(by key: (Network) -> Group) -> [Group: TallyCounters] {
    var sums: [Group: TallyCounters] = [:]
    for (network, counters) in self { sums[key(network), default: TallyCounters()] += counters }
    return sums
  }
}

extension ReleasedSubject {
  /// A total order within a table, so that ties come out the same on every run.
  var order: UInt64 {
    switch self {
    case .servicePort(let service): UInt64(service.port) << 8 | UInt64(service.transport)
    case .autonomousSystem(let asn, _): UInt64(asn)
    case .country(let code): UInt64(code.letters)
    case .encryptionClass(let kind):
      UInt64(EncryptionClass.allCases.firstIndex(of: kind) ?? 0)
    case .ipVersion(let number), .transport(let number): UInt64(number)
    case .day(let date): UInt64(date.year * 10_000 + date.month * 100 + date.day)
    case .relay(let name): name.utf8.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
  }
}
