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

func valid<Value>(_ value: Value?, _ name: String) throws(ReleasedDocumentError) -> Value {
  guard let value else { throw .damaged(reason: "no \(name)") }
  return value
}

struct MonthForm: Codable {
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
    }.map { KnownForm(SubjectForm($0.key), $0.value) }
  }

  func released() throws(ReleasedDocumentError) -> ReleasedMonth {
    let month = try valid(CalendarMonth(month), "month")
    guard month.seconds.lowerBound...month.seconds.upperBound ~= coveredUntil,
      finalFrom >= month.seconds.upperBound
    else { throw .damaged(reason: "times that are not those of \(month)") }
    var shown: [ReleasedSubject: KnownFigures] = [:]
    for form in shownBefore {
      shown[try form.subject.subject()] = KnownFigures(
        flows: form.flows, bytesOut: form.bytesOut, bytesIn: form.bytesIn)
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

struct KnownForm: Codable {
  let subject: SubjectForm
  let flows: UInt64
  let bytesOut: UInt64
  let bytesIn: UInt64

  enum CodingKeys: String, CodingKey {
    case subject, flows
    case bytesOut = "bytes_out"
    case bytesIn = "bytes_in"
  }

  init(_ subject: SubjectForm, _ known: KnownFigures) {
    self.subject = subject
    flows = known.flows
    bytesOut = known.bytesOut
    bytesIn = known.bytesIn
  }
}

struct RevisionForm: Codable {
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

struct PolicyForm: Codable {
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
