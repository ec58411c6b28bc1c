// The one voice of the three programs on standard error.

internal import Glibc

/// `program: message`, one line. Messages are lower-case and end without a full stop.
public func printError(_ program: String, _ message: String) {
  writeToStandardError("\(program): \(message)\n")
}

func writeToStandardError(_ text: String) {
  var rest = Array(text.utf8)[...]
  while !rest.isEmpty {
    let written = unsafe rest.withUnsafeBytes {
      unsafe write(STDERR_FILENO, $0.baseAddress, $0.count)
    }
    // Nobody can be told that telling failed.
    guard written > 0 || errno == EINTR else { return }
    rest = rest.dropFirst(max(0, written))
  }
}

/// The exit code for an input that can't be read (sysexits.h).
public func exitCode(forUnreadable number: Int32) -> Int32 {
  number == EACCES || number == EPERM ? EX_NOPERM : EX_NOINPUT
}
