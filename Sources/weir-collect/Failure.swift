// How an error becomes a line on standard error and an exit code (sysexits.h).

import ArgumentParser
import Capture
import Configuration
import Confinement
import Console
import Glibc
import Ledger
import Networks

let programName = "weir-collect"

/// No packet is read in a process that could leave its memory on a disk.
struct CoreDumpsPossible: Error, CustomStringConvertible {
  let description = "can't keep this process from leaving a core image, which could hold addresses"
}

/// Says what is wrong, and gives the exit code to end with.
/// - Parameter subject: the setting that it is about, with where it is set.
func report(_ error: any Error, about subject: String? = nil) -> ExitCode {
  var message = (subject.map { "\($0): " } ?? "") + "\(error)"
  if case ConfinementError.noLandlock = error {
    message += "; or do without, with '--confinement best-effort'"
  } else if let advice = (error as? LedgerError)?.adviceForCommand {
    message += "; \(advice)"
  }
  printError(programName, message)
  return ExitCode(exitStatus(of: error))
}

func exitStatus(of error: any Error) -> Int32 {
  switch error {
  case let error as CaptureError:
    switch error {
    case .unreadable(_, let number): exitCode(forUnreadable: number)
    case .compressed, .notACapture, .unsupportedLinkType, .damaged: EX_DATAERR
    }
  case let error as NetworksError:
    switch error {
    case .unreadable(_, _, let number): exitCode(forUnreadable: number)
    case .notADatabase, .wrongKind: EX_DATAERR
    }
  case let error as ConfigurationError: error.exitCode
  case let error as ConfinementError: error.exitCode
  case let error as LedgerError: error.exitCode
  case let error as LiveCaptureError: error.exitCode
  case is InterfaceTaken: EX_UNAVAILABLE
  case let error as ClaimFailed: error.exitCode
  case is AlreadyRead: EX_DATAERR
  default: EXIT_FAILURE
  }
}
