// A released month as a file: the only source that pages, data files and trends are made of.
//
// Only this module reads one, because only it can make a `ReleasedMonth`. Whether the file is still
// the one that was written is for its keeper to check: the site knows its digest.

import FoundationEssentials
import Tallies

public enum ReleasedDocumentError: Error, Equatable, Sendable {
  case laterFormat(Int)
  case damaged(reason: String)
}

extension ReleasedMonth {
  static let currentFormat = 1

  /// As JSON: the same bytes for the same month.
  public func document() -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(MonthForm(self))) + [0x0a]
    } catch {
      // Only floating-point numbers that JSON lacks could fail, and there is none.
      preconditionFailure("a document of integers and text: \(error)")
    }
  }

  /// Reads what ``document()`` wrote.
  public init(document: [UInt8]) throws(ReleasedDocumentError) {
    struct Format: Decodable { let format: Int }
    do {
      let data = Data(document)
      let format = try JSONDecoder().decode(Format.self, from: data).format
      guard format <= Self.currentFormat else { throw ReleasedDocumentError.laterFormat(format) }
      self = try JSONDecoder().decode(MonthForm.self, from: data).released()
    } catch let error as ReleasedDocumentError {
      throw error
    } catch {
      throw .damaged(reason: "not a released month")
    }
  }
}

// MARK: Forms: what stands in the file, by the names that it has there.

private func valid<Value>(_ value: Value?, _ name: String) throws(ReleasedDocumentError) -> Value {
  guard let value else { throw .damaged(reason: "no \(name)") }
  return value
}

private struct MonthForm: Codable {
  let format: Int
  let month: String
  let status: String
  let coveredUntil: Int64
  let finalFrom: Int64
  let revisions: [RevisionForm]
  let policy: PolicyForm
  let total: FiguresForm?
  let totalInterval: IntervalForm?
  let tables: [TableForm]
  let coverage: CoverageForm
  let databases: [DatabaseForm]
  let collectors: [CollectorForm]
  let shownBefore: [KnownForm]

  enum CodingKeys: String, CodingKey {
    case format, month, status, revisions, policy, total, tables, coverage, databases, collectors
    case coveredUntil = "covered_until"
    case finalFrom = "final_from"
    case totalInterval = "total_interval"
    case shownBefore = "shown_before"
  }

  init(_ released: ReleasedMonth) {
    format = ReleasedMonth.currentFormat
    month = released.month.description
    status = released.status.rawValue
    coveredUntil = released.coveredUntil
    finalFrom = released.finalFrom
    revisions = released.revisions.map { RevisionForm($0) }
    policy = PolicyForm(released.policy)
    total = released.total.map { FiguresForm($0) }
    totalInterval = released.totalInterval.map { IntervalForm($0) }
    tables = released.tables.map { TableForm($0) }
    coverage = CoverageForm(released.coverage)
    databases = released.databases.map { DatabaseForm($0) }
    collectors = released.collectors.map { CollectorForm($0) }
    shownBefore = released.shownBefore.sorted {
      ($0.key.dimension.rawValue, $0.key.order, $0.key.text)
        < ($1.key.dimension.rawValue, $1.key.order, $1.key.text)
    }.map { KnownForm(subject: SubjectForm($0.key), flows: $0.value.flows, bytes: $0.value.bytes) }
  }

  func released() throws(ReleasedDocumentError) -> ReleasedMonth {
    let month = try valid(CalendarMonth(month), "month")
    guard month.seconds.lowerBound...month.seconds.upperBound ~= coveredUntil,
      finalFrom >= month.seconds.upperBound
    else { throw .damaged(reason: "times that are not those of \(month)") }
    var shown: [ReleasedSubject: KnownFigures] = [:]
    for form in shownBefore {
      shown[try form.subject.subject()] = KnownFigures(flows: form.flows, bytes: form.bytes)
    }
    return ReleasedMonth(
      month: month, status: try valid(ReleaseStatus(rawValue: status), "status"),
      coveredUntil: coveredUntil, finalFrom: finalFrom,
      revisions: try revisions.map { form throws(ReleasedDocumentError) in try form.revision() },
      policy: try policy.policy(), total: total?.figures, totalInterval: totalInterval?.interval,
      tables: try tables.map { form throws(ReleasedDocumentError) in try form.table() },
      coverage: try coverage.coverage(month),
      databases: try databases.map { form throws(ReleasedDocumentError) in try form.record() },
      collectors: collectors.map(\.record),
      shownBefore: shown)
  }
}

