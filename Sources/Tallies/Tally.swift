// What Weir counts, and all that it keeps of what it saw.
//
// These types are the only ones that reach the disk. None of them has a field that could hold an
// address, a port of ours, or a time finer than the hour: the promise is kept by the compiler.

/// What a remote belongs to: its autonomous system and its country. All that is kept of an address.
public struct Network: Hashable, Sendable {
  /// Autonomous system number (RFC 6793); 0 where the database has none.
  public var asn: UInt32
  public var country: CountryCode

  public init(asn: UInt32, country: CountryCode) {
    self.asn = asn
    self.country = country
  }

  /// In no database.
  public static let unknown = Network(asn: 0, country: .unknown)
}

/// A two-letter country code (ISO 3166-1 alpha-2), upper case; `ZZ` where unknown.
public struct CountryCode: Hashable, Sendable, CustomStringConvertible {
  /// Two ASCII letters, the first in the high byte.
  public let letters: UInt16

  public static let unknown = CountryCode(letters: 0x5a5a)

  private init(letters: UInt16) { self.letters = letters }

  /// `nil` unless both are ASCII letters.
  public init?(_ first: UInt8, _ second: UInt8) {
    let (first, second) = (first & 0xdf, second & 0xdf)
    guard (0x41...0x5a).contains(first), (0x41...0x5a).contains(second) else { return nil }
    letters = UInt16(first) << 8 | UInt16(second)
  }

  /// `nil` unless `text` is exactly two ASCII letters.
  public init?(_ text: some Sequence<UInt8>) {
    var bytes = text.makeIterator()
    guard let first = bytes.next(), let second = bytes.next(), bytes.next() == nil else {
      return nil
    }
    self.init(first, second)
  }

  public init?(_ text: String) { self.init(text.utf8) }

  public var description: String {
    String(decoding: [UInt8(letters >> 8), UInt8(truncatingIfNeeded: letters)], as: UTF8.self)
  }
}

/// The row of the ledger that a packet belongs to.
public struct TallyKey: Hashable, Sendable {
  /// Start of the hour, Unix seconds UTC: a multiple of 3600, negative before 1970.
  public var hour: Int64
  /// 4 or 6.
  public var ipVersion: UInt8
  /// IANA protocol number: 6 (TCP) or 17 (UDP).
  public var transport: UInt8
  /// The remote's port.
  public var servicePort: UInt16
  public var network: Network

  public init(
    hour: Int64, ipVersion: UInt8, transport: UInt8, servicePort: UInt16, network: Network
  ) {
    self.hour = hour
    self.ipVersion = ipVersion
    self.transport = transport
    self.servicePort = servicePort
    self.network = network
  }

  /// All of it in two words, in the order of the fields. (A year of a stamp has seconds that leave the
  /// upper bits free.)
  private var words: (Int64, UInt64) {
    (
      hour &<< 12 | Int64(ipVersion & 15) << 8 | Int64(transport),
      UInt64(servicePort) << 48 | UInt64(network.asn) << 16 | UInt64(network.country.letters)
    )
  }

  public func hash(into hasher: inout Hasher) {
    let words = words
    hasher.combine(words.0)
    hasher.combine(words.1)
  }
}

extension TallyKey: Comparable {
  /// The order of the ledger's primary key.
  public static func < (left: TallyKey, right: TallyKey) -> Bool { left.words < right.words }
}

/// The counters of one row. Bytes are IP-layer bytes; `Out` is from the exit address to the remote.
public struct TallyCounters: Hashable, Sendable {
  /// Flows whose first packet lies in this hour.
  public var flows: UInt64 = 0
  /// Flows whose first reply lies in this hour.
  public var flowsAnswered: UInt64 = 0
  public var packetsOut: UInt64 = 0
  public var packetsIn: UInt64 = 0
  public var bytesOut: UInt64 = 0
  public var bytesIn: UInt64 = 0
  /// The bytes, both ways and of all hours, that the largest flow of this row had carried by its
  /// last packet in this hour. Of several rows it is the greatest, not the sum: over all hours of a
  /// month it is the size of the largest flow. Disclosure control needs it, nothing else.
  public var largestFlow: UInt64 = 0

  public init() {}

  public var packets: UInt64 { packetsOut + packetsIn }
  public var bytes: UInt64 { bytesOut + bytesIn }

  @inlinable
  public static func += (sum: inout TallyCounters, more: TallyCounters) {
    sum.flows += more.flows
    sum.flowsAnswered += more.flowsAnswered
    sum.packetsOut += more.packetsOut
    sum.packetsIn += more.packetsIn
    sum.bytesOut += more.bytesOut
    sum.bytesIn += more.bytesIn
    sum.largestFlow = max(sum.largestFlow, more.largestFlow)
  }
}

/// Tallies by the row that they belong to.
public typealias TallyMap = [TallyKey: TallyCounters]
