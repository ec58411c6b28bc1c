// What is kept of a packet while it is being handled: the headers' fields that counting needs.

public enum IPVersion: UInt8, Sendable {
  case v4 = 4
  case v6 = 6
}

public enum Transport: UInt8, Sendable {
  case tcp = 6
  case udp = 17
}

/// An IP address. Lives no longer than the handling of one packet: `Flows` keeps a keyed hash of it,
/// `Networks` looks it up, nothing stores it. Its description and its mirror are empty, so that none
/// can be logged.
public struct Address: Equatable, Sendable {
  /// Upper half of an IPv6 address; 0 for IPv4.
  public let high: UInt64
  /// Lower half of an IPv6 address; an IPv4 address in the low 32 bits.
  public let low: UInt64

  @inlinable
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  @inlinable
  public init(ipv4: UInt32) { self.init(high: 0, low: UInt64(ipv4)) }
}

extension Address: CustomStringConvertible, CustomReflectable {
  public var description: String { "(address)" }
  public var customMirror: Mirror { Mirror(self, children: EmptyCollection()) }
}

/// The fields of a TCP segment's or UDP datagram's headers that counting needs.
public struct PacketHeader: Equatable, Sendable {
  public struct TCPFlags: OptionSet, Sendable {
    public let rawValue: UInt8
    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }
    // Computed, so that another module compiles in the number rather than a call.
    @inlinable public static var fin: TCPFlags { TCPFlags(rawValue: 0x01) }
    @inlinable public static var syn: TCPFlags { TCPFlags(rawValue: 0x02) }
    @inlinable public static var rst: TCPFlags { TCPFlags(rawValue: 0x04) }
  }

  public var source: Address
  public var destination: Address
  public var ipVersion: IPVersion
  public var transport: Transport
  public var sourcePort: UInt16
  public var destinationPort: UInt16
  /// Differentiated services code point, 0 to 63 (RFC 2474).
  public var dscp: UInt8
  /// Empty for UDP.
  public var tcpFlags: TCPFlags
  /// IP-layer bytes: IPv4 total length, IPv6 payload length + 40.
  public var length: UInt32

  @inlinable
  init(
    source: Address, destination: Address, ipVersion: IPVersion, transport: Transport,
    sourcePort: UInt16, destinationPort: UInt16, dscp: UInt8, tcpFlags: TCPFlags, length: UInt32
  ) {
    self.source = source
    self.destination = destination
    self.ipVersion = ipVersion
    self.transport = transport
    self.sourcePort = sourcePort
    self.destinationPort = destinationPort
    self.dscp = dscp
    self.tcpFlags = tcpFlags
    self.length = length
  }
}

/// Why a packet has no ``PacketHeader``. The decoder changes nothing when it fails.
public enum DecodeFailure: UInt8, Error, CaseIterable, Sendable {
  case headerCut
  case notIP
  case versionMismatch
  case badHeaderLength
  case badTotalLength
  case fragment
  case notTCPOrUDP
}