private struct KnownForm: Codable {
  let subject: SubjectForm
  let flows: UInt64
  let bytes: UInt64
}

private struct RevisionForm: Codable {
  let number: Int
  let date: String
  let reason: String

  init(_ revision: Revision) {
    number = revision.number
    date = revision.date.description
    reason = revision.reason
  }

  func revision() throws(ReleasedDocumentError) -> Revision {
    Revision(number: number, date: try valid(CalendarDate(date), "date"), reason: reason)
  }
}

private struct PolicyForm: Codable {
  struct Noise: Codable {
    let thousandthsOfEpsilon: UInt64
    let protectedConnections: UInt64
    let protectedBytes: UInt64

    enum CodingKeys: String, CodingKey {
      case thousandthsOfEpsilon = "thousandths_of_epsilon"
      case protectedConnections = "protected_connections"
      case protectedBytes = "protected_bytes"
    }
  }

  let minimumFlows: UInt64
  let dominance: UInt64
  let rows: Int
  let roundFlows: UInt64
  let roundPackets: UInt64
  let roundBytes: UInt64
  let noise: Noise?

  enum CodingKeys: String, CodingKey {
    case rows, noise
    case minimumFlows = "minimum_flows"
    case dominance = "dominance_percent"
    case roundFlows = "round_flows"
    case roundPackets = "round_packets"
    case roundBytes = "round_bytes"
  }

  init(_ policy: ReleasePolicy) {
    minimumFlows = policy.minimumFlows
    dominance = policy.dominance
    rows = policy.rows
    roundFlows = policy.rounding.flows
    roundPackets = policy.rounding.packets
    roundBytes = policy.rounding.bytes
    noise = policy.noise.map {
      Noise(
        thousandthsOfEpsilon: $0.thousandthsOfEpsilon,
        protectedConnections: $0.protectedConnections, protectedBytes: $0.protectedBytes)
    }
  }

  func policy() throws(ReleasedDocumentError) -> ReleasePolicy {
    let noise = try noise.map { noise throws(ReleasedDocumentError) in
      try valid(
        NoisePolicy(
          thousandthsOfEpsilon: noise.thousandthsOfEpsilon,
          protectedConnections: noise.protectedConnections, protectedBytes: noise.protectedBytes),
        "policy of noise")
    }
    let rounding = try valid(
      Rounding(flows: roundFlows, packets: roundPackets, bytes: roundBytes), "rounding")
    return try valid(
      ReleasePolicy(
        minimumFlows: minimumFlows, dominance: dominance, rows: rows, rounding: rounding,
        noise: noise), "policy")
  }
}

private struct FiguresForm: Codable {
  let flows: UInt64
  let flowsAnswered: UInt64
  let packetsOut: UInt64
  let packetsIn: UInt64
  let bytesOut: UInt64
  let bytesIn: UInt64

  enum CodingKeys: String, CodingKey {
    case flows
    case flowsAnswered = "flows_answered"
    case packetsOut = "packets_out"
    case packetsIn = "packets_in"
    case bytesOut = "bytes_out"
    case bytesIn = "bytes_in"
  }

  init(_ released: ReleasedFigures) {
    flows = released.flows
    flowsAnswered = released.flowsAnswered
    packetsOut = released.packetsOut
    packetsIn = released.packetsIn
    bytesOut = released.bytesOut
    bytesIn = released.bytesIn
  }

