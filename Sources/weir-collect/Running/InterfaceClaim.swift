// One collector at a time counts what an interface brings into a ledger: a second one, started by mistake,
// would count everything twice.
//
// It is a lock on a file beside the ledger, which the kernel gives back when the process ends, however it
// ends. The file stays: to remove it would let two processes each lock one of its name.

import Glibc

struct InterfaceClaim: ~Copyable {
  private let descriptor: Int32

  /// Where the lock of an interface is: beside the ledger itself, wherever its name is a link to. To be
  /// asked for before confinement, which keeps the way there from being looked at.
  static func path(ledger: String, interface: String) -> String {
    var path = ledger
    if let resolved = unsafe realpath(ledger, nil) {
      path = unsafe String(cString: resolved)
      unsafe free(resolved)
    }
    let name = path.split(separator: "/").last ?? ""
    return "\(enclosingFolder(of: path))/.\(name).\(interface).lock"
  }

  /// - Parameter path: as ``path(ledger:interface:)`` gave it.
  init(path: String, interface: String, ledger: String) throws {
    // Not to be written to: a file that is would keep the file system from being made read-only.
    descriptor = unsafe open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw ClaimFailed(path: path, number: errno) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) != 0 else { return }
    if errno == EWOULDBLOCK { throw InterfaceTaken(interface: interface, ledger: ledger) }
    throw ClaimFailed(path: path, number: errno)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}

struct InterfaceTaken: Error, CustomStringConvertible {
  let interface: String
  let ledger: String

  var description: String {
    "another collector counts \(interface) into \(ledger) already, and everything would be counted twice:"
      + " end that one, or name another ledger"
  }
}

struct ClaimFailed: Error, CustomStringConvertible {
  let path: String
  let number: Int32

  var description: String {
    "can't lock \(path), by which one collector keeps others from counting the same: \(errorText(number))"
  }

  var isForWantOfRoom: Bool { number == ENOSPC || number == EDQUOT }

  var exitCode: Int32 {
    number == EACCES || number == EPERM || number == EROFS ? EX_NOPERM : EX_CANTCREAT
  }
}
