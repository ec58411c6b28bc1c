// When a packet was captured.

/// A capture stamp: nanoseconds since 1970-01-01T00:00:00Z, from the year 1678 to 2261.
public struct Stamp: Comparable, Sendable {
  public let nanoseconds: Int64

  @inlinable
  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// `nil` where the sum does not fit. A fraction of more than a second is carried over.
  @inlinable
  public init?(seconds: Int64, nanoseconds fraction: Int64) {
    let (product, productOverflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, sumOverflows) = product.addingReportingOverflow(fraction)
    // Some hours are kept free at both ends, so that the limits of any stamp's hour can be computed.
    guard !productOverflows, !sumOverflows, Self.representable.contains(sum) else { return nil }
    nanoseconds = sum
  }

  @usableFromInline
  static let representable = (Int64.min / 10_000 * 9_999)...(Int64.max / 10_000 * 9_999)

  /// Unix seconds, rounded down.
  public var second: Int64 {
    let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    return remainder < 0 ? quotient - 1 : quotient
  }

  @inlinable
  public static func < (left: Stamp, right: Stamp) -> Bool {
    left.nanoseconds < right.nanoseconds
  }
}
