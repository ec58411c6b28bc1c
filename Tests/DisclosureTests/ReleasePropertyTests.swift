// What must hold of every month that is published, whatever is in it.

import Tallies
import TestSupport
import Testing

@testable import Disclosure

@Suite struct ReleasePropertyTests {
  private static let minimums: [UInt64] = [20, 21, 50, 200]

  /// The exact sums that a table's rows are of, and those that it doesn't show.
  private func parts<Key: Hashable>(
    _ marginal: [Key: TallyCounters], _ table: ReleasedTable?, _ subject: (Key) -> ReleasedSubject
  ) -> (shown: [TallyCounters], folded: [TallyCounters]) {
    let subjects = Set(table?.rows.map(\.subject) ?? [])
    let shown = marginal.filter { subjects.contains(subject($0.key)) }
    return (Array(shown.values), marginal.filter { shown[$0.key] == nil }.map(\.value))
  }

  @Test("no rule is broken by any month", arguments: UInt64(0)..<150, minimums)
  func rules(seed: UInt64, minimum: UInt64) throws {
    let month = TestMonth.random(seed: seed).exact
    let policy = try ReleasePolicy.test(minimumFlows: minimum)
    let safety = Safety(policy: policy, leftOut: nil)
    let released = month.release(policy: policy)
    #expect(released.policy == policy)
    #expect((released.total != nil) == safety.allows(month.total))
    if released.total == nil {
      #expect(released.tables.isEmpty)
      return
    }
    let exact: [ReleasedTable.Dimension: (shown: [TallyCounters], folded: [TallyCounters])] = [
      .servicePort: parts(month.byServicePort, released[.servicePort]) { .servicePort($0) },
      .autonomousSystem: parts(month.byNetwork.grouped { $0.asn }, released[.autonomousSystem]) {
        .system($0)
      },
      .country: parts(month.byNetwork.grouped { $0.country }, released[.country]) { .country($0) },
      .ipVersion: parts(month.byIPVersion, released[.ipVersion]) { .ipVersion($0) },
    ]
    for (dimension, parts) in exact {
      let table = released[dimension]
      #expect(parts.shown.count == table?.rows.count ?? 0)
      for row in parts.shown { #expect(safety.allows(row)) }
      if table == nil { continue }
      #expect((table?.other == nil) == parts.folded.isEmpty)
      if parts.folded.isEmpty { continue }
      #expect(parts.folded.count >= 2, "a fold of one would be no fold")
      #expect(
        safety.protects(parts.folded.filter { !safety.allows($0) }, in: parts.folded),
        "\(dimension)")
      let sum = parts.folded.reduce(into: TallyCounters()) { $0 += $1 }
      #expect(table?.other?.figures.flows == (sum.flows + 5) / 10 * 10)
    }
  }

  @Test("no more is folded than has to be", arguments: UInt64(0)..<150, minimums)
  func leastFolding(seed: UInt64, minimum: UInt64) throws {
    let month = TestMonth.random(seed: seed).exact
    let policy = try ReleasePolicy.test(minimumFlows: minimum)
    let safety = Safety(policy: policy, leftOut: nil)
    let released = month.release(policy: policy)
    guard released.total != nil else { return }
    let (_, folded) = parts(month.byServicePort, released[.servicePort]) { .servicePort($0) }
    let unsafe = folded.filter { !safety.allows($0) }
    let safe = folded.filter(safety.allows).sorted { ($0.bytes, $0.flows) < ($1.bytes, $1.flows) }
    if unsafe.isEmpty { return #expect(safe.isEmpty) }
    guard let last = safe.last else { return }
    #expect(
      !safety.protects(unsafe, in: unsafe + safe.dropLast()),
      "without \(last) it would have done as well")
  }

  @Test("the order of adding changes nothing", arguments: UInt64(0)..<40)
  func deterministic(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var month = TestMonth.random(seed: seed)
    let policy = try ReleasePolicy.test()
    let document = month.exact.release(policy: policy).document()
    for _ in 0..<5 {
      month.tallies.shuffle(using: &generator)
      #expect(month.exact.release(policy: policy).document() == document)
    }
  }

  @Test("rows come with most bytes first", arguments: UInt64(0)..<40)
  func order(seed: UInt64) throws {
    let released = TestMonth.random(seed: seed).exact.release(policy: try .test())
    for table in released.tables where table.dimension != .day {
      let bytes = table.rows.map(\.figures.bytes)
      #expect(bytes == bytes.sorted(by: >))
    }
  }
}
