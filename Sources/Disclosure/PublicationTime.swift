// When a month is final, and how much of a month that isn't may be published already.

public import Tallies

/// What the clock says about a month.
///
/// A month is final from its end plus a delay on. Before that, whole days (UTC) are published: what
/// came after the last midnight waits for the next. So no two versions differ by less than a day.
public struct PublicationTime: Sendable {
  /// Seconds.
  public static let defaultDelay: Int64 = 2 * 86_400
  /// In days.
  public static let delayRange: ClosedRange<Int64> = 0...60

  /// Unix seconds.
  public let now: Int64
  private let delay: Int64

  public init(now: Int64, delay: Int64 = defaultDelay) {
    self.now = now
    self.delay = delay
  }

  public func finalFrom(_ month: CalendarMonth) -> Int64 { month.seconds.upperBound + delay }

  public func status(of month: CalendarMonth) -> ReleaseStatus {
    now >= finalFrom(month) ? .final : .provisional
  }

  /// Up to when the month is published, given the first and the last hour of its tallies.
  ///
  /// A month whose first day is still under way is published with that day, once. Tallies from after
  /// now belong to a clock that isn't this one; then days say nothing, and the month is taken whole.
  public func coveredUntil(_ month: CalendarMonth, tallies hours: ClosedRange<Int64>) -> Int64 {
    let end = month.seconds.upperBound
    if status(of: month) == .final || hours.upperBound > now { return end }
    let midnight = now.floorDivided(by: 86_400) * 86_400
    return min(end, hours.lowerBound < midnight ? midnight : midnight + 86_400)
  }
}
