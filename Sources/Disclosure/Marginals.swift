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
  private(set) var byASN: [UInt32: TallyCounters] = [:]
  /// By the letters' places in the alphabet: 26 of the first, times 26 of the second.
  private var countries = [TallyCounters](repeating: TallyCounters(), count: 26 * 26)
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
    byASN[key.network.asn, default: TallyCounters()] += counters
    countries[Self.place(of: key.network.country)] += counters
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
    for (asn, counters) in other.byASN { byASN[asn, default: TallyCounters()] += counters }
    for place in countries.indices { countries[place] += other.countries[place] }
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

  var byCountry: [CountryCode: TallyCounters] {
    var result: [CountryCode: TallyCounters] = [:]
    for (place, counters) in countries.enumerated() where counters != TallyCounters() {
      let code = CountryCode(0x41 + UInt8(place / 26), 0x41 + UInt8(place % 26))
      if let code { result[code] = counters }
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

  private static func place(of country: CountryCode) -> Int {
    (Int(country.letters >> 8) - 0x41) * 26 + Int(country.letters & 0xff) - 0x41
  }
}
