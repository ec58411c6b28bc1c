// Which seconds a capture covers. Coverage, not traffic: it knows when we looked, not what we saw.

/// A set of whole seconds, kept as disjoint intervals in ascending order.
///
/// Packets are the only sign of observation that a capture file carries. Two packets less than
/// ``quietLimit`` apart are taken as one stretch of observation; a larger step, such as a single
/// damaged stamp makes, begins another, so that it cannot claim the decades in between.
public struct ObservedTime: Equatable, Sendable {
  /// The longest silence, in seconds, that still counts as observed.
  public static let quietLimit: Int64 = 3600

  /// Unix seconds; both ends belong to the interval.
  public private(set) var intervals: [ClosedRange<Int64>] = []

  /// The interval that the last second fell into, where the next one is likely to fall too.
  private var current = 0

  /// Two sets of the same seconds, whichever of them came last.
  public static func == (left: ObservedTime, right: ObservedTime) -> Bool {
    left.intervals == right.intervals
  }

  public init() {}

  public init(intervals: [ClosedRange<Int64>]) {
    for interval in intervals { insert(interval, joiningWithin: 1) }
  }

  public var began: Int64? { intervals.first?.lowerBound }
  public var ended: Int64? { intervals.last?.upperBound }

  /// The number of seconds in the set.
  public var seconds: Int64 { intervals.reduce(0) { $0 + ($1.upperBound - $1.lowerBound + 1) } }

  /// Adds the second of a packet, and the silence before or after it if it is short enough.
  public mutating func observe(second: Int64) {
    if current < intervals.count, intervals[current].contains(second) { return }
    insert(second...second, joiningWithin: Self.quietLimit)
  }

  public mutating func formUnion(_ other: ObservedTime) {
    for interval in other.intervals { insert(interval, joiningWithin: 1) }
  }

  public func intersection(_ bounds: Range<Int64>) -> ObservedTime {
    var clipped = ObservedTime()
    for interval in intervals {
      let lower = max(interval.lowerBound, bounds.lowerBound)
      let upper = min(interval.upperBound, bounds.upperBound - 1)
      if lower <= upper { clipped.insert(lower...upper, joiningWithin: 1) }
    }
    return clipped
  }

  /// Merges with every interval at most `distance` seconds away (1: those that touch).
  private mutating func insert(_ new: ClosedRange<Int64>, joiningWithin distance: Int64) {
    var low = 0
    var high = intervals.count
    while low < high {
      let middle = (low + high) / 2
      if intervals[middle].upperBound < new.lowerBound - distance {
        low = middle + 1
      } else {
        high = middle
      }
    }
    let first = low
    var merged = new
    var last = first
    while last < intervals.count, intervals[last].lowerBound <= new.upperBound + distance {
      merged =
        min(
          merged.lowerBound, intervals[last].lowerBound)...max(
          merged.upperBound, intervals[last].upperBound)
      last += 1
    }
    intervals.replaceSubrange(first..<last, with: CollectionOfOne(merged))
    current = first
  }
}
