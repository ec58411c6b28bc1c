// A month's sums by each of the things that are published, one tally at a time.
//
// A busy month has tens of millions of tallies, and each is added to five sums: those with few
// possible keys are arrays, which need no hashing.

import Tallies

struct Marginals: Sendable {
  private let firstSecond: Int64
  /// By port, 256 to a page: TCP's, then UDP's. A page is empty until one of its ports is met.
  private var pages = [[TallyCounters]](repeating: [], count: 2 * 256)
  /// Of transports that no collector of ours counts.
  private var otherServices: [ServicePort: TallyCounters] = [:]
  /// By the number of the autonomous system and the two letters of the country after it.
  private var networks: [UInt64: TallyCounters] = [:]
  private var ipVersions = [TallyCounters](repeating: TallyCounters(), count: 256)
  private var days: [TallyCounters]

  init(month: CalendarMonth) {
    firstSecond = month.seconds.lowerBound
    days = Array(repeating: TallyCounters(), count: month.seconds.count / 86_400)
  }

  /// Adds a tally; its hour is in the month.
  mutating func add(_ key: TallyKey, _ counters: TallyCounters) {
    if let first = Self.firstPage(of: key.transport) {
      let page = first + Int(key.servicePort >> 8)
      if pages[page].isEmpty { pages[page] = Array(repeating: TallyCounters(), count: 256) }
      pages[page][Int(key.servicePort & 0xff)] += counters
    } else {
      let service = ServicePort(transport: key.transport, port: key.servicePort)
      otherServices[service, default: TallyCounters()] += counters
    }
    let network = UInt64(key.network.asn) << 16 | UInt64(key.network.country.letters)
    networks[network, default: TallyCounters()] += counters
    ipVersions[Int(key.ipVersion)] += counters
    days[Int((key.hour - firstSecond) / 86_400)] += counters
  }

  /// Adds what was added to another part of the same month.
  mutating func add(_ other: Marginals) {
    for page in pages.indices where !other.pages[page].isEmpty {
      if pages[page].isEmpty {
        pages[page] = other.pages[page]
      } else {
        for port in pages[page].indices { pages[page][port] += other.pages[page][port] }
      }
    }
    for (service, counters) in other.otherServices {
      otherServices[service, default: TallyCounters()] += counters
    }
    for (network, counters) in other.networks {
      networks[network, default: TallyCounters()] += counters
    }
    for version in ipVersions.indices { ipVersions[version] += other.ipVersions[version] }
    for day in days.indices { days[day] += other.days[day] }
  }

  var total: TallyCounters { days.reduce(into: TallyCounters()) { $0 += $1 } }

  var byServicePort: [ServicePort: TallyCounters] {
    var result = otherServices
    for transport in [UInt8(6), 17] {
      guard let first = Self.firstPage(of: transport) else { continue }
      for (page, ports) in pages[first..<first + 256].enumerated() {
        for (port, counters) in ports.enumerated() where counters != TallyCounters() {
          let service = ServicePort(transport: transport, port: UInt16(page << 8 | port))
          result[service] = counters
        }
      }
    }
    return result
  }

  var byNetwork: [Network: TallyCounters] {
    var result: [Network: TallyCounters] = [:]
    for (network, counters) in networks {
      let letters = (UInt8(truncatingIfNeeded: network >> 8), UInt8(truncatingIfNeeded: network))
      let country = CountryCode(letters.0, letters.1) ?? .unknown
      result[Network(asn: UInt32(network >> 16), country: country)] = counters
    }
    return result
  }

  var byIPVersion: [UInt8: TallyCounters] {
    var result: [UInt8: TallyCounters] = [:]
    for (version, counters) in ipVersions.enumerated() where counters != TallyCounters() {
      result[UInt8(version)] = counters
    }
    return result
  }

  /// By the day's first second.
  var byDay: [Int64: TallyCounters] {
    var result: [Int64: TallyCounters] = [:]
    for (day, counters) in days.enumerated() where counters != TallyCounters() {
      result[firstSecond + Int64(day) * 86_400] = counters
    }
    return result
  }

  private static func firstPage(of transport: UInt8) -> Int? {
    switch transport {
    case 6: 0
    case 17: 256
    default: nil
    }
  }
}
