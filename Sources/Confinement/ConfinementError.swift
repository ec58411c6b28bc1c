// What keeps a process from being confined, and what to do about it.

internal import Glibc

public enum ConfinementError: Error, Equatable, CustomStringConvertible, Sendable {
  case noAccount(String)
  case rootAccount(String)
  /// Started as root, and nobody to become.
  case staysRoot
  case severalThreads
  case noLandlock(errno: Int32)
  case memoryNotLocked(limit: UInt64?, errno: Int32)
  case folder(String, errno: Int32)
  case wholeFileSystem(String)
  /// Something that was given up is still there.
  case notGivenUp(String)
  case failed(step: String, errno: Int32)

  public var description: String {
    switch self {
    case .noAccount(let name): "there is no account '\(name)': make it, or name another one"
    case .rootAccount(let name): "'\(name)' is root's account: name one that owns nothing else"
    case .staysRoot:
      "started as root, and no account to become: name one (--user), or start it as that account"
        + " with CAP_NET_RAW"
    case .severalThreads: "can't confine a process that has more than one thread already"
    case .noLandlock(let number):
      "this kernel has no Landlock (\(text(number))), so that files can't be kept from the process:"
        + " use Linux 5.13 or later with 'landlock' among its lsm="
    case .memoryNotLocked(let limit?, _):
      "memory can't be locked, and could be swapped out to a disk: the limit is \(limit) bytes"
        + " (RLIMIT_MEMLOCK); set LimitMEMLOCK=infinity in the unit, or 'ulimit -l unlimited'"
    case .memoryNotLocked(nil, let number):
      "memory can't be locked, and could be swapped out to a disk: \(text(number))"
    case .folder(let path, let number):
      "can't open the folder \(path): \(text(number))"
        + (number == ENOENT ? "; make it, and give it to the collector's account" : "")
    case .wholeFileSystem(let path):
      "the folder \(path) is the whole file system: keep the ledger and the databases in folders of"
        + " their own"
    case .notGivenUp(let what): "\(what) after being given up: this kernel can't be relied on"
    case .failed(let step, let number): "can't confine the process: \(step): \(text(number))"
    }
  }

  private func text(_ number: Int32) -> String {
    unsafe String(cString: strerror(number)).lowercased()
  }

  /// What a program should end with (sysexits.h).
  public var exitCode: Int32 {
    switch self {
    case .noAccount, .rootAccount, .staysRoot, .wholeFileSystem: EX_CONFIG
    case .folder(_, EACCES), .folder(_, EPERM), .memoryNotLocked: EX_NOPERM
    case .folder: EX_NOINPUT
    case .noLandlock: EX_UNAVAILABLE
    case .severalThreads, .notGivenUp, .failed: EXIT_FAILURE
    }
  }
}
