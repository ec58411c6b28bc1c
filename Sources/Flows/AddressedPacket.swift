// A packet between its decoding and its flow.

internal import Packets

/// What counting needs of a packet. Holds a remote address, and so lives no longer than it takes.
struct AddressedPacket {
  var key: FlowKey
  var remote: Address
  var stamp: Stamp
  var hour: Hour
  /// IP-layer bytes.
  var length: UInt32
  var tcpFlags: PacketHeader.TCPFlags
  var isInbound: Bool
  /// Makes its flow one that counts.
  var isSelected: Bool

  static let none = AddressedPacket(
    key: .none, remote: Address(high: 0, low: 0), stamp: Stamp(nanoseconds: 0),
    hour: Hour(index: 0), length: 0, tcpFlags: [], isInbound: false, isSelected: false)
}
