// The parameters of disclosure control, and the floors that no configuration goes below.

import Tallies

/// What is in force when a month is released.
public struct ReleasePolicy: Equatable, Sendable {
  /// No configuration goes below this.
  public static let floorOfMinimumFlows: UInt64 = 20
  public static let defaultMinimumFlows: UInt64 = 100
  /// In percent.
  public static let dominanceRange: ClosedRange<UInt64> = 5...100
  public static let defaultDominance: UInt64 = 10
  public static let rowsRange: ClosedRange<Int> = 1...1000
  public static let defaultRows = 50

  /// A row with fewer flows is not published on its own.
  public let minimumFlows: UInt64
  /// The p of the p %-rule: nobody who knows all of a row's bytes but two flows' may estimate the
  /// larger of these to within this many percent.
  public let dominance: UInt64
  /// How many rows of a table are published on their own, at most.
  public let rows: Int
  /// What published numbers are multiples of.
  public let rounding: Rounding
  /// Noise is added to every figure; `nil` for none.
  public let noise: NoisePolicy?

  /// `nil` where a parameter is out of its range.
  public init?(
    minimumFlows: UInt64 = defaultMinimumFlows, dominance: UInt64 = defaultDominance,
    rows: Int = defaultRows, rounding: Rounding = .standard, noise: NoisePolicy? = nil
  ) {
    guard minimumFlows >= Self.floorOfMinimumFlows, Self.dominanceRange.contains(dominance),
      Self.rowsRange.contains(rows)
    else { return nil }
    self.minimumFlows = minimumFlows
    self.dominance = dominance
    self.rows = rows
    self.rounding = rounding
    self.noise = noise
  }
}

/// Every published figure is the multiple of its unit that is nearest to what was counted. Each is
/// rounded on its own, so that rows may not add up to their total.
public struct Rounding: Equatable, Sendable {
  public static let floorOfFlows: UInt64 = 5
  public static let floorOfPackets: UInt64 = 100
  public static let floorOfBytes: UInt64 = 65_536

  public static let standard = Rounding(exactly: 10, 1000, 1_048_576)

  public let flows: UInt64
  public let packets: UInt64
  public let bytes: UInt64

  /// `nil` where a unit is below its floor.
  public init?(flows: UInt64 = 10, packets: UInt64 = 1000, bytes: UInt64 = 1_048_576) {
    guard flows >= Self.floorOfFlows, packets >= Self.floorOfPackets, bytes >= Self.floorOfBytes
    else { return nil }
    self.init(exactly: flows, packets, bytes)
  }

  private init(exactly flows: UInt64, _ packets: UInt64, _ bytes: UInt64) {
    self.flows = flows
    self.packets = packets
    self.bytes = bytes
  }
}

/// Noise after the practice of Tor's own measurements (PrivCount).
public struct NoisePolicy: Equatable, Sendable {
  /// In thousandths: the ε of every figure of a table.
  public static let epsilonRange: ClosedRange<UInt64> = 10...1000
  public static let defaultEpsilon: UInt64 = 300
  public static let floorOfConnections: UInt64 = 10
  public static let floorOfBytes: UInt64 = 1_048_576
  public static let defaultConnections: UInt64 = 100
  public static let defaultBytes: UInt64 = 10 * 1_048_576
  /// Beyond these the noise would be larger than anything that is measured.
  public static let connectionsRange = floorOfConnections...1_000_000
  public static let bytesRange = floorOfBytes...1 << 40

  public let thousandthsOfEpsilon: UInt64
  /// The activity of 24 hours that the noise hides.
  public let protectedConnections: UInt64
  public let protectedBytes: UInt64

  /// No IP packet that is counted is shorter than 28 bytes: so many can the protected bytes be.
  public var protectedPackets: UInt64 { protectedBytes / 28 }

  var protected: [(column: WritableKeyPath<TallyCounters, UInt64>, most: UInt64)] {
    [
      (\.flows, protectedConnections), (\.flowsAnswered, protectedConnections),
      (\.packetsOut, protectedPackets), (\.packetsIn, protectedPackets),
      (\.bytesOut, protectedBytes), (\.bytesIn, protectedBytes),
    ]
  }

  /// `nil` where a parameter is out of its range.
  public init?(
    thousandthsOfEpsilon: UInt64 = defaultEpsilon,
    protectedConnections: UInt64 = defaultConnections, protectedBytes: UInt64 = defaultBytes
  ) {
    guard Self.epsilonRange.contains(thousandthsOfEpsilon),
      Self.connectionsRange.contains(protectedConnections),
      Self.bytesRange.contains(protectedBytes)
    else { return nil }
    self.thousandthsOfEpsilon = thousandthsOfEpsilon
    self.protectedConnections = protectedConnections
    self.protectedBytes = protectedBytes
  }
}
