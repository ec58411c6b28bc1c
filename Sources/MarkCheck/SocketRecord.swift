// What the kernel tells of a socket (sock_diag(7)), and how to ask it. The remote address that stands
// in each answer is never read.

public import MarkPolicy

public struct SocketRecord: Equatable, Sendable {
  public enum State: Equatable, Sendable {
    case listening, connecting, connected
    /// Without a connection: a UDP socket, or one that does nothing yet.
    case unconnected
  }

  public var state: State
  public var address: Address
  public var port: UInt16
  public var inode: UInt32
  /// With the ECN bits; `nil` where the kernel did not say.
  public var trafficClass: UInt8?

  public init(
    state: State, address: Address, port: UInt16, inode: UInt32, trafficClass: UInt8?
  ) {
    self.state = state
    self.address = address
    self.port = port
    self.inode = inode
    self.trafficClass = trafficClass
  }
}

public enum SocketFamily: UInt8, CaseIterable, Sendable {
  case ipv4 = 2
  case ipv6 = 10
}

public enum SocketProtocol: UInt8, CaseIterable, Sendable {
  case tcp = 6
  case udp = 17
}

/// A request for all sockets of a family and protocol: struct nlmsghdr and inet_diag_req_v2.
public func socketRequest(_ family: SocketFamily, _ transport: SocketProtocol) -> [UInt8] {
  var request = [UInt8](repeating: 0, count: 72)
  put(UInt32(request.count), at: 0, in: &request)
  put(SocketMessage.byFamily, at: 4, in: &request)
  // NLM_F_REQUEST | NLM_F_DUMP
  put(UInt16(0x301), at: 6, in: &request)
  request[16] = family.rawValue
  request[17] = transport.rawValue
  // INET_DIAG_TOS and INET_DIAG_TCLASS, as bits.
  request[18] = 1 << (SocketMessage.tos - 1) | 1 << (SocketMessage.tclass - 1)
  // Every state.
  put(UInt32.max, at: 20, in: &request)
  return request
}

public enum SocketAnswer: Equatable, Sendable {
  /// More is to come.
  case more
  case end
  /// errno
  case failed(Int32)
}

/// Takes the sockets out of one netlink datagram.
public func readSockets(
  _ datagram: Span<UInt8>, into records: inout [SocketRecord]
) -> SocketAnswer {
  var offset = 0
  while offset + 16 <= datagram.count {
    let length = Int(number(datagram, offset, UInt32.self))
    guard length >= 16, length <= datagram.count - offset else { return .failed(SocketMessage.bad) }
    let message = datagram.extracting(offset..<(offset + length))
    switch number(message, 4, UInt16.self) {
    case SocketMessage.done: return .end
    case SocketMessage.error:
      guard length >= 20 else { return .failed(SocketMessage.bad) }
      let code = Int32(bitPattern: number(message, 16, UInt32.self))
      return .failed(code == Int32.min ? SocketMessage.bad : -code)
    case SocketMessage.byFamily:
      if let record = SocketRecord(message) { records.append(record) }
    default: break
    }
    offset += aligned(length)
  }
  return .more
}

private enum SocketMessage {
  static let error: UInt16 = 2
  static let done: UInt16 = 3
  static let byFamily: UInt16 = 20
  static let tos = 5
  static let tclass = 6
  /// EBADMSG
  static let bad: Int32 = 74
}

extension SocketRecord {
  /// - Parameter message: struct nlmsghdr, then inet_diag_msg of 72 bytes, then attributes.
  fileprivate init?(_ message: Span<UInt8>) {
    guard message.count >= 16 + 72, let family = SocketFamily(rawValue: message[16]) else {
      return nil
    }
    let port = UInt16(message[20]) << 8 | UInt16(message[21])
    let address: Address
    switch family {
    case .ipv4: address = Address(ipv4: number(message, 24, UInt32.self).byteSwapped)
    case .ipv6:
      address = Address(
        high: number(message, 24, UInt64.self).byteSwapped,
        low: number(message, 32, UInt64.self).byteSwapped)
    }
    // Numbers of the kernel's enum in net/tcp_states.h.
    let state: State =
      switch message[17] {
      case 1, 4, 5, 8, 9, 11: .connected
      case 2: .connecting
      case 10: .listening
      default: .unconnected
      }
    // An IPv6 socket with a mapped address sends IPv4 packets.
    let wanted = family == .ipv4 || address.isIPv4 ? SocketMessage.tos : SocketMessage.tclass
    var trafficClass: UInt8?
    var offset = 16 + 72
    while offset + 4 <= message.count {
      let length = Int(number(message, offset, UInt16.self))
      guard length >= 4, length <= message.count - offset else { break }
      if Int(number(message, offset + 2, UInt16.self)) == wanted, length >= 5 {
        trafficClass = message[offset + 4]
      }
      offset += aligned(length)
    }
    self.init(
      state: state, address: address, port: port, inode: number(message, 84, UInt32.self),
      trafficClass: trafficClass)
  }
}

private func aligned(_ length: Int) -> Int { (length + 3) & ~3 }

/// Netlink has the host's byte order, which on every machine that Weir is built for is little-endian.
private func number<Number: FixedWidthInteger>(
  _ bytes: Span<UInt8>, _ offset: Int, _: Number.Type
) -> Number {
  var value: Number = 0
  for index in 0..<(Number.bitWidth / 8) {
    value |= Number(truncatingIfNeeded: bytes[offset + index]) << Number(8 * index)
  }
  return value
}

private func put<Number: FixedWidthInteger>(
  _ value: Number, at offset: Int, in bytes: inout [UInt8]
) {
  for index in 0..<(Number.bitWidth / 8) {
    bytes[offset + index] = UInt8(truncatingIfNeeded: value >> Number(8 * index))
  }
}
