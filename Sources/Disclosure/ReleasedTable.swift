// Tables that may be published. Only this module can make these values, and pages take nothing else.

public import Tallies

/// Figures that have passed disclosure control.
public struct ReleasedFigures: Equatable, Sendable {
  public let flows: UInt64
  public let flowsAnswered: UInt64
  public let packetsOut: UInt64
  public let packetsIn: UInt64
  public let bytesOut: UInt64
  public let bytesIn: UInt64

  public var bytes: UInt64 { bytesOut + bytesIn }
  public var packets: UInt64 { packetsOut + packetsIn }

  init(
    flows: UInt64, flowsAnswered: UInt64, packetsOut: UInt64, packetsIn: UInt64, bytesOut: UInt64,
    bytesIn: UInt64
  ) {
    self.flows = flows
    self.flowsAnswered = flowsAnswered
    self.packetsOut = packetsOut
    self.packetsIn = packetsIn
    self.bytesOut = bytesOut
    self.bytesIn = bytesIn
  }
}

/// Between which figures the true ones lie, with a probability of 95 % each. Where noise was added.
public struct ReleasedInterval: Equatable, Sendable {
  public let lower: ReleasedFigures
  public let upper: ReleasedFigures
}

/// What a row is about.
public enum ReleasedSubject: Hashable, Sendable {
  case servicePort(ServicePort)
  /// `asn` 0: in no database. `name` is empty where the database gave none.
  case autonomousSystem(asn: UInt32, name: String)
  case country(CountryCode)
  case encryptionClass(EncryptionClass)
  /// 4 or 6.
  case ipVersion(UInt8)
  /// IANA protocol number: 6 (TCP) or 17 (UDP).
  case transport(UInt8)
  case day(CalendarDate)
  case relay(String)
}

public struct ReleasedRow: Equatable, Sendable {
  public let subject: ReleasedSubject
  public let figures: ReleasedFigures
  public let interval: ReleasedInterval?
}

/// The rows that are not shown on their own, as one.
public struct ReleasedOther: Equatable, Sendable {
  /// How many rows were folded; `nil` where that may not be told.
  public let rows: Int?
  public let figures: ReleasedFigures
  public let interval: ReleasedInterval?
}

/// One table. Its rows and ``other`` together are the month's total, but for rounding and noise.
public struct ReleasedTable: Equatable, Sendable {
  public enum Dimension: String, Sendable, CaseIterable {
    case servicePort = "service-port"
    case autonomousSystem = "autonomous-system"
    case country
    /// Of ports that are too small to be published nothing is said but in ``ReleasedTable/other``,
    /// not even their class.
    case encryptionClass = "encryption-class"
    case ipVersion = "ip-version"
    case transport = "protocol"
    case day
    /// Only where several relays are measured and each has enough for a row.
    case relay
  }

  public let dimension: Dimension
  /// Most bytes first; days in their order, classes in that of their declaration.
  public let rows: [ReleasedRow]
  public let other: ReleasedOther?

  init(dimension: Dimension, rows: [ReleasedRow], other: ReleasedOther?) {
    self.dimension = dimension
    self.rows = rows
    self.other = other
  }
}
