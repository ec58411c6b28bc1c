// The floors that no configuration goes below.

import Testing

@testable import Disclosure

@Suite struct PolicyTests {
  @Test("what isn't said has these values")
  func defaults() throws {
    let policy = try #require(ReleasePolicy())
    #expect(policy.minimumFlows == 100)
    #expect(policy.dominance == 10)
    #expect(policy.rows == 50)
    #expect(policy.rounding == Rounding(flows: 10, packets: 1000, bytes: 1_048_576))
    #expect(policy.noise == nil)
    let noise = try #require(NoisePolicy())
    #expect(noise.thousandthsOfEpsilon == 300)
    #expect(noise.protectedConnections == 100)
    #expect(noise.protectedBytes == 10 << 20)
  }

  @Test("a parameter below its floor makes no policy, one at it does")
  func floors() {
    for flows in [0, 1, 19] as [UInt64] { #expect(ReleasePolicy(minimumFlows: flows) == nil) }
    #expect(ReleasePolicy(minimumFlows: 20) != nil)
    for p in [0, 4, 101] as [UInt64] { #expect(ReleasePolicy(dominance: p) == nil) }
    #expect(ReleasePolicy(dominance: 5) != nil && ReleasePolicy(dominance: 100) != nil)
    for rows in [-1, 0, 1001] { #expect(ReleasePolicy(rows: rows) == nil) }
    #expect(ReleasePolicy(rows: 1) != nil && ReleasePolicy(rows: 1000) != nil)
    #expect(Rounding(flows: 4) == nil && Rounding(flows: 5) != nil)
    #expect(Rounding(packets: 99) == nil && Rounding(packets: 100) != nil)
    #expect(Rounding(bytes: 65_535) == nil && Rounding(bytes: 65_536) != nil)
    for epsilon in [0, 9, 1001] as [UInt64] {
      #expect(NoisePolicy(thousandthsOfEpsilon: epsilon) == nil)
    }
    for connections in [9, 1_000_001] as [UInt64] {
      #expect(NoisePolicy(protectedConnections: connections) == nil)
    }
    #expect(NoisePolicy(protectedConnections: 10) != nil)
    #expect(NoisePolicy(protectedBytes: 1_048_575) == nil)
    #expect(NoisePolicy(protectedBytes: 1 << 40) != nil)
    #expect(NoisePolicy(protectedBytes: 1 << 40 + 1) == nil)
  }
}
