// What can be wrong with live capture, in words that say what to do.

internal import Glibc

public enum LiveCaptureError: Error, CustomStringConvertible, Sendable {
  case noInterface(String)
  /// It was there, and not set up, when it should have been opened.
  case interfaceDown(String)
  /// libpcap's name for all of them at once.
  case everyInterface
  case noPermission(String)
  case unsupportedLinkType(interface: String, name: String)
  /// The interface was made anew, and the packet socket cannot follow it.
  case cannotFollow(interface: String, reason: String)
  case failed(interface: String, reason: String)

  public var description: String {
    switch self {
    case .noInterface(let name):
      "there is no interface \(name): 'ip link' lists those there are"
    case .interfaceDown(let name): "\(name) is down: 'ip link set \(name) up'"
    case .everyInterface:
      "'any' is every interface at once: name the one that the mirrored packets come in by"
    case .noPermission(let name):
      "no permission to capture on \(name): start as root, or with the capability CAP_NET_RAW"
    case .unsupportedLinkType(let name, let linkType):
      "\(name) has the link type \(linkType), which is not supported: capture on an Ethernet, raw IP"
        + " (tun) or PPP interface"
    case .cannotFollow(let name, let reason):
      "\(name) was removed and made anew, and can't be followed (\(reason)): start again"
    case .failed(let name, let reason): "can't capture on \(name): \(reason)"
    }
  }

  /// What a program should end with (sysexits.h).
  public var exitCode: Int32 {
    switch self {
    case .noInterface, .interfaceDown: EX_UNAVAILABLE
    case .noPermission: EX_NOPERM
    case .everyInterface, .unsupportedLinkType: EX_CONFIG
    case .cannotFollow, .failed: EX_UNAVAILABLE
    }
  }
}