  var figures: ReleasedFigures {
    ReleasedFigures(
      flows: flows, flowsAnswered: flowsAnswered, packetsOut: packetsOut, packetsIn: packetsIn,
      bytesOut: bytesOut, bytesIn: bytesIn)
  }
}

private struct IntervalForm: Codable {
  let lower: FiguresForm
  let upper: FiguresForm

  init(_ interval: ReleasedInterval) {
    lower = FiguresForm(interval.lower)
    upper = FiguresForm(interval.upper)
  }

  var interval: ReleasedInterval { ReleasedInterval(lower: lower.figures, upper: upper.figures) }
}

private struct SubjectForm: Codable {
  let dimension: String
  var number: UInt32?
  var transport: UInt8?
  var text: String?

  init(_ subject: ReleasedSubject) {
    dimension = subject.dimension.rawValue
    switch subject {
    case .servicePort(let service):
      number = UInt32(service.port)
      transport = service.transport
    case .autonomousSystem(let asn, let name):
      number = asn
      text = name.isEmpty ? nil : name
    case .ipVersion(let version), .transport(let version): number = UInt32(version)
    case .country, .encryptionClass, .day, .relay: text = subject.text
    }
  }

  func subject() throws(ReleasedDocumentError) -> ReleasedSubject {
    let dimension = ReleasedTable.Dimension(rawValue: dimension)
    let subject: ReleasedSubject? =
      switch try valid(dimension, "dimension") {
      case .servicePort:
        .servicePort(
          ServicePort(
            transport: try valid(transport, "transport"),
            port: try valid(number.flatMap { UInt16(exactly: $0) }, "port")))
      case .autonomousSystem: .autonomousSystem(asn: try valid(number, "number"), name: text ?? "")
      case .country: CountryCode(text ?? "").map { .country($0) }
      case .encryptionClass: EncryptionClass(rawValue: text ?? "").map { .encryptionClass($0) }
      case .ipVersion: number.flatMap { UInt8(exactly: $0) }.map { .ipVersion($0) }
      case .transport: number.flatMap { UInt8(exactly: $0) }.map { .transport($0) }
      case .day: CalendarDate(text ?? "").map { .day($0) }
      case .relay: text.map { .relay($0) }
      }
    return try valid(subject, "subject")
  }
}

private struct TableForm: Codable {
  struct Row: Codable {
    let subject: SubjectForm
    let figures: FiguresForm
    let interval: IntervalForm?
  }

  struct Other: Codable {
    let rows: Int?
    let figures: FiguresForm
    let interval: IntervalForm?
  }

  let dimension: String
  let rows: [Row]
  let other: Other?

  init(_ table: ReleasedTable) {
    dimension = table.dimension.rawValue
    rows = table.rows.map {
      Row(
        subject: SubjectForm($0.subject), figures: FiguresForm($0.figures),
        interval: $0.interval.map { IntervalForm($0) })
    }
    other = table.other.map {
      Other(
        rows: $0.rows, figures: FiguresForm($0.figures),
        interval: $0.interval.map { IntervalForm($0) })
    }
  }

  func table() throws(ReleasedDocumentError) -> ReleasedTable {
    let dimension = try valid(ReleasedTable.Dimension(rawValue: dimension), "dimension")
    return ReleasedTable(
      dimension: dimension,
      rows: try rows.map { row throws(ReleasedDocumentError) in
        let subject = try row.subject.subject()
        guard subject.dimension == dimension else {
          throw .damaged(reason: "a row in the wrong table")
        }
        return ReleasedRow(
          subject: subject, figures: row.figures.figures, interval: row.interval?.interval)
      },
      other: other.map {
        ReleasedOther(
          rows: $0.rows, figures: $0.figures.figures, interval: $0.interval?.interval)
      })
  }
}

private struct CoverageForm: Codable {
  struct Packets: Codable {
    let read: UInt64
    let counted: UInt64
    let leftOut: [String: UInt64]

