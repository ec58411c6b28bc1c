// Releases invented months by the product's own rules, or with one of them left out: the attack's
// counterpart. It is no part of what is installed.
//
// Reads one JSON value a line on standard input, a series of versions of one month, and prints for
// each the documents that would be published, one JSON array of them a line.

import Disclosure
import Foundation
import Tallies

private struct Series: Decodable {
  struct Tally: Decodable {
    let day: Int64
    let ipVersion: UInt8
    let transport: UInt8
    let port: UInt16
    let asn: UInt32
    let country: String
    let flows: UInt64
    let bytes: UInt64
    let largest: UInt64
  }

  struct Version: Decodable {
    let status: String
    let tallies: [Tally]
  }

  let minimumFlows: UInt64
  let dominance: UInt64
  let rows: Int
  let leavingOut: String?
  /// By "protocol/port".
  let classes: [String: String]
  let versions: [Version]
}

private func month(_ version: Series.Version, _ month: CalendarMonth) -> MonthTallies {
  var tallies = MonthTallies(month: month)
  for tally in version.tallies {
    var counters = TallyCounters()
    counters.flows = tally.flows
    counters.bytesIn = tally.bytes
    counters.largestFlow = tally.largest
    let key = TallyKey(
      hour: month.seconds.lowerBound + (tally.day - 1) * 86_400, ipVersion: tally.ipVersion,
      transport: tally.transport, servicePort: tally.port,
      network: Network(asn: tally.asn, country: CountryCode(tally.country) ?? .unknown))
    tallies.add(key, counters)
  }
  return tallies
}

private func classes(_ series: Series) -> EncryptionClasses {
  var classes: [ServicePort: EncryptionClass] = [:]
  for (port, name) in series.classes {
    let parts = port.split(separator: "/")
    guard let transport = UInt8(parts[0]), let number = UInt16(parts[1]) else { continue }
    classes[ServicePort(transport: transport, port: number)] = EncryptionClass(rawValue: name)
  }
  return EncryptionClasses(classes)
}

while let line = readLine() {
  let series = try JSONDecoder().decode(Series.self, from: Data(line.utf8))
  guard
    let policy = ReleasePolicy(
      minimumFlows: series.minimumFlows, dominance: series.dominance, rows: series.rows),
    let calendarMonth = CalendarMonth("2026-01")
  else { fatalError("a policy below the floors") }
  var documents: [String] = []
  var earlier: ReleasedMonth?
  for version in series.versions {
    guard let status = ReleaseStatus(rawValue: version.status) else { fatalError(version.status) }
    let released = month(version, calendarMonth).released(
      policy: policy, classes: classes(series), status: status, after: earlier,
      leavingOut: series.leavingOut.flatMap { Rule(rawValue: $0) })
    documents.append(String(decoding: released.document(), as: UTF8.self))
    earlier = released
  }
  let text = "[" + documents.joined(separator: ",").replacing("\n", with: " ") + "]\n"
  FileHandle.standardOutput.write(Data(text.utf8))
}
