// How an error becomes a line on standard error and an exit code (sysexits.h).

import ArgumentParser
import Console
import Glibc

let programName = "weir-mark"

enum Failure: Error {
  case settings(String)
  case noLibrary(tried: [String])
  case badLibrary(path: String, why: String)
  case noCommand(String)
  case notRunnable(path: String, number: Int32)
  case noTor
  case severalTors([Int32])
  case noProcess(Int32)
  case unreadable(path: String, number: Int32)
  case noSocketList(Int32)
  case invisible(Int32)
  case noMark(Int32)
  case replacedLibrary(String)

  var message: String {
    switch self {
    case .settings(let text): text
    case .noLibrary(let tried):
      "can't find libweirmark.so (looked for \(tried.joined(separator: ", "))): name it with --library"
    case .badLibrary(let path, let why): "\(path): \(why)"
    case .noCommand(let name): "there is no command '\(name)'"
    case .notRunnable(let path, let number): "can't run \(path): \(errorText(number))"
    case .noTor: "no process named tor runs here: name one with --pid, or a file with --torrc"
    case .severalTors(let pids):
      "tor runs as processes \(pids.map { "\($0)" }.joined(separator: ", ")): name one with --pid"
    case .noProcess(let pid): "there is no process \(pid)"
    case .unreadable(let path, let number): "\(path): \(errorText(number))"
    case .invisible(let pid): "can't look into process \(pid): run this as root"
    case .noMark(let pid):
      "libweirmark.so is not mapped into process \(pid): 'weir-mark check' says more"
    case .replacedLibrary(let text): "\(text): restart tor to use the one that is there now"
    case .noSocketList(let number): "the kernel gives no list of sockets: \(errorText(number))"
    }
  }

  var exitCode: Int32 {
    switch self {
    case .settings: EX_CONFIG
    case .severalTors: EX_USAGE
    case .invisible: EX_NOPERM
    case .noMark, .replacedLibrary: EXIT_FAILURE
    case .noLibrary, .badLibrary, .noCommand, .noProcess: EX_NOINPUT
    case .noTor, .noSocketList: EX_UNAVAILABLE
    case .notRunnable(_, let number), .unreadable(_, let number):
      Console.exitCode(forUnreadable: number)
    }
  }
}

/// Says what is wrong, and gives the exit code to end with.
func report(_ failure: Failure) -> ExitCode {
  printError(programName, failure.message)
  return ExitCode(failure.exitCode)
}

func errorText(_ number: Int32) -> String {
  // strerror's text lasts until the next call; no other thread makes one.
  unsafe String(cString: strerror(number)).lowercased()
}