    enum CodingKeys: String, CodingKey {
      case read, counted
      case leftOut = "left_out"
    }
  }

  let secondsObserved: Int64
  /// Of every day of the month, in order.
  let secondsByDay: [Int64]
  let captures: Int
  let capturesCutOff: Int
  let dropped: UInt64
  let packets: Packets?

  enum CodingKeys: String, CodingKey {
    case captures, dropped, packets
    case secondsObserved = "seconds_observed"
    case secondsByDay = "seconds_by_day"
    case capturesCutOff = "captures_cut_off"
  }

  init(_ coverage: Coverage) {
    secondsObserved = coverage.secondsObserved
    secondsByDay = coverage.days.map(\.secondsObserved)
    captures = coverage.captures
    capturesCutOff = coverage.capturesCutOff
    dropped = coverage.dropped
    packets = coverage.account.map { account in
      Packets(
        read: account.read, counted: account.counted,
        leftOut: Dictionary(
          uniqueKeysWithValues: LeftOutReason.allCases.map { ($0.rawValue, account.leftOut[$0]) }))
    }
  }

  func coverage(_ month: CalendarMonth) throws(ReleasedDocumentError) -> Coverage {
    guard secondsByDay.count == month.seconds.count / 86_400 else {
      throw .damaged(reason: "not every day of \(month)")
    }
    return Coverage(
      secondsObserved: secondsObserved, secondsInMonth: Int64(month.seconds.count),
      days: secondsByDay.enumerated().map { number, seconds in
        DayCoverage(
          day: CalendarDate(unixSeconds: month.seconds.lowerBound + Int64(number) * 86_400),
          secondsObserved: seconds)
      },
      captures: captures, capturesCutOff: capturesCutOff, dropped: dropped,
      account: packets.map { packets in
        var account = PacketAccount()
        account.read = packets.read
        account.counted = packets.counted
        for reason in LeftOutReason.allCases {
          account.leftOut[reason] = packets.leftOut[reason.rawValue] ?? 0
        }
        return account
      })
  }
}

private struct DatabaseForm: Codable {
  let kind: String
  let type: String
  let builtAt: Int64
  let sha256: String
  let licence: String
  let attribution: String

  enum CodingKeys: String, CodingKey {
    case kind, type, sha256, licence, attribution
    case builtAt = "built_at"
  }

  init(_ record: DatabaseRecord) {
    kind = record.kind.rawValue
    type = record.type
    builtAt = record.builtAt
    sha256 = record.sha256
    licence = record.licence
    attribution = record.attribution
  }

  func record() throws(ReleasedDocumentError) -> DatabaseRecord {
    DatabaseRecord(
      sha256: sha256, kind: try valid(DatabaseRecord.Kind(rawValue: kind), "kind of a database"),
      type: type, builtAt: builtAt, licence: licence, attribution: attribution)
  }
}

private struct CollectorForm: Codable {
  let version: String
  let configurationHash: String

  enum CodingKeys: String, CodingKey {
    case version
    case configurationHash = "configuration_hash"
  }

  init(_ record: CollectorRecord) {
    version = record.version
    configurationHash = record.configurationHash
  }

  var record: CollectorRecord {
    CollectorRecord(version: version, configurationHash: configurationHash)
  }
}

extension ReleasedSubject {
  var dimension: ReleasedTable.Dimension {
    switch self {
    case .servicePort: .servicePort
    case .autonomousSystem: .autonomousSystem
    case .country: .country
    case .encryptionClass: .encryptionClass
    case .ipVersion: .ipVersion
    case .transport: .transport
    case .day: .day
    case .relay: .relay
    }
  }

  fileprivate var text: String {
    switch self {
    case .country(let code): code.description
    case .encryptionClass(let kind): kind.rawValue
    case .day(let date): date.description
    case .relay(let name): name
    case .autonomousSystem, .servicePort, .ipVersion, .transport: ""
    }
  }
}
