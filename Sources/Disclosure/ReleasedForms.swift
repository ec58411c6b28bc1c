// What rows, tables and coverage look like in the document of a released month.

import Tallies

struct FiguresForm: Codable {
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

struct IntervalForm: Codable {
  let lower: FiguresForm
  let upper: FiguresForm

  init(_ interval: ReleasedInterval) {
    lower = FiguresForm(interval.lower)
    upper = FiguresForm(interval.upper)
  }

  var interval: ReleasedInterval { ReleasedInterval(lower: lower.figures, upper: upper.figures) }
}

struct SubjectForm: Codable {
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

struct TableForm: Codable {
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

struct CoverageForm: Codable {
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
        leftOut: account.leftOut.byName)
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
        account.leftOut = LeftOut(byName: packets.leftOut)
        return account
      })
  }
}

struct DatabaseForm: Codable {
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

struct CollectorForm: Codable {
  let version: String
  let configurationHash: String
  /// Absent where it was not recorded, as in every month of before it could be.
  let programDigest: String?

  enum CodingKeys: String, CodingKey {
    case version
    case configurationHash = "configuration_hash"
    case programDigest = "program_sha256"
  }

  init(_ record: CollectorRecord) {
    version = record.version
    configurationHash = record.configurationHash
    programDigest = record.programDigest.isEmpty ? nil : record.programDigest
  }

  var record: CollectorRecord {
    CollectorRecord(
      version: version, configurationHash: configurationHash, programDigest: programDigest ?? "")
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

  var text: String {
    switch self {
    case .country(let code): code.description
    case .encryptionClass(let kind): kind.rawValue
    case .day(let date): date.description
    case .relay(let name): name
    case .autonomousSystem, .servicePort, .ipVersion, .transport: ""
    }
  }
}
