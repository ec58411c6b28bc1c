// A month as the ledger has it: exact, complete, and not for publication.

public import Tallies

/// A service as the remote offered it: transport and port.
public struct ServicePort: Hashable, Comparable, Sendable {
  /// IANA protocol number: 6 (TCP) or 17 (UDP).
  public let transport: UInt8
  public let port: UInt16

  public init(transport: UInt8, port: UInt16) {
    self.transport = transport
    self.port = port
  }

  public var transportName: String { Disclosure.transportName(transport) }

  public static func < (left: ServicePort, right: ServicePort) -> Bool {
    (left.port, left.transport) < (right.port, right.transport)
  }
}

/// What data files call an IANA protocol number.
public func transportName(_ number: UInt8) -> String {
  switch number {
  case 6: "tcp"
  case 17: "udp"
  default: "protocol-\(number)"
  }
}

/// The marginals of one month over any number of ledgers. Nothing outside of this module can read
/// the sums: the only way on is to release them.
public struct MonthTallies: Sendable {
  public let month: CalendarMonth
  /// Unix seconds: tallies of hours from here on are left out.
  public let coveredUntil: Int64
  private let seconds: Range<Int64>
  private var marginals: Marginals
  private var hasDays = true
  /// In the order of their names' first mention.
  var byRelay: [(name: String, counters: TallyCounters)] = []
  var coverage: CoverageTally
  var networkNames: [UInt32: String] = [:]
  var databases: Set<DatabaseRecord> = []
  var collectors: Set<CollectorRecord> = []

  /// - Parameter coveredUntil: `nil` for the whole month.
  public init(month: CalendarMonth, coveredUntil: Int64? = nil) {
    self.month = month
    self.coveredUntil = coveredUntil ?? month.seconds.upperBound
    seconds = month.seconds
    marginals = Marginals(month: month)
    coverage = CoverageTally(month: month, until: self.coveredUntil)
  }

  /// Adds a tally of this month; one of another month is a mistake of the caller.
  public mutating func add(_ key: TallyKey, _ counters: TallyCounters) {
    precondition(seconds.contains(key.hour), "a tally of another month")
    guard key.hour < coveredUntil else { return }
    marginals.add(key, counters)
    if !byRelay.isEmpty { byRelay[byRelay.count - 1].counters += counters }
  }

  /// Adds the tallies that were added to another part of the same month.
  public mutating func addTallies(of part: MonthTallies) {
    precondition(
      part.month == month && part.coveredUntil == coveredUntil, "a part of another month")
    marginals.add(part.marginals)
    if !byRelay.isEmpty { byRelay[byRelay.count - 1].counters += part.total }
  }

  var total: TallyCounters { marginals.total }
  var byServicePort: [ServicePort: TallyCounters] { marginals.byServicePort }
  /// By autonomous system and country: the one is mostly within the other.
  var byNetwork: [Network: TallyCounters] { marginals.byNetwork }
  var byIPVersion: [UInt8: TallyCounters] { marginals.byIPVersion }
  /// By the day's first second; empty where some of it has no days.
  var byDay: [Int64: TallyCounters] { hasDays ? marginals.byDay : [:] }

  /// A ledger has folded its days into the month: of no day can anything be told.
  public mutating func forgetDays() { hasDays = false }

  /// What is added from now on was measured at this relay. Without any, nothing is told by relay.
  public mutating func begin(relay name: String) { byRelay.append((name, TallyCounters())) }

  /// Adds a capture that overlaps this month.
  public mutating func add(_ capture: CaptureRecord) { coverage.add(capture) }

  public mutating func add(_ database: DatabaseRecord) { databases.insert(database) }

  public mutating func add(_ collector: CollectorRecord) { collectors.insert(collector) }

  /// Names an autonomous system; the first name given stays.
  public mutating func name(asn: UInt32, _ name: String) {
    if networkNames[asn] == nil { networkNames[asn] = name }
  }
}
