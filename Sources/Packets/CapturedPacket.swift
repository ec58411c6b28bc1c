// A packet as its capture has it, before anything is known of it.

/// One of several packets whose bytes lie in one piece of memory.
public struct CapturedPacket: Sendable {
  /// Where its bytes begin in that memory, and how many were captured.
  public var start: Int
  public var count: Int
  /// Its length on the wire, in bytes.
  public var wireLength: Int
  /// When it was captured; `nil` where that cannot be told.
  public var stamp: Stamp?

  @inlinable
  public init(start: Int, count: Int, wireLength: Int, stamp: Stamp?) {
    self.start = start
    self.count = count
    self.wireLength = wireLength
    self.stamp = stamp
  }
}
