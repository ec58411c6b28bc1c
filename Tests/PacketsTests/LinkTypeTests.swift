// The numbers of tcpdump.org's list of link types that Weir reads.

import Packets
import Testing

@Suite struct LinkTypeTests {
  private static let numbers: [Int32: LinkType] = [
    0: .null, 1: .ethernet, 12: .rawIP, 14: .rawIP, 101: .rawIP, 108: .loop, 113: .linuxCooked,
    228: .rawIPv4, 229: .rawIPv6, 276: .linuxCooked2,
  ]

  @Test("exactly these numbers are link types")
  func numbers() {
    for number in Int32(-10)...1000 {
      #expect(LinkType(number: number) == Self.numbers[number], "\(number)")
    }
    #expect(LinkType(number: .min) == nil)
    #expect(LinkType(number: .max) == nil)
  }

  @Test("every link type has a number and a name of its own")
  func names() {
    for linkType in LinkType.allCases { #expect(Self.numbers.values.contains(linkType)) }
    #expect(Set(LinkType.allCases.map(\.name)).count == LinkType.allCases.count)
  }

  @Test("a loopback header may be in either byte order, OpenBSD's only in the network's")
  func loopback() {
    let (v4, v6) = (IPv4().packet, IPv6().packet)
    for family in UInt32(0)...40 {
      let version: IPVersion? =
        family == 2 ? .v4 : [10, 24, 28, 30].contains(family) ? .v6 : nil
      let packet = version == .v6 ? v6 : v4
      for order in [family, family.byteSwapped] {
        #expect(Decoded(bytes(order) + packet, .null).header?.ipVersion == version)
      }
      #expect(Decoded(bytes(family) + packet, .loop).header?.ipVersion == version)
      if family > 0 {
        #expect(Decoded(bytes(family.byteSwapped) + packet, .loop) == .failure(.notIP))
      }
    }
  }
}
