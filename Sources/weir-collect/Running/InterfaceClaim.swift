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
    descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw ClaimFailed(path: path, number: errno) }
    var lock = flock()
    lock.l_type = Int16(F_WRLCK)
    lock.l_whence = Int16(SEEK_SET)
    guard unsafe fcntl(descriptor, F_SETLK, &lock) != 0 else { return }
    let number = errno
    guard number == EAGAIN || number == EACCES else {
      throw ClaimFailed(path: path, number: number)
    }
    let isKnown = unsafe fcntl(descriptor, F_GETLK, &lock) == 0 && lock.l_type != Int16(F_UNLCK)
    throw InterfaceTaken(
      interface: interface, ledger: ledger,
      // Of a process in another container there is no number.
      process: isKnown && lock.l_pid > 0 ? lock.l_pid : nil)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}

struct InterfaceTaken: Error, CustomStringConvertible {
  let interface: String
  let ledger: String
  let process: Int32?

  var description: String {
    "another collector\(process.map { ", process \($0)," } ?? "") counts \(interface) into \(ledger)"
      + " already, and everything would be counted twice: end that one, or name another ledger"
  }
}

struct ClaimFailed: Error, CustomStringConvertible {
  let path: String
  let number: Int32

  var description: String {
    "can't lock \(path), by which one collector keeps others from counting the same: \(errorText(number))"
  }

  var exitCode: Int32 {
    number == EACCES || number == EPERM || number == EROFS ? EX_NOPERM : EX_CANTCREAT
  }
}
