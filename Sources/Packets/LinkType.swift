// Link layers: from a frame to the IP header below it.
//
//   Ethernet II         Linux cooked v1 (SLL)       Linux cooked v2 (SLL2)
//   0  destination      0  packet type              0  protocol
//   6  source           2  ARPHRD type              2  reserved
//   12 EtherType        4  address length           4  interface index
//                       6  address                  8  ARPHRD type
//                       14 protocol                 10 packet type … 20
//
// Any number of tags may follow: 802.1Q (0x8100) or 802.1ad (0x88a8), each 2 bytes of tag control
// and the next EtherType. Sources: IEEE 802.3, IEEE 802.1Q, LINKTYPE_ pages of tcpdump.org.

/// A link layer that Weir reads, by its number in capture files (`LINKTYPE_`).
public enum LinkType: Equatable, Sendable, CaseIterable {
  case ethernet
  case linuxCooked
  case linuxCooked2
  case rawIP
  case rawIPv4
  case rawIPv6
  /// Four bytes of address family in the byte order of the host that captured.
  case null
  /// Four bytes of address family in network byte order.
  case loop

  /// `nil` for a link type that is not supported. Takes both the numbers of files and libpcap's
  /// `DLT_` values, which differ for raw IP (101 in files, 12 on Linux, 14 on OpenBSD).
  public init?(number: Int32) {
    switch number {
    case 1: self = .ethernet
    case 113: self = .linuxCooked
    case 276: self = .linuxCooked2
    case 12, 14, 101: self = .rawIP
    case 228: self = .rawIPv4
    case 229: self = .rawIPv6
    case 0: self = .null
    case 108: self = .loop
    default: return nil
    }
  }

  public var name: String {
    switch self {
    case .ethernet: "Ethernet"
    case .linuxCooked: "Linux cooked v1"
    case .linuxCooked2: "Linux cooked v2"
    case .rawIP: "raw IP"
    case .rawIPv4: "raw IPv4"
    case .rawIPv6: "raw IPv6"
    case .null: "BSD loopback"
    case .loop: "OpenBSD loopback"
    }
  }
}

/// Where the IP header begins, and which version the link layer announced.
@usableFromInline
struct NetworkLayer: Equatable {
  @usableFromInline var version: IPVersion
  @usableFromInline var offset: Int

  @inlinable
  init(version: IPVersion, offset: Int) {
    self.version = version
    self.offset = offset
  }
}

extension LinkType {
  @inlinable @inline(__always)
  func networkLayer(of frame: Span<UInt8>) throws(DecodeFailure) -> NetworkLayer {
    switch self {
    case .ethernet:
      guard frame.count >= 14 else { throw .headerCut }
      return try Self.skippingTags(frame, etherType: frame.uint16(at: 12), offset: 14)
    case .linuxCooked:
      guard frame.count >= 16 else { throw .headerCut }
      return try Self.skippingTags(frame, etherType: frame.uint16(at: 14), offset: 16)
    case .linuxCooked2:
      guard frame.count >= 20 else { throw .headerCut }
      return try Self.skippingTags(frame, etherType: frame.uint16(at: 0), offset: 20)
    case .rawIP:
      guard frame.count >= 1 else { throw .headerCut }
      switch frame[0] >> 4 {
      case 4: return NetworkLayer(version: .v4, offset: 0)
      case 6: return NetworkLayer(version: .v6, offset: 0)
      default: throw .notIP
      }
    case .rawIPv4: return NetworkLayer(version: .v4, offset: 0)
    case .rawIPv6: return NetworkLayer(version: .v6, offset: 0)
    case .null, .loop: return try addressFamily(frame)
    }
  }

  @inlinable @inline(__always)
  static func skippingTags(
    _ frame: Span<UInt8>, etherType: UInt16, offset: Int
  ) throws(DecodeFailure) -> NetworkLayer {
    var etherType = etherType
    var offset = offset
    while true {
      switch etherType {
      case 0x0800: return NetworkLayer(version: .v4, offset: offset)
      case 0x86dd: return NetworkLayer(version: .v6, offset: offset)
      case 0x8100, 0x88a8:
        guard frame.count &- offset >= 4 else { throw .headerCut }
        etherType = frame.uint16(at: offset &+ 2)
        offset &+= 4
      default: throw .notIP
      }
    }
  }

  @usableFromInline
  func addressFamily(_ frame: Span<UInt8>) throws(DecodeFailure) -> NetworkLayer {
    guard frame.count >= 4 else { throw .headerCut }
    var family = frame.uint32(at: 0)
    // No address family is as large as 65536: in that byte order it cannot have been meant.
    if self == .null, family > 0xffff { family = family.byteSwapped }
    switch family {
    case 2: return NetworkLayer(version: .v4, offset: 4)
    // AF_INET6 of Linux; NetBSD and OpenBSD; FreeBSD; macOS.
    case 10, 24, 28, 30: return NetworkLayer(version: .v6, offset: 4)
    default: throw .notIP
    }
  }
}
