// Packets that are in no tally, by reason. Every packet read is either in a tally or in here.

/// Why a packet is in no tally. The raw value is its name in JSON and in the ledger's columns.
public enum LeftOutReason: String, CaseIterable, Sendable {
  /// A header that is needed is not wholly in the capture (snap length, or a frame that ends early).
  case headerCut = "header_cut"
  /// Neither IPv4 nor IPv6.
  case notIP = "not_ip"
  /// The IP header's version is not the one that the EtherType announced.
  case versionMismatch = "version_mismatch"
  /// IPv4 header length below 5 words.
  case badHeaderLength = "bad_header_length"
  /// The datagram's length is shorter than its headers or longer than the frame.
  case badTotalLength = "bad_total_length"
  /// A piece of a fragmented datagram, the first one included.
  case fragment
  /// IP, but neither TCP nor UDP.
  case notTCPOrUDP = "not_tcp_udp"
  /// A capture stamp outside of the years 1678 to 2261.
  case badStamp = "bad_stamp"
  /// Neither end is an exit address.
  case otherHost = "other_host"
  /// In a flow that ended without a mark.
  case unmarked
  /// Would have begun a flow when the flow table held as many as it may.
  case flowTableFull = "flow_table_full"
  /// Live: came for an hour that was sealed.
  case sealedHour = "sealed_hour"
  /// Live: there was no room to keep it while the ledger could not be written to.
  case ledgerUnavailable = "ledger_unavailable"

  public var explanation: String {
    switch self {
    case .headerCut: "headers not wholly captured"
    case .notIP: "not IP"
    case .versionMismatch: "IP version against EtherType"
    case .badHeaderLength: "IPv4 header length below 5"
    case .badTotalLength: "lengths that cannot be true"
    case .fragment: "fragments"
    case .notTCPOrUDP: "neither TCP nor UDP"
    case .badStamp: "capture stamp out of range"
    case .otherHost: "neither end is an exit address"
    case .unmarked: "unmarked flows"
    case .flowTableFull: "flow table full"
    case .sealedHour: "too late for their hour"
    case .ledgerUnavailable: "no room while the ledger was unavailable"
    }
  }
}

/// A count of packets for each ``LeftOutReason``.
public struct LeftOut: Equatable, Sendable {
  private var counts = [UInt64](repeating: 0, count: LeftOutReason.allCases.count)

  public init() {}

  public subscript(reason: LeftOutReason) -> UInt64 {
    get { counts[reason.position] }
    set { counts[reason.position] = newValue }
  }

  public var total: UInt64 { counts.reduce(0, +) }

  /// Reasons that occurred, in their order of declaration.
  public var occurring: [(reason: LeftOutReason, packets: UInt64)] {
    LeftOutReason.allCases.map { ($0, self[$0]) }.filter { $0.1 > 0 }
  }

  /// The count of every reason by its name, those that did not occur included: for documents.
  public var byName: [String: UInt64] {
    Dictionary(uniqueKeysWithValues: LeftOutReason.allCases.map { ($0.rawValue, self[$0]) })
  }

  /// - Parameter counts: as ``byName`` gave them. A reason that is missing did not occur.
  public init(byName counts: [String: UInt64]) {
    for reason in LeftOutReason.allCases { self[reason] = counts[reason.rawValue] ?? 0 }
  }

  public static func += (sum: inout LeftOut, more: LeftOut) {
    for position in sum.counts.indices { sum.counts[position] += more.counts[position] }
  }
}

extension LeftOutReason {
  fileprivate var position: Int {
    switch self {
    case .headerCut: 0
    case .notIP: 1
    case .versionMismatch: 2
    case .badHeaderLength: 3
    case .badTotalLength: 4
    case .fragment: 5
    case .notTCPOrUDP: 6
    case .badStamp: 7
    case .otherHost: 8
    case .unmarked: 9
    case .flowTableFull: 10
    case .sealedHour: 11
    case .ledgerUnavailable: 12
    }
  }
}
