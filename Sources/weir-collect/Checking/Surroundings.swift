// What is known of interfaces and addresses in general.

import FoundationEssentials
import Glibc
import Packets

enum LinkLayer {
  /// Hardware types (linux/if_arp.h) whose packets have a link header that we don't read. Of all others
  /// libpcap makes Ethernet, raw IP, or packets with a header of its own ("cooked").
  static let unsupported: [Int: String] = [
    2: "experimental Ethernet", 3: "an AX.25 radio", 4: "a token ring", 5: "a Chaosnet",
    6: "a token ring", 7: "an ARCnet", 18: "a satellite or Fibre Channel network",
    280: "a CAN bus", 513: "a line with Cisco HDLC", 770: "a Frame Relay line",
    773: "a LocalTalk", 774: "an FDDI ring", 783: "an infrared link", 784: "a Fibre Channel",
    785: "a Fibre Channel", 786: "a Fibre Channel", 787: "a Fibre Channel", 800: "a token ring",
    801: "a wireless card in monitor mode", 802: "a wireless card in monitor mode",
    803: "a wireless card in monitor mode", 804: "an IEEE 802.15.4 radio", 824: "a netlink monitor",
    826: "a monitor of virtual sockets",
  ]

  static func hardwareType(of interface: String) -> Int? {
    attribute("type", of: interface).flatMap { Int($0) }
  }

  /// Whether somebody set it up; `nil` where that can't be told.
  static func isUp(_ interface: String) -> Bool? {
    attribute("flags", of: interface).flatMap { Int($0.dropFirst(2), radix: 16) }
      .map { $0 & Int(IFF_UP) != 0 }
  }

  /// Whether there is a link; `nil` where that can't be told, as of an interface that is down.
  static func hasCarrier(_ interface: String) -> Bool? {
    attribute("carrier", of: interface).map { $0 == "1" }
  }

  /// Whether this process may open a packet socket.
  static var mayListen: Bool {
    let socket = socket(AF_PACKET, Int32(SOCK_RAW.rawValue), 0)
    guard socket >= 0 else { return errno != EPERM && errno != EACCES }
    close(socket)
    return true
  }

  private static func attribute(_ name: String, of interface: String) -> Substring? {
    guard !interface.contains("/"),
      let text = try? String(
        contentsOfFile: "/sys/class/net/\(interface)/\(name)", encoding: .utf8)
    else { return nil }
    return text.split(separator: "\n").first
  }
}

/// Addresses that are special (IANA's special-purpose registries).
struct AddressKind {
  let range: AddressRange
  let name: String
  /// Behind a translation, an exit connection may come from there.
  var isPossible: Bool

  func contains(_ other: AddressRange) -> Bool {
    range.overlaps(other) && range.prefixLength <= other.prefixLength
  }

  /// Exit connections can come from a part of a prefix that has other addresses in it, too, but not
  /// if some of these are no host's.
  func speaks(against other: AddressRange) -> Bool {
    isPossible ? contains(other) : range.overlaps(other)
  }

  static let all: [AddressKind] =
    [
      ("127.0.0.0/8", "a loopback address", false), ("::1", "a loopback address", false),
      ("0.0.0.0/8", "of no host", false), ("::", "of no host", false),
      ("224.0.0.0/4", "a multicast address", false), ("ff00::/8", "a multicast address", false),
      ("240.0.0.0/4", "a reserved address", false),
      ("169.254.0.0/16", "a link-local address", false),
      ("fe80::/10", "a link-local address", false),
      ("::ffff:0:0/96", "an IPv4 address in the form of IPv6, which no packet has", false),
      ("10.0.0.0/8", "a private address", true), ("172.16.0.0/12", "a private address", true),
      ("192.168.0.0/16", "a private address", true),
      ("100.64.0.0/10", "a provider's private address", true),
      ("fc00::/7", "a private address", true),
      ("192.0.2.0/24", "an address for documentation", true),
      ("198.51.100.0/24", "an address for documentation", true),
      ("203.0.113.0/24", "an address for documentation", true),
      ("2001:db8::/32", "an address for documentation", true),
    ].compactMap { text, name, isPossible in
      (try? AddressRange(text)).map { AddressKind(range: $0, name: name, isPossible: isPossible) }
    }
}
