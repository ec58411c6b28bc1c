// What may be published. Only this module can make these values, and pages take nothing else.

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

  init(_ counters: TallyCounters) {
    flows = counters.flows
    flowsAnswered = counters.flowsAnswered
    packetsOut = counters.packetsOut
    packetsIn = counters.packetsIn
    bytesOut = counters.bytesOut
    bytesIn = counters.bytesIn
  }
}

/// What a row is about.
public enum ReleasedSubject: Hashable, Sendable {
  case servicePort(ServicePort)
  /// `asn` 0: in no database. `name` is empty where the database gave none.
  case autonomousSystem(asn: UInt32, name: String)
  case country(CountryCode)
}

public struct ReleasedRow: Equatable, Sendable {
  public let subject: ReleasedSubject
  public let figures: ReleasedFigures
}

/// The rows that were too small to be shown on their own, as one.
public struct ReleasedOther: Equatable, Sendable {
  /// How many rows were folded; at least two.
  public let rows: Int
  public let figures: ReleasedFigures
}

/// One table: its rows and ``other`` together give the month's total, in every column.
public struct ReleasedTable: Equatable, Sendable {
  public enum Dimension: String, Sendable, CaseIterable {
    case servicePort = "service-port"
    case autonomousSystem = "autonomous-system"
    case country
  }

  public let dimension: Dimension
  /// Most bytes first.
  public let rows: [ReleasedRow]
  public let other: ReleasedOther?

  init(dimension: Dimension, rows: [ReleasedRow], other: ReleasedOther?) {
    self.dimension = dimension
    self.rows = rows
    self.other = other
  }
}

/// All that is published of one month.
public struct ReleasedMonth: Sendable {
  public let month: CalendarMonth
  /// The rules in force when these figures were released.
  public let policy: ReleasePolicy
  /// `nil` where the whole month had too few flows to be published; then there are no tables.
  public let total: ReleasedFigures?
  public let tables: [ReleasedTable]
  public let coverage: Coverage
  /// Sorted by kind, build date and digest.
  public let databases: [DatabaseRecord]
}
