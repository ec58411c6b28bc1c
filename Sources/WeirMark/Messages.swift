// Where the library says what is wrong: on standard error, and in tor's own log.
//
// Which file, syslog or descriptor tor logs to, only tor knows. But libevent hands its warnings to tor, which logs
// them ("Warning from libevent: …"), and libevent's function for that is exported. In another program with libevent,
// a warning goes where that program wants those of libevent.

import CInterposition

/// - Parameter body: writes the line, without its beginning and its end.
func message(_ body: (inout MessageLine) -> Void) -> MessageLine {
  var line = MessageLine()
  line.append("weir-mark: ")
  body(&line)
  return line
}

/// One line to standard error, by one write(2), so that lines of several processes don't mix.
func sayOnStandardError(_ message: MessageLine) {
  let number = weir_errno()
  var line = message
  line.end()
  let bytes = line.bytes
  let count = line.count
  // `count` is at most the capacity. Nobody can be told that telling failed.
  unsafe bytes.span.withUnsafeBytes { _ = unsafe write(2, $0.baseAddress, count) }
  weir_set_errno(number)
}

extension ProcessState {
  func say(_ body: (inout MessageLine) -> Void) {
    let line = message(body)
    sayOnStandardError(line)
    sayInLog(line)
  }

  /// At tor's first bind(2), which is that of a listener: when the constructor found the problem, tor had no log yet.
  func sayProblem() {
    guard settings.problem != nil, isFirst(.problem) else { return }
    sayInLog(problem)
  }

  private func sayInLog(_ message: MessageLine) {
    guard let warn = unsafe warn else { return }
    let number = weir_errno()
    let bytes = message.bytes
    // The bytes behind the text are zero: append(_:) leaves the last one alone.
    unsafe bytes.span.withUnsafeBytes {
      unsafe weir_warn(warn, $0.baseAddress?.assumingMemoryBound(to: CChar.self))
    }
    weir_set_errno(number)
  }
}

extension MessageLine {
  mutating func appendErrorNumber(_ number: CInt) {
    append("errno ")
    append(number)
    switch number {
    case EPERM: append(" (not permitted)")
    case EACCES: append(" (permission denied)")
    case EADDRNOTAVAIL: append(" (cannot assign requested address)")
    case ENOENT: append(" (no such file or directory)")
    case ELOOP: append(" (a symbolic link)")
    default: break
    }
  }

  mutating func appendConsequence(_ onError: OnError) {
    switch onError {
    case .refuse: append("exit connections are refused")
    case .pass: append("exit connections go on unmarked")
    }
  }
}
