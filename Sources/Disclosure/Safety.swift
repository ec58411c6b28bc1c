// The two rules that every published number has to satisfy, whatever it is of.

import Tallies

/// A rule of disclosure control. All are in force, always; tests leave one out to see that it is
/// missed.
package enum Rule: String, Sendable, CaseIterable {
  /// A number is of at least the minimum of flows.
  case minimumFlows = "minimum-flows"
  /// A number's bytes don't come too much from one flow.
  case dominance
  /// Nor do its bytes in one direction.
  case directions
  /// What is folded is safe as a whole, has at least two members, and none of them is nearly all.
  case safeOther = "safe-other"
  /// No table splits what another one folds.
  case linkedTables = "linked-tables"
  /// Numbers are rounded.
  case rounding
  /// A month that was or will be published otherwise has coarse numbers.
  case coarseVersions = "coarse-versions"
  /// What an earlier version showed protects nothing in a later one.
  case earlierVersions = "earlier-versions"
}

/// Whether a number may be published.
struct Safety: Sendable {
  let policy: ReleasePolicy
  let leftOut: Rule?

  /// The rules for a row, a total and a fold alike.
  ///
  /// Flows: at least ``ReleasePolicy/minimumFlows``.
  ///
  /// Dominance, the p %-rule: with X the bytes of all flows, x₁ ≥ x₂ those of the two largest,
  /// whoever caused x₂ can estimate x₁ as X − x₂. That must be off by p % of x₁ at least:
  /// X − x₁ − x₂ ≥ p/100 · x₁. Only x₁ is known (and rounded up at that), so x₂ is taken to be as
  /// large: X − 2·x₁ ≥ p/100 · x₁. What satisfies this would also satisfy the rule itself.
  ///
  /// The bytes of each direction are published apart, and each has to satisfy the rule, too. Of the
  /// largest flow the ledger has the bytes of both directions; in one of them it, or any other flow,
  /// has no more than that, and no more than all flows together. Where even that much is so little
  /// that half of the unit of rounding is p % of it, rounding hides it.
  func allows(_ counters: TallyCounters) -> Bool {
    (leftOut == .minimumFlows || counters.flows >= policy.minimumFlows)
      && (leftOut == .dominance
        || !isDominated(counters.bytes, by: counters.largestFlow)
          && allows(direction: counters.bytesOut, of: counters)
          && allows(direction: counters.bytesIn, of: counters))
  }

  private func allows(direction bytes: UInt64, of counters: TallyCounters) -> Bool {
    let largest = min(counters.largestFlow, bytes)
    return leftOut == .directions || isHiddenByRounding(largest)
      || !isDominated(bytes, by: largest)
  }

  private func isDominated(_ bytes: UInt64, by largestFlow: UInt64) -> Bool {
    let all = bytes.multipliedFullWidth(by: 100)
    let needed = largestFlow.multipliedFullWidth(by: 200 + policy.dominance)
    return (all.high, all.low) < (needed.high, needed.low)
  }

  private func isHiddenByRounding(_ bytes: UInt64) -> Bool {
    bytes <= policy.rounding.bytes / 2 * 100 / policy.dominance
  }

  /// Whether the sum of `members` keeps each of the `unsafe` ones to itself.
  ///
  /// The sum satisfies the rules for a row; there are two members or more; and no unsafe member is
  /// so much of it that the sum tells its bytes, of both directions or of one, or its flows to within
  /// p %.
  func protects(_ unsafe: some Sequence<TallyCounters>, in members: [TallyCounters]) -> Bool {
    if leftOut == .safeOther { return true }
    let sum = members.reduce(into: TallyCounters()) { $0 += $1 }
    guard members.count >= 2, allows(sum) else { return false }
    return unsafe.allSatisfy { member in
      isAway(sum.flows, from: member.flows) && isAway(sum.bytes, from: member.bytes)
        && hides(member.bytesOut, in: sum.bytesOut) && hides(member.bytesIn, in: sum.bytesIn)
    }
  }

  private func hides(_ direction: UInt64, in whole: UInt64) -> Bool {
    leftOut == .directions || isHiddenByRounding(direction) || isAway(whole, from: direction)
  }

  /// Whether the larger number is at least p % more than the smaller.
  private func isAway(_ whole: UInt64, from part: UInt64) -> Bool {
    let rest = (whole - part).multipliedFullWidth(by: 100)
    let needed = part.multipliedFullWidth(by: policy.dominance)
    return (rest.high, rest.low) >= (needed.high, needed.low)
  }
}
