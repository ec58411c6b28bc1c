// A packet between its decoding and its flow.

internal import Packets

/// What counting needs of a packet. Holds addresses, and so lives no longer than it takes.
struct AddressedPacket {
  var exit: Address
  var remote: Address
  var stamp: Stamp
  var hour: Hour
  /// IP-layer bytes.
  var length: UInt32
  var exitPort: UInt16
  var servicePort: UInt16
  var ipVersion: IPVersion
  var transport: Transport
  var tcpFlags: PacketHeader.TCPFlags
  var isInbound: Bool
  /// Makes its flow one that counts.
  var isSelected: Bool

  static let none = AddressedPacket(
    exit: Address(high: 0, low: 0), remote: Address(high: 0, low: 0),
    stamp: Stamp(nanoseconds: 0), hour: Hour(index: 0), length: 0, exitPort: 0, servicePort: 0,
    ipVersion: .v4, transport: .udp, tcpFlags: [], isInbound: false, isSelected: false)

  mutating func forgetAddresses() {
    exit = Address(high: 0, low: 0)
    remote = Address(high: 0, low: 0)
  }
}
