// A daemon's messages: lines on standard error, each with the journal's priority before it where the
// journal reads them (sd-daemon(3)), and never a flood of one kind.

internal import Glibc

/// For one thread.
public final class Log {
  public enum Priority: Int, Sendable {
    case error = 3
    case warning = 4
    case notice = 5
    case information = 6
  }

  /// A further message of one kind within these seconds is only counted.
  public static let quietSeconds: Double = 60

  private struct Kind {
    var lastWritten: Double
    var withheld = 0
  }

  private let program: String
  private let isForJournal: Bool
  private let write: (String) -> Void
  private let now: () -> Double
  private var kinds: [String: Kind] = [:]

  public convenience init(program: String) {
    self.init(
      program: program, isForJournal: isJournal(STDERR_FILENO), write: writeToStandardError,
      now: monotonicSeconds)
  }

  init(
    program: String, isForJournal: Bool, write: @escaping (String) -> Void,
    now: @escaping () -> Double
  ) {
    self.program = program
    self.isForJournal = isForJournal
    self.write = write
    self.now = now
  }

  /// - Parameter kind: messages of one kind are written once a minute at most; `nil`: always.
  public func write(_ priority: Priority, _ message: String, kind: String? = nil) {
    var message = message
    if let kind {
      let time = now()
      if let earlier = kinds[kind], time - earlier.lastWritten < Self.quietSeconds {
        kinds[kind]?.withheld += 1
        return
      }
      if let withheld = kinds[kind]?.withheld, withheld > 0 {
        message += " (and \(withheld) times before)"
      }
      kinds[kind] = Kind(lastWritten: time)
    }
    let prefix = isForJournal ? "<\(priority.rawValue)>" : "\(program): "
    write("\(prefix)\(message)\n")
  }
}

/// Whether a descriptor leads to the journal, which names the one that it made: JOURNAL_STREAM.
private func isJournal(_ descriptor: Int32) -> Bool {
  var status = stat()
  guard let stream = variable("JOURNAL_STREAM"), unsafe fstat(descriptor, &status) == 0 else {
    return false
  }
  return stream == "\(status.st_dev):\(status.st_ino)"
}

private func monotonicSeconds() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000
}
