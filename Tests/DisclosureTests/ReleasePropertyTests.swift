// What must hold of every month that is published, whatever is in it.

import Tallies
import Testing
import TestSupport

@testable import Disclosure

@Suite struct ReleasePropertyTests {
  private static let minimums: [UInt64] = [20, 21, 50, 200]

  @Test("no rule is broken by any month", arguments: UInt64(0)..<150, minimums)
  func rules(seed: UInt64, minimum: UInt64) throws {
    let month = TestMonth.random(seed: seed).exact
    let policy = try #require(ReleasePolicy(minimumFlows: minimum))
    let released = month.release(policy: policy)
    #expect(released.policy == policy)
    guard month.total.flows >= minimum else {
      #expect(released.total == nil)
      #expect(released.tables.isEmpty)
      return
    }
    let total = try #require(released.total)
    #expect(total == ReleasedFigures(month.total))
    #expect(released.tables.map(\.dimension) == ReleasedTable.Dimension.allCases.dropLast())
    let members = [month.byServicePort.count, month.byASN.count, month.byCountry.count]
    for (table, members) in zip(released.tables, members) {
      #expect(table.columnSums == total.columns, "rows and fold are the total, in every column")
      for row in table.rows { #expect(row.figures.flows >= minimum) }
      #expect(Set(table.rows.map(\.subject)).count == table.rows.count)
      #expect(table.rows.count + (table.other?.rows ?? 0) == members)
      if let other = table.other {
        #expect(other.rows ?? 0 >= 2, "a fold of one would be no fold")
        #expect(other.figures.flows >= minimum)
      }
    }
  }

  @Test(
    "no more is folded than has to be, and the smallest first", arguments: UInt64(0)..<150, minimums
  )
  func leastFolding(seed: UInt64, minimum: UInt64) throws {
    let month = TestMonth.random(seed: seed).exact
    let released = month.release(policy: try #require(ReleasePolicy(minimumFlows: minimum)))
    let table = released.tables.first { $0.dimension == .autonomousSystem }
    guard let table else { return }
    var folded = month.byASN.mapValues(\.flows)
    for row in table.rows {
      if case .autonomousSystem(let asn, _) = row.subject { folded[asn] = nil }
    }
    let tooSmall = folded.values.filter { $0 < minimum }
    let extra = folded.values.filter { $0 >= minimum }
    #expect(table.other?.rows ?? 0 == folded.count)
    guard let largest = extra.max() else { return }
    for row in table.rows { #expect(row.figures.flows >= largest) }
    #expect(!tooSmall.isEmpty, "nothing is folded where every row is large enough")
    let flows = folded.values.reduce(0, +) - largest
    #expect(folded.count - 1 < 2 || flows < minimum, "without the largest it would not have done")
  }

  @Test("the order of adding changes nothing", arguments: UInt64(0)..<40)
  func deterministic(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var month = TestMonth.random(seed: seed)
    let policy = try #require(ReleasePolicy(minimumFlows: 20))
    let released = month.exact.release(policy: policy)
    for _ in 0..<5 {
      month.tallies.shuffle(using: &generator)
      let again = month.exact.release(policy: policy)
      #expect(again.tables == released.tables)
      #expect(again.total == released.total)
    }
  }

  @Test("rows come with most bytes first", arguments: UInt64(0)..<40)
  func order(seed: UInt64) throws {
    let released = TestMonth.random(seed: seed).exact.release(
      policy: try #require(ReleasePolicy(minimumFlows: 20)))
    for table in released.tables {
      let bytes = table.rows.map(\.figures.bytes)
      #expect(bytes == bytes.sorted(by: >))
    }
  }
}
