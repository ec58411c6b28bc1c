// What came, and when, of one source of packets.

internal import Packets
public import Tallies

/// The account of a source while it is read.
public struct SourceAccount: Sendable {
  public internal(set) var record: CaptureRecord
  /// Stamps that ``record`` is known to have observed already.
  private var observedNanoseconds: ClosedRange<Int64> = 1...1

  public init(_ record: CaptureRecord = CaptureRecord()) { self.record = record }

  mutating func leaveOut(_ reason: LeftOutReason) { record.leftOut[reason] += 1 }

  @inline(__always)
  mutating func observe(_ stamp: Stamp) {
    if !observedNanoseconds.contains(stamp.nanoseconds) { observeSecond(of: stamp) }
  }

  @inline(never)
  private mutating func observeSecond(of stamp: Stamp) {
    let second = stamp.second
    record.observed.observe(second: second)
    let (begin, end) = (second * 1_000_000_000, second * 1_000_000_000 + 999_999_999)
    observedNanoseconds = begin...end
  }
}
