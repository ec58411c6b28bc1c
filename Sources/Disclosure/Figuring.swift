// From exact counters to the figures that are published: noise where that is in force, then rounding.

import Tallies

/// Makes figures. Where there is noise, each call draws its own.
struct Figuring {
  let policy: ReleasePolicy
  /// Whether the month was published otherwise before, or will be.
  let isCoarse: Bool
  private let leftOut: Rule?
  private var generator: any RandomNumberGenerator

  init(
    _ policy: ReleasePolicy, isCoarse: Bool, leavingOut leftOut: Rule?,
    generator: any RandomNumberGenerator
  ) {
    self.policy = policy
    self.isCoarse = isCoarse && leftOut != .coarseVersions
    self.leftOut = leftOut
    self.generator = generator
  }

  mutating func figures(
    _ counters: TallyCounters
  ) -> (figures: ReleasedFigures, interval: ReleasedInterval?) {
    guard let noise = policy.noise else { return (rounded(counters), nil) }
    var noisy = counters
    var lower = TallyCounters()
    var upper = TallyCounters()
    for (column, protected) in noise.protected {
      let distribution = DiscreteLaplace(
        sensitivity: protected, thousandthsOfEpsilon: noise.thousandthsOfEpsilon)
      let value = Int64(clamping: counters[keyPath: column])
      let shifted = value + distribution.draw(using: &generator)
      noisy[keyPath: column] = UInt64(max(0, shifted))
      let width = distribution.halfWidth95
      lower[keyPath: column] = UInt64(max(0, shifted - width))
      upper[keyPath: column] = UInt64(max(0, shifted + width))
    }
    let interval = ReleasedInterval(
      lower: figures(lower) { value, unit in value / unit * unit },
      upper: figures(upper) { value, unit in (value + unit - 1) / unit * unit })
    return (rounded(noisy), interval)
  }

  /// To the nearest multiple of each figure's unit; halves go up.
  func rounded(_ counters: TallyCounters) -> ReleasedFigures {
    figures(counters) { value, unit in (value + unit / 2) / unit * unit }
  }

  /// Packets as they are published where they are not part of a row.
  func rounded(packets: UInt64) -> UInt64 {
    let unit = unit(of: packets, policy.rounding.packets)
    return (packets + unit / 2) / unit * unit
  }

  /// What published figures tell at least: each less half of its unit. A coarse unit goes by what
  /// was counted, so the one of somewhat less is taken.
  func least(_ figures: ReleasedFigures) -> KnownFigures {
    func least(_ value: UInt64) -> UInt64 {
      value - min(value, unit(of: value - value / 4, policy.rounding.bytes) / 2)
    }
    return KnownFigures(
      flows: figures.flows - min(figures.flows, unitOfFlows / 2),
      bytesOut: least(figures.bytesOut), bytesIn: least(figures.bytesIn))
  }

  private func figures(
    _ counters: TallyCounters, _ round: (_ value: UInt64, _ unit: UInt64) -> UInt64
  ) -> ReleasedFigures {
    func packets(_ value: UInt64) -> UInt64 {
      round(value, unit(of: value, policy.rounding.packets))
    }
    func bytes(_ value: UInt64) -> UInt64 { round(value, unit(of: value, policy.rounding.bytes)) }
    return ReleasedFigures(
      flows: round(counters.flows, unitOfFlows),
      flowsAnswered: round(counters.flowsAnswered, unitOfFlows),
      packetsOut: packets(counters.packetsOut), packetsIn: packets(counters.packetsIn),
      bytesOut: bytes(counters.bytesOut), bytesIn: bytes(counters.bytesIn))
  }

  /// Coarse flows are multiples of the minimum: no difference of two versions tells fewer.
  private var unitOfFlows: UInt64 {
    if leftOut == .rounding { return 1 }
    return isCoarse ? max(policy.rounding.flows, policy.minimumFlows) : policy.rounding.flows
  }

  /// Coarse packets and bytes are multiples of the power of two that is 2·p % of them or the next
  /// larger one. A flow that came after an earlier version, and that the rules let pass, has at most
  /// 1/(1 + p %) of the bytes that were there before: half of their unit is more than p % of it.
  private func unit(of value: UInt64, _ unit: UInt64) -> UInt64 {
    if leftOut == .rounding { return 1 }
    guard isCoarse else { return unit }
    let share = value / 50 * policy.dominance
    let power = share <= 1 ? 1 : (1 as UInt64) << UInt64(64 - (share - 1).leadingZeroBitCount)
    return max(unit, power)
  }
}
