// Who talks with whom, and what comes next.

struct Packet {
  var isOutbound: Bool
  var isMarked: Bool
  /// TCP flags.
  var flags: UInt8
  /// IP-layer bytes.
  var length: Int
}

struct Conversation {
  var isIPv6: Bool
  var isTCP: Bool
  var remoteHigh: UInt64 = 0
  /// An IPv4 address sits in the low 32 bits.
  var remoteLow: UInt64
  var exitPort: UInt16
  var servicePort: UInt16
  var place: Place
  /// Packets that are still to come.
  var remaining: Int
  private var sent = 0
  /// The number of the packet from which on outbound ones are marked.
  private var markedFrom: Int
  private var isAnswered: Bool
  var flow: TrueFlow?

  private static let headerBytes = (ipv4: 20, ipv6: 40, tcp: 32, udp: 8)

  /// - Parameter number: of this conversation. No two have the same remote address, exit port and
  ///   service port within 16 million.
  init(number: Int, random: inout Random) {
    isIPv6 = random.below(100) < 15
    isTCP = random.below(100) < 90
    exitPort = UInt16(1024 + number % 64_000)
    let round = number / 64_000
    // Most conversations are with few networks, the others with any.
    func plot(of plots: Int) -> Int {
      random.below(100) < 92 ? random.skewed(plots / 40) * 40 : random.below(plots)
    }
    if isIPv6 {
      let plot = plot(of: Internet.ipv6Plots)
      let subnet = UInt32(random.skewed(4)) << 16
      remoteHigh = Internet.ipv6(plot: plot, subnet: subnet)
      remoteLow = UInt64(number)
      place = Internet.place(ipv6Plot: plot, subnet: subnet)
    } else {
      let plot = plot(of: Internet.ipv4Plots)
      let offset = UInt32(random.skewed(4)) << 8 | UInt32((round + plot) & 0xff)
      remoteLow = UInt64(Internet.ipv4(plot: plot, offset: offset))
      place = Internet.place(ipv4Plot: plot, offset: offset)
    }
    let kind = random.below(100)
    servicePort =
      isTCP
      ? kind < 65 ? 443 : kind < 80 ? 80 : UInt16(20 + random.skewed(9000))
      : kind < 70 ? 443 : kind < 85 ? 53 : UInt16(100 + random.skewed(9000))
    isAnswered = random.below(100) < 92
    remaining =
      isAnswered
      ? 3 + random.heavyTailed(scale: 17, limit: 200_000) : 1 + random.below(3)
    let marks = random.below(100)
    markedFrom = marks < 80 ? 0 : marks < 85 ? 2 + random.below(6) : .max
  }

  mutating func next(random: inout Random) -> Packet {
    let isFirst = sent == 0
    let isOutbound = isFirst || !isAnswered || (sent > 1 && random.below(100) < 42)
    sent += 1
    remaining -= 1
    let header =
      (isIPv6 ? Self.headerBytes.ipv6 : Self.headerBytes.ipv4)
      + (isTCP ? Self.headerBytes.tcp : Self.headerBytes.udp)
    var flags: UInt8 = 0
    var data = 0
    if isTCP && (isFirst || !isAnswered) {
      flags = 0x02
    } else if isTCP && sent == 2 {
      flags = 0x12
    } else {
      flags = isTCP ? (remaining == 0 ? 0x11 : 0x10) : 0
      // Requests and acknowledgements one way, full segments the other.
      let isFull = random.below(100) < (isOutbound ? 12 : 70)
      data = isFull ? 1200 + random.below(200) : isTCP ? 0 : 20 + random.below(100)
    }
    return Packet(
      isOutbound: isOutbound, isMarked: isOutbound && sent > markedFrom, flags: flags,
      length: header + data)
  }
}
