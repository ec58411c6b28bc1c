// Which seconds of a month were observed, with what loss. Says nothing of any flow.

public import Tallies

/// What became of the packets that were read.
public struct PacketAccount: Equatable, Sendable {
  public internal(set) var counted: UInt64 = 0
  public internal(set) var leftOut = LeftOut()
}

public struct Coverage: Sendable {
  public let month: CalendarMonth
  public private(set) var observed = ObservedTime()
  /// Captures that overlap the month.
  public private(set) var captures = 0
  /// Captures that ended in the middle of a record.
  public private(set) var capturesCutOff = 0
  /// The packets of those captures, whole, also where a capture reaches beyond the month.
  public private(set) var packets: UInt64 = 0
  /// `nil` where the month's figures are withheld: it would give their sum away.
  public private(set) var account: PacketAccount? = PacketAccount()
  public private(set) var dropped: UInt64 = 0

  init(month: CalendarMonth) { self.month = month }

  mutating func add(_ capture: CaptureRecord) {
    captures += 1
    capturesCutOff += capture.isCutOff ? 1 : 0
    packets += capture.packets
    account?.counted += capture.packetsCounted
    account?.leftOut += capture.leftOut
    dropped += capture.droppedByKernel + capture.droppedByInterface
    observed.formUnion(capture.observed.intersection(month.seconds))
  }

  func withholdingAccount() -> Coverage {
    var coverage = self
    coverage.account = nil
    return coverage
  }

  public var secondsObserved: Int64 { observed.seconds }
  public var secondsInMonth: Int64 { Int64(month.seconds.count) }
}
