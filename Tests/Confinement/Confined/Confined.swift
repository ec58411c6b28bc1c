// A program that confines itself as the collector does, and then tries what it is told. For the tests
// beside it; no part of the product.
//
//   confined [--user NAME] [--write FOLDER]… [--read FOLDER]… [--interface NAME] [--best-effort]
//            [--wait] ATTEMPT [ARGUMENT]
//   confined --command [--write FOLDER]… [--file FILE]… ATTEMPT [ARGUMENT]
//
// Prints "warning: …" for each warning, "confined", and what became of the attempt: "done", or the
// name of the error. With --wait it lets a line of standard input pass before the attempt.
// "confined --list" prints all attempts. Without confinement (--free), the attempts show that they
// can succeed.

import Attempts
import Confinement
import Glibc

@main
struct Confined {
  static func main() {
    var plan = ConfinementPlan(.service)
    var rest = CommandLine.arguments.dropFirst()
    var waits = false
    var isFree = false
    func value() -> String {
      guard let value = rest.popFirst() else { exit(EX_USAGE) }
      return value
    }
    do throws(ConfinementError) {
      while let option = rest.first, option.hasPrefix("--") {
        rest = rest.dropFirst()
        switch option {
        case "--command": plan.kind = .command
        case "--file": plan.readableFiles.append(value())
        case "--list":
          print(unsafe String(cString: weir_attempts()), terminator: "")
          return
        case "--user": plan.account = try Account(named: value())
        case "--write": plan.writableFolders.append(value())
        case "--read": plan.readableFolders.append(value())
        case "--around": plan.allowReading(ofFolderAround: value())
        case "--interface":
          let socket = unsafe weir_packet_socket(value())
          guard socket >= 0 else { exit(EX_UNAVAILABLE) }
          plan.receiveOnlySockets.append(socket)
        case "--best-effort": plan.isRequired = false
        case "--wait": waits = true
        case "--free": isFree = true
        default: exit(EX_USAGE)
        }
      }
      if !isFree {
        for warning in try plan.confine() { say("warning: \(warning)") }
        say("confined")
      }
    } catch {
      say("error: \(error)")
      exit(error.exitCode)
    }
    if waits { _ = readLine() }
    let attempt = value()
    switch unsafe weir_attempt(attempt, rest.first ?? "") {
    case 0: say("done")
    case -1: exit(EX_USAGE)
    case let number: say(unsafe String(cString: strerror(number)))
    }
  }

  /// At once: what is still in a buffer when the process is killed is lost.
  private static func say(_ text: String) {
    let line = Array("\(text)\n".utf8)
    _ = unsafe line.withUnsafeBytes { unsafe write(STDOUT_FILENO, $0.baseAddress, $0.count) }
  }
}
