// Noise on whole numbers, drawn without a floating-point number.
//
// Laplace noise made of floating-point numbers betrays by its lowest bits what it was added to
// (Mironov, "On significance of the least significant bits for differential privacy", 2012). So the
// discrete form is drawn, exactly, from uniform integers alone, after Canonne, Kamath and Steinke,
// "The discrete Gaussian for differential privacy" (2020), algorithms 1 and 2.

import Glibc

/// P(x) is proportional to exp(−|x| · ε / sensitivity).
struct DiscreteLaplace {
  /// Numerator and denominator of the scale, sensitivity/ε.
  private let numerator: UInt64
  private let denominator: UInt64

  init(sensitivity: UInt64, thousandthsOfEpsilon: UInt64) {
    numerator = sensitivity * 1000
    denominator = thousandthsOfEpsilon
  }

  func draw(using generator: inout any RandomNumberGenerator) -> Int64 {
    while true {
      let low = UInt64.random(in: 0..<numerator, using: &generator)
      guard Self.bernoulliOfExponential(low, numerator, &generator) else { continue }
      var high: UInt64 = 0
      while Self.bernoulliOfExponential(1, 1, &generator) { high += 1 }
      let size = (low + numerator * high) / denominator
      let isNegative = Bool.random(using: &generator)
      if isNegative, size == 0 { continue }
      return isNegative ? -Int64(size) : Int64(size)
    }
  }

  /// `true` with the probability exp(−numerator/denominator), for a fraction from 0 to 1.
  private static func bernoulliOfExponential(
    _ numerator: UInt64, _ denominator: UInt64, _ generator: inout any RandomNumberGenerator
  ) -> Bool {
    var count: UInt64 = 1
    while UInt64.random(in: 0..<denominator * count, using: &generator) < numerator { count += 1 }
    return count % 2 == 1
  }

  /// How far from 0 the noise is with a probability of 5 % at most. Only to be shown.
  var halfWidth95: Int64 {
    let ratio = exp(-Double(denominator) / Double(numerator))
    return max(0, Int64((log(0.05 * (1 + ratio) / 2) / log(ratio)).rounded(.up)) - 1)
  }
}
