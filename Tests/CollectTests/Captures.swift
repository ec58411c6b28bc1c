// Captures that tests write themselves: classic pcap, Ethernet, IPv4.

import Flows
import Foundation
import Packets

@testable import weir_collect

/// One TCP segment or UDP datagram without payload, from or to the exit address 192.0.2.10.
struct TestPacket {
  /// Seconds since 1970.
  var second: Int
  var microsecond = 0
  var isInbound = false
  var exitPort: UInt16 = 40_000
  var remote: [UInt8] = [198, 51, 100, 10]
  var servicePort: UInt16 = 443
  var isMarked = true
  var isUDP = false
  var tcpFlags: UInt8 = 0x10

  var frame: [UInt8] {
    let exit: [UInt8] = [192, 0, 2, 10]
    let transportLength = isUDP ? 8 : 20
    let ports = isInbound ? [servicePort, exitPort] : [exitPort, servicePort]
    var frame: [UInt8] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00]
    frame += [0x45, isMarked ? 7 << 2 : 0, 0, UInt8(20 + transportLength), 0, 0, 0, 0, 64]
    frame += [isUDP ? 17 : 6, 0, 0] + (isInbound ? remote + exit : exit + remote)
    frame += ports.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] }
    frame +=
      isUDP
      ? [0, 8, 0, 0] : [0, 0, 0, 0, 0, 0, 0, 0, 0x50, tcpFlags, 0xff, 0xff, 0, 0, 0, 0]
    return frame
  }
}

/// The bytes of a classic pcap file with µs stamps, little-endian.
func pcap(_ packets: [TestPacket]) -> Data {
  var bytes = words([0xa1b2_c3d4, 0x0004_0002, 0, 0, 262_144, 1])
  for packet in packets {
    let frame = packet.frame
    bytes += words([
      UInt32(packet.second), UInt32(packet.microsecond), UInt32(frame.count), UInt32(frame.count),
    ])
    bytes += frame
  }
  return bytes
}

private func words(_ words: [UInt32]) -> Data {
  Data(words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } })
}

extension CaptureReading {
  /// With the fixtures' databases and the exit addresses that all fixtures use.
  static func test(
    _ paths: [String], ledger: String, again: Bool = false
  ) -> CaptureReading {
    CaptureReading(
      paths: paths, ledgerPath: ledger,
      meter: .init(
        exitAddresses: ["192.0.2.10", "2001:db8:ffff::10"].compactMap { try? AddressRange($0) }),
      asnDatabase: Fixtures.asnDatabase, countryDatabase: Fixtures.countryDatabase,
      allowsAgain: again)
  }
}
