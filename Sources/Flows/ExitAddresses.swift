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

  /// Without branches but those that are the same for each packet: which end is ours, no processor can
  /// guess.
  @inline(__always)
  func contains(_ address: Address, _ version: IPVersion) -> Bool {
    var misses: UInt64 = 1
    if version == .v4 {
      let bits = UInt32(truncatingIfNeeded: address.low)
      for range in ipv4 { misses &= (bits & range.mask) == range.bits ? 0 : 1 }
    } else {
      for range in ipv6 { misses &= range.contains(address, version) ? 0 : 1 }
    }
    return misses == 0
  }
}
