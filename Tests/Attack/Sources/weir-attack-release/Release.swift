// Releases invented months by the product's own rules, or with one of them left out: the attack's
// counterpart. It is no part of what is installed.
//
// Reads one JSON value a line on standard input, a series of versions of one month, and prints a line
// for each: a JSON array that has, of each version, an array of what each build of it publishes.

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
    /// Of them.
    let out: UInt64
    let largest: UInt64
  }

  struct Noise: Decodable {
    let epsilon: UInt64
    let connections: UInt64
    let bytes: UInt64
  }

  struct Version: Decodable {
    let status: String
    let tallies: [Tally]
  }

  let minimumFlows: UInt64
  let dominance: UInt64
  let rows: Int
  let leavingOut: String?
  let noise: Noise?
  /// Of every version.
  let builds: Int
  /// By "protocol/port".
  let classes: [String: String]
  let versions: [Version]
}

private func month(_ version: Series.Version, _ month: CalendarMonth) -> MonthTallies {
  var tallies = MonthTallies(month: month)
  for tally in version.tallies {
    var counters = TallyCounters()
    counters.flows = tally.flows
    counters.bytesOut = tally.out
    counters.bytesIn = tally.bytes - tally.out
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

/// What each build of a final version publishes: the first one, and those that find it published.
private func builds(
  _ count: Int, of first: ReleasedMonth, _ tallies: MonthTallies, policy: ReleasePolicy,
  classes: EncryptionClasses
) throws -> [ReleasedMonth] {
  let publication = Publication(
    time: PublicationTime(now: first.finalFrom), policy: policy, classes: classes,
    reasonForRevision: nil)
  return [first]
    + (try (1..<max(1, count)).map { _ in try publication.release(tallies, over: first).month })
}

while let line = readLine() {
  let series = try JSONDecoder().decode(Series.self, from: Data(line.utf8))
  let noise = series.noise.flatMap {
    NoisePolicy(
      thousandthsOfEpsilon: $0.epsilon, protectedConnections: $0.connections,
      protectedBytes: $0.bytes)
  }
  guard
    let policy = ReleasePolicy(
      minimumFlows: series.minimumFlows, dominance: series.dominance, rows: series.rows,
      noise: noise),
    let calendarMonth = CalendarMonth("2026-01")
  else { fatalError("a policy below the floors") }
  var versions: [String] = []
  var earlier: ReleasedMonth?
  for version in series.versions {
    guard let status = ReleaseStatus(rawValue: version.status) else { fatalError(version.status) }
    let tallies = month(version, calendarMonth)
    func released() -> ReleasedMonth {
      tallies.released(
        policy: policy, classes: classes(series), status: status, after: earlier,
        leavingOut: series.leavingOut.flatMap { Rule(rawValue: $0) })
    }
    let first = released()
    let all =
      series.leavingOut == "frozen-noise"
      ? [first] + (1..<max(1, series.builds)).map { _ in released() }
      : status == .final
        ? try builds(series.builds, of: first, tallies, policy: policy, classes: classes(series))
        : [first]
    versions.append(
      "[\(all.map { String(decoding: $0.document(), as: UTF8.self) }.joined(separator: ","))]")
    earlier = first
  }
  let text = "[" + versions.joined(separator: ",").replacing("\n", with: " ") + "]\n"
  FileHandle.standardOutput.write(Data(text.utf8))
}
