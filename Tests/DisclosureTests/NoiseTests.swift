// Noise: how it is spread, and that figures stay figures.

import Glibc
import Tallies
import TestSupport
import Testing

@testable import Disclosure

@Suite struct NoiseTests {
  @Test(
    "noise is spread as the discrete Laplace distribution says",
    arguments: [(1, 1000), (3, 700), (100, 300), (10_485_760, 300)] as [(UInt64, UInt64)])
  func distribution(sensitivity: UInt64, thousandths: UInt64) {
    let noise = DiscreteLaplace(sensitivity: sensitivity, thousandthsOfEpsilon: thousandths)
    var generator: any RandomNumberGenerator = SeededGenerator(seed: sensitivity)
    let count = 20_000
    let draws = (0..<count).map { _ in noise.draw(using: &generator) }
    // Quantiles of |x|, against P(|x| > w) = 2·qʷ⁺¹/(1 + q).
    let ratio = exp(-Double(thousandths) / 1000 / Double(sensitivity))
    let sizes = draws.map { Double($0.magnitude) }
    for probability in [0.5, 0.2, 0.05] {
      let width = (log(probability * (1 + ratio) / 2) / log(ratio) - 1).rounded(.up)
      let expected = 2 * pow(ratio, max(0, width) + 1) / (1 + ratio)
      let beyond = Double(sizes.count { $0 > max(0, width) }) / Double(count)
      // Five standard deviations.
      #expect(abs(beyond - expected) < 5 * (expected / Double(count)).squareRoot() + 0.001)
    }
    let positive = draws.count { $0 > 0 }
    let negative = draws.count { $0 < 0 }
    #expect(abs(positive - negative) < 5 * Int(Double(count).squareRoot()))
    let within = Double(sizes.count { $0 <= Double(noise.halfWidth95) }) / Double(count)
    #expect(within > 0.94)
  }

  @Test("figures with noise are never negative, are multiples, and lie in their interval")
  func figures() throws {
    var month = TestMonth()
    for port in UInt16(1)...40 { month.add(port: port, flows: 400, bytes: 5 << 20) }
    let policy = try ReleasePolicy.test(noise: NoisePolicy())
    for seed in UInt64(0)..<20 {
      let released = month.exact.release(
        policy: policy, classes: EncryptionClasses(),
        version: ReleaseVersion(finalFrom: TestMonth.month.seconds.upperBound),
        generator: SeededGenerator(seed: seed))
      for table in released.tables {
        for row in table.rows {
          let interval = try #require(row.interval)
          let columns = zip(
            row.figures.columns, zip(interval.lower.columns, interval.upper.columns))
          for (figure, (lower, upper)) in columns {
            #expect(lower <= figure && figure <= upper)
            #expect(upper < 1 << 40)
          }
          #expect(row.figures.flows % 10 == 0)
          #expect(row.figures.bytesOut % 1_048_576 == 0)
          #expect(row.figures.flows >= 20, "a row has to look safe as well")
        }
        #expect(table.other?.rows == nil)
      }
      #expect(released.totalInterval != nil)
    }
  }
}
