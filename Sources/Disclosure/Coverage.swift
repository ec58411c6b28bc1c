// Which part of a month was observed, with what loss. Says nothing of any flow.

public import Tallies

/// What became of the packets that were read.
public struct PacketAccount: Equatable, Sendable {
  public internal(set) var read: UInt64 = 0
  public internal(set) var counted: UInt64 = 0
  public internal(set) var leftOut = LeftOut()
}

extension PacketAccount {
  fileprivate func rounded(_ round: (UInt64) -> UInt64) -> PacketAccount {
    var account = PacketAccount()
    account.read = round(read)
    account.counted = round(counted)
    for reason in LeftOutReason.allCases { account.leftOut[reason] = round(leftOut[reason]) }
    return account
  }
}

/// How long a day was observed.
public struct DayCoverage: Equatable, Sendable {
  public let day: CalendarDate
  public let secondsObserved: Int64
}

public struct Coverage: Equatable, Sendable {
  public let secondsObserved: Int64
  public let secondsInMonth: Int64
  /// Every day of the month.
  public let days: [DayCoverage]
  /// Captures that overlap the month.
  public let captures: Int
  /// Captures that ended in the middle of a record.
  public let capturesCutOff: Int
  /// Packets that the kernel or an interface dropped.
  public let dropped: UInt64
  /// The packets of those captures, whole, also where a capture reaches beyond the month. `nil`
  /// where the month's figures are withheld: it would give their sum away.
  public let account: PacketAccount?
}

/// Coverage as it is added up, exact.
struct CoverageTally: Sendable {
  let month: CalendarMonth
  private(set) var observed = ObservedTime()
  private var captures = 0
  private var capturesCutOff = 0
  private var dropped: UInt64 = 0
  private(set) var account = PacketAccount()

  private let seconds: Range<Int64>

  init(month: CalendarMonth, until end: Int64) {
    self.month = month
    seconds = month.seconds.clamped(
      to: month.seconds.lowerBound..<max(month.seconds.lowerBound, end))
  }

  mutating func add(_ capture: CaptureRecord) {
    captures += 1
    capturesCutOff += capture.isCutOff ? 1 : 0
    account.read += capture.packets
    account.counted += capture.packetsCounted
    account.leftOut += capture.leftOut
    dropped += capture.droppedByKernel + capture.droppedByInterface
    observed.formUnion(capture.observed.intersection(seconds))
  }

  /// - Parameter rounded: how a number of packets is published; `nil` where none may be.
  func released(rounded: ((UInt64) -> UInt64)?) -> Coverage {
    let days = stride(from: month.seconds.lowerBound, to: month.seconds.upperBound, by: 86_400)
    return Coverage(
      secondsObserved: observed.seconds, secondsInMonth: Int64(month.seconds.count),
      days: days.map { begin in
        DayCoverage(
          day: CalendarDate(unixSeconds: begin),
          secondsObserved: observed.intersection(begin..<begin + 86_400).seconds)
      },
      captures: captures, capturesCutOff: capturesCutOff, dropped: dropped,
      account: rounded.map { account.rounded($0) })
  }
}
