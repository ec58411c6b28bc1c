// Which end of a packet is ours, asked once or twice per packet.

internal import Packets

struct ExitAddresses {
  private var ipv4: [(bits: UInt32, mask: UInt32)] = []
  private var ipv6: [AddressRange] = []

  init(_ ranges: [AddressRange]) {
    for range in ranges {
      switch range.ipVersion {
      case .v4: ipv4 += range.words
      case .v6: ipv6.append(range)
      }
    }
  }

  @inline(__always)
  func contains(_ address: Address, _ version: IPVersion) -> Bool {
    if version == .v4 {
      let bits = UInt32(truncatingIfNeeded: address.low)
      for range in ipv4 where bits & range.mask == range.bits { return true }
    } else {
      for range in ipv6 where range.contains(address, version) { return true }
    }
    return false
  }
}
