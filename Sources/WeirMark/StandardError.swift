// One line to standard error, by one write(2), so that lines of several processes don't mix.

import CInterposition

/// - Parameter line: without its beginning and its end.
func say(_ body: (inout MessageLine) -> Void) {
  let number = weir_errno()
  var line = MessageLine()
  line.append("weir-mark: ")
  body(&line)
  line.end()
  let bytes = line.bytes
  let count = line.count
  // `count` is at most the capacity. Nobody can be told that telling failed.
  unsafe bytes.span.withUnsafeBytes { _ = unsafe write(2, $0.baseAddress, count) }
  weir_set_errno(number)
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
