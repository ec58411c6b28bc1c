// How an error becomes a line on standard error and an exit code (sysexits.h).

import ArgumentParser
import Console
import Disclosure
import Glibc
import Ledger
import Site

/// Says what is wrong, and gives the exit code to end with.
func report(_ error: any Error) -> ExitCode {
  printError("weir-report", "\(error)")
  return ExitCode(sysexit(of: error))
}

private func sysexit(of error: any Error) -> Int32 {
  switch error {
  case let error as LedgerError: error.exitCode
  case is NoSuchMonth: EX_NOINPUT
  case is RevisionNeeded: EX_DATAERR
  case let error as SiteError:
    switch error {
    case .unreadableResource: EX_NOINPUT
    case .invalidTemplate, .invalidNames: EX_CONFIG
    case .foreignFile, .cannotWrite, .cannotReplace: EX_CANTCREAT
    case .laterFormat, .damagedFile, .changedDocument: EX_DATAERR
    case .noPermission: EX_NOPERM
    case .busy: EXIT_FAILURE
    }
  default: EXIT_FAILURE
  }
}
