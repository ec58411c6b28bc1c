// What can be wrong with a ledger, in words that say what to do.

internal import CSQLite
internal import Glibc

public enum LedgerError: Error, CustomStringConvertible, Sendable {
  case missing(path: String)
  case cannotOpen(path: String, reason: String)
  case noPermission(path: String, reason: String)
  case notALedger(path: String, reason: String)
  case newer(path: String, version: Int64, supported: Int64)
  case damaged(path: String, reason: String)
  case locked(path: String)
  case diskFull(path: String)
  /// Somebody renamed, replaced or deleted the file while it was in use.
  case moved(path: String)
  case failed(path: String, reason: String)

  public var description: String {
    switch self {
    case .missing(let path):
      "no ledger at \(path): 'weir-collect read --ledger \(path) …' makes one"
    case .cannotOpen(let path, let reason): "can't open the ledger \(path): \(reason)"
    case .noPermission(let path, let reason): "no permission for the ledger \(path): \(reason)"
    case .notALedger(let path, let reason): "\(path) is not a ledger of Weir: \(reason)"
    case .newer(let path, let version, let supported):
      "the ledger \(path) has schema version \(version), and this program knows up to \(supported):"
        + " use the Weir that wrote it, or a later one"
    case .damaged(let path, let reason):
      "the ledger \(path) is damaged: \(reason); keep a copy and try 'sqlite3 \(path) .recover'"
    case .locked(let path):
      "the ledger \(path) is locked by another process"
    case .diskFull(let path):
      "no space left for the ledger \(path): nothing was added to it; free some"
    case .moved(let path):
      "the ledger \(path) was replaced or deleted while it was in use: nothing was added"
    case .failed(let path, let reason): "can't use the ledger \(path): \(reason)"
    }
  }

  /// What helps a command that somebody runs by hand: to run it again. (A running collector tries by
  /// itself.) `nil` where ``description`` says it all.
  public var adviceForCommand: String? {
    switch self {
    case .locked: "try again when that has ended"
    case .diskFull, .moved: "try again"
    default: nil
    }
  }

  /// What a program should end with (sysexits.h).
  public var exitCode: Int32 {
    switch self {
    case .missing: EX_NOINPUT
    case .cannotOpen: EX_CANTCREAT
    case .noPermission: EX_NOPERM
    case .notALedger, .newer, .damaged: EX_DATAERR
    case .locked, .diskFull, .moved, .failed: EXIT_FAILURE
    }
  }

  init(_ error: SQLiteError, path: String) {
    self =
      switch error.primaryCode {
      case SQLITE_NOTADB: .notALedger(path: path, reason: "it is no SQLite database")
      case SQLITE_CORRUPT: .damaged(path: path, reason: error.message)
      case SQLITE_BUSY, SQLITE_LOCKED: .locked(path: path)
      case SQLITE_FULL: .diskFull(path: path)
      case SQLITE_IOERR where [ENOSPC, EDQUOT].contains(error.systemErrno),
        SQLITE_CANTOPEN where [ENOSPC, EDQUOT].contains(error.systemErrno):
        .diskFull(path: path)
      case SQLITE_PERM, SQLITE_AUTH, SQLITE_READONLY:
        .noPermission(path: path, reason: error.message)
      case SQLITE_CANTOPEN:
        .cannotOpen(path: path, reason: Self.reasonForNotOpening(path, error.systemErrno))
      default: .failed(path: path, reason: error.message)
      }
  }

  /// SQLite says only that it could not; the file system says why.
  /// - Parameter number: of the system call that failed, where it is known; else 0.
  static func reasonForNotOpening(_ path: String, _ number: Int32 = 0) -> String {
    let folder = enclosingFolder(of: path)
    if unsafe access(folder, F_OK) != 0 { return "there is no folder \(folder)" }
    if unsafe access(path, F_OK) == 0, unsafe access(path, R_OK | W_OK) != 0 {
      return unsafe String(cString: strerror(errno))
    }
    if unsafe access(folder, W_OK) != 0 {
      return "the folder \(folder) is not writable: \(unsafe String(cString: strerror(errno)))"
    }
    return number == 0 ? "unable to open the file" : unsafe String(cString: strerror(number))
  }
}

/// Why what a path names cannot be a ledger, whatever is in it; `nil` where it can, or is not there.
func reasonAgainstFile(_ path: String) -> String? {
  if path.isEmpty { return "its name is empty" }
  var status = stat()
  guard unsafe stat(path, &status) == 0 else { return nil }
  switch status.st_mode & S_IFMT {
  case S_IFREG: return nil
  case S_IFDIR: return "it is a folder"
  default: return "it is no regular file"
  }
}

/// Runs SQLite work on the ledger at a path.
func translatingErrors<Result: ~Copyable>(
  _ path: String, _ work: () throws(SQLiteError) -> Result
) throws(LedgerError) -> Result {
  do throws(SQLiteError) {
    return try work()
  } catch {
    throw LedgerError(error, path: path)
  }
}

func enclosingFolder(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}
