// How an error becomes a line on standard error and an exit code (sysexits.h).

import ArgumentParser
import Configuration
import Console
import Disclosure
import Glibc
import Ledger
import Site

/// Says what is wrong, and gives the exit code to end with.
func report(_ error: any Error) -> ExitCode {
  let advice = (error as? LedgerError)?.adviceForCommand
  printError("weir-report", "\(error)" + (advice.map { "; \($0)" } ?? ""))
  return ExitCode(sysexit(of: error))
}

private func sysexit(of error: any Error) -> Int32 {
  switch error {
  case let error as LedgerError: error.exitCode
  case let error as ConfigurationError: error.exitCode
  case is NoSuchMonth, is NotPublished: EX_NOINPUT
  case is RevisionNeeded, is NoiseNotDrawn: EX_DATAERR
  case is UnfitAccount: EX_NOPERM
  case let error as SiteError:
    switch error {
    case .unreadableResource, .unreadableIncidents, .noSite: EX_NOINPUT
    case .invalidTemplate, .invalidNames: EX_CONFIG
    case .foreignFile, .cannotWrite, .cannotReplace, .cannotSign: EX_CANTCREAT
    case .laterFormat, .damagedFile, .changedDocument: EX_DATAERR
    case .noPermission: EX_NOPERM
    case .busy: EXIT_FAILURE
    }
  default: EXIT_FAILURE
  }
}
