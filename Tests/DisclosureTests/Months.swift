// Months as tests fill them.

import Tallies
import TestSupport

@testable import Disclosure

struct TestMonth {
  var tallies: [(key: TallyKey, counters: TallyCounters)] = []

  static let month = CalendarMonth("2026-01") ?? CalendarMonth(containing: 0) ?? { fatalError() }()

  mutating func add(
    port: UInt16 = 443, transport: UInt8 = 6, asn: UInt32 = 64_496, country: String = "DE",
    flows: UInt64, bytes: UInt64 = 0
  ) {
    let key = TallyKey(
      hour: Self.month.seconds.lowerBound, ipVersion: 4, transport: transport, servicePort: port,
      network: Network(asn: asn, country: CountryCode(country) ?? .unknown))
    var counters = TallyCounters()
    counters.flows = flows
    counters.bytesOut = bytes
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
          << UInt64.random(in: 0...6, using: &generator))
      let position = month.tallies.count - 1
      month.tallies[position].counters.flowsAnswered = UInt64.random(in: 0...20, using: &generator)
      month.tallies[position].counters.packetsOut = UInt64.random(in: 0...900, using: &generator)
      month.tallies[position].counters.packetsIn = UInt64.random(in: 0...900, using: &generator)
      month.tallies[position].counters.bytesOut = UInt64.random(in: 0...3, using: &generator) * 500
      month.tallies[position].counters.bytesIn = UInt64.random(in: 0...3, using: &generator) * 500
    }
    return month
  }
}

extension ReleasedFigures {
  /// All columns, to be added up.
  var columns: [UInt64] { [flows, flowsAnswered, packetsOut, packetsIn, bytesOut, bytesIn] }
}

extension ReleasedTable {
  var columnSums: [UInt64] {
    let all = rows.map(\.figures.columns) + (other.map { [$0.figures.columns] } ?? [])
    return all.reduce([0, 0, 0, 0, 0, 0]) { zip($0, $1).map { $0 + $1 } }
  }
}
