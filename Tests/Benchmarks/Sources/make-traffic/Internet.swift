// An invented Internet: which network has which AS number and country, as both databases will say.
//
// As in real databases, networks of several lengths lie side by side, some are longer than /24, and
// some addresses are in one database, or in none.
//
//   IPv4   240,000 plots of a /20 from 16.0.0.0 on; a plot's network covers all of it or its start
//   IPv6    60,000 plots of a /32 from 2a00::/12 on, the same way

struct Place: Hashable {
  var asn: UInt32 = 0
  /// Two letters; `ZZ` where unknown.
  var country: UInt16 = 0x5a5a
}

struct Prefix {
  /// An IPv4 address sits in the low 32 bits.
  var high: UInt64
  var low: UInt64
  /// Counted in an IPv6 tree: an IPv4 prefix has 96 more.
  var length: Int
}

enum Internet {
  static let ipv4Plots = 240_000
  static let ipv6Plots = 60_000
  static let systems = 70_000
  private static let ipv4Base: UInt32 = 0x1000_0000
  private static let ipv6Base: UInt64 = 0x2a00_0000

  static func ipv4(plot: Int, offset: UInt32) -> UInt32 { ipv4Base + UInt32(plot) << 12 + offset }

  /// The upper half of an address in the plot; `subnet` is 32 bits wide.
  static func ipv6(plot: Int, subnet: UInt32) -> UInt64 {
    (ipv6Base + UInt64(plot)) << 32 | UInt64(subnet)
  }

  /// Every eighth plot has networks longer than /24: two /26s in its first /24.
  private static func isFine(_ plot: Int) -> Bool { plot % 8 == 3 }
  private static let ipv4Lengths = [20, 20, 22, 24]
  private static let ipv6Lengths = [32, 40, 48]

  /// What the databases say of an IPv4 address, `offset` into its plot.
  static func place(ipv4Plot plot: Int, offset: UInt32) -> Place {
    if isFine(plot) {
      return offset < 128 ? place(of: plot, part: 1 + Int(offset >> 6)) : Place()
    }
    let length = ipv4Lengths[plot % 4]
    return offset >> (32 - length) == 0 ? place(of: plot, part: 0) : Place()
  }

  static func place(ipv6Plot plot: Int, subnet: UInt32) -> Place {
    let length = ipv6Lengths[plot % 3]
    let isCovered = length == 32 || subnet >> (64 - length) == 0
    return isCovered ? place(of: ipv4Plots + plot, part: 0) : Place()
  }

  private static func place(of number: Int, part: Int) -> Place {
    let hash = mixed(UInt64(number * 4 + part) &+ 0x5745_4952)
    var place = Place()
    if hash % 53 != 0 { place.asn = 1 + UInt32(truncatingIfNeeded: hash >> 8) % UInt32(systems) }
    if hash % 89 != 1 {
      let code = Int(truncatingIfNeeded: hash >> 48) % 240
      place.country = UInt16(0x41 + code / 26) << 8 | UInt16(0x41 + code % 26)
    }
    return place
  }

  /// Every network with what it has, for the databases.
  static func forEachNetwork(_ body: (Prefix, Place) -> Void) {
    for plot in 0..<ipv4Plots {
      if isFine(plot) {
        for part in 0..<2 {
          let address = ipv4(plot: plot, offset: UInt32(part) << 6)
          body(
            Prefix(high: 0, low: UInt64(address), length: 96 + 26), place(of: plot, part: 1 + part))
        }
      } else {
        let address = ipv4(plot: plot, offset: 0)
        body(
          Prefix(high: 0, low: UInt64(address), length: 96 + ipv4Lengths[plot % 4]),
          place(of: plot, part: 0))
      }
    }
    for plot in 0..<ipv6Plots {
      body(
        Prefix(high: ipv6(plot: plot, subnet: 0), low: 0, length: ipv6Lengths[plot % 3]),
        place(of: ipv4Plots + plot, part: 0))
    }
  }
}
