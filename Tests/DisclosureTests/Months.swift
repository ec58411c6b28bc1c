// Months as tests fill them.

import Tallies
import TestSupport
import Testing

@testable import Disclosure

struct TestMonth {
  var tallies: [(key: TallyKey, counters: TallyCounters)] = []

  static let month = CalendarMonth("2026-01") ?? CalendarMonth(containing: 0) ?? { fatalError() }()

  mutating func add(
    port: UInt16 = 443, transport: UInt8 = 6, asn: UInt32 = 64_496, country: String = "DE",
    flows: UInt64, bytes: UInt64 = 0, largest: UInt64 = 0, ipVersion: UInt8 = 4, day: Int64 = 1
  ) {
    let key = TallyKey(
      hour: Self.month.seconds.lowerBound + (day - 1) * 86_400, ipVersion: ipVersion,
      transport: transport, servicePort: port,
      network: Network(asn: asn, country: CountryCode(country) ?? .unknown))
    var counters = TallyCounters()
    counters.flows = flows
    counters.bytesOut = bytes
    counters.largestFlow = largest
    tallies.append((key, counters))
  }

  var exact: MonthTallies {
    var month = MonthTallies(month: Self.month)
    for (key, counters) in tallies { month.add(key, counters) }
    return month
  }

  /// Few or many rows, most of them small, and some equal.
  static func random(seed: UInt64) -> TestMonth {
    var generator = SeededGenerator(seed: seed)
    var month = TestMonth()
    let size = Int.random(in: 1...60, using: &generator)
    let countries = ["DE", "FR", "US", "NL", "CH", "ZZ", "JP", "BR"]
    for _ in 0..<size {
      let ports = UInt16.random(in: 1...12, using: &generator)
      month.add(
        port: ports, transport: Bool.random(using: &generator) ? 6 : 17,
        asn: UInt32.random(in: 0...15, using: &generator),
        country: countries[Int.random(in: 0..<countries.count, using: &generator)],
        flows: UInt64.random(in: 0...3, using: &generator)
          << UInt64.random(in: 0...6, using: &generator),
        ipVersion: UInt64.random(in: 0...3, using: &generator) == 0 ? 6 : 4,
        day: Int64.random(in: 1...6, using: &generator))
      let position = month.tallies.count - 1
      month.tallies[position].counters.flowsAnswered = UInt64.random(in: 0...20, using: &generator)
      month.tallies[position].counters.packetsOut = UInt64.random(in: 0...900, using: &generator)
      month.tallies[position].counters.packetsIn = UInt64.random(in: 0...900, using: &generator)
      month.tallies[position].counters.bytesOut = UInt64.random(in: 0...3, using: &generator) * 500
      month.tallies[position].counters.bytesIn = UInt64.random(in: 0...3, using: &generator) * 500
      let counters = month.tallies[position].counters
      month.tallies[position].counters.largestFlow =
        Bool.random(using: &generator)
        ? counters.bytes : counters.bytes / max(1, counters.flows)
    }
    return month
  }
}

extension ReleasedFigures {
  /// All columns, to be added up.
  var columns: [UInt64] { [flows, flowsAnswered, packetsOut, packetsIn, bytesOut, bytesIn] }
}

extension ReleasedMonth {
  /// The flows of a table's rows, by subject.
  func flows(_ dimension: ReleasedTable.Dimension) -> [ReleasedSubject: UInt64]? {
    self[dimension].map { table in
      Dictionary(uniqueKeysWithValues: table.rows.map { ($0.subject, $0.figures.flows) })
    }
  }
}

extension ReleasedSubject {
  static func tcp(_ port: UInt16) -> ReleasedSubject {
    .servicePort(ServicePort(transport: 6, port: port))
  }

  static func system(_ asn: UInt32) -> ReleasedSubject {
    .autonomousSystem(asn: asn, name: "")
  }

  static func country(_ code: String) -> ReleasedSubject {
    .country(CountryCode(code) ?? .unknown)
  }

  static func january(_ day: Int) -> ReleasedSubject {
    .day(CalendarDate(unixSeconds: TestMonth.month.seconds.lowerBound + Int64(day - 1) * 86_400))
  }
}

extension ReleasePolicy {
  /// With rows as small as they may be, unless said otherwise.
  static func test(
    minimumFlows: UInt64 = 20, dominance: UInt64 = defaultDominance, rows: Int = defaultRows,
    rounding: Rounding = .standard, noise: NoisePolicy? = nil
  ) throws -> ReleasePolicy {
    try #require(
      ReleasePolicy(
        minimumFlows: minimumFlows, dominance: dominance, rows: rows, rounding: rounding,
        noise: noise))
  }
}
