// A packet between its decoding and its flow.

internal import Packets

/// What counting needs of a packet. Holds an address, and so lives no longer than it takes.
struct FlowPacket {
  /// The flow that it belongs to.
  var key: FlowKey
  /// IP-layer bytes.
  var length: UInt32
  var stamp: Stamp
  var remote: Address
  var tcpFlags: PacketHeader.TCPFlags
  var isInbound: Bool
  /// Makes its flow one that counts.
  var isSelected: Bool

  static let none = FlowPacket(
    key: .none, length: 0, stamp: Stamp(nanoseconds: 0), remote: Address(high: 0, low: 0),
    tcpFlags: [], isInbound: false, isSelected: false)

  mutating func forgetAddress() { remote = Address(high: 0, low: 0) }
}
