// How the collector gives up, for good, all that it no longer needs.
//
// It opens its sockets, databases and ledger first. Then it becomes an account that owns nothing but
// the ledger's folder, without a capability in any set, and the kernel holds it to the folders that
// it was given (Landlock) and to the system calls of its work (seccomp). Nothing of it can be
// undone: an interface that vanished and came again is bound to the socket that is already open, for
// which no capability is needed, and databases are read anew from a folder that stays readable.
//
// A command that somebody runs by hand gives up the same, but for two things: it stays who it is, and
// its memory is not locked, for which a user's limits leave no room.
//
// What can't be done is an error, and the program does not go on. Only where the plan says so does
// a kernel without Landlock, or memory that can't be locked and could be swapped out, lead to a
// warning.

internal import CConfinement
internal import Glibc

public struct ConfinementPlan: Sendable {
  public enum Kind: Sendable {
    /// Runs for years, and becomes an account of its own.
    case service
    /// Is run by hand, and stays who it is.
    case command
  }

  public var kind: Kind
  /// Whom to become; `nil` where the process is started as that account. Of a service.
  public var account: Account?
  /// Folders in which files are made, written, renamed and removed.
  public var writableFolders: [String] = []
  /// Folders below which files are read.
  public var readableFolders: [String] = []
  /// Files that are read, and nothing else in their folders.
  public var readableFiles: [String] = []
  /// Descriptors of sockets that nothing must be sent through: a packet socket could send any frame.
  public var receiveOnlySockets: [Int32] = []
  /// Whether to fail where Landlock is missing or memory can't be locked, rather than to warn.
  public var isRequired = true

  public init(_ kind: Kind) { self.kind = kind }

  /// Lets a file be read again later, also one that has taken its place: all of its folder. Where
  /// the name is a link, the folder of what it points to as well.
  public mutating func allowReading(ofFolderAround file: String) {
    readableFolders.append(enclosingFolder(of: file))
    guard let resolved = unsafe realpath(file, nil) else { return }
    defer { unsafe free(resolved) }
    readableFolders.append(enclosingFolder(of: unsafe String(cString: resolved)))
  }

  /// Lets a file be written, with what SQLite makes beside it, or a temporary one to rename.
  public mutating func allowWriting(inFolderAround file: String) {
    writableFolders.append(enclosingFolder(of: file))
    guard let resolved = unsafe realpath(file, nil) else { return }
    defer { unsafe free(resolved) }
    writableFolders.append(enclosingFolder(of: unsafe String(cString: resolved)))
  }

  /// Confines this process, and every thread that it makes from now on.
  ///
  /// To be called while there is one thread only: most of this is the thread's own in Linux. Sockets
  /// to be sent through afterwards have to be connected already.
  /// - Returns: what could not be had, where the plan allows that, in words.
  public consuming func confine() throws(ConfinementError) -> [String] {
    guard threadCount() == 1 else { throw .severalThreads }
    var warnings: [String] = []
    try forbidCoreImages()
    do throws(ConfinementError) {
      if kind == .service { try lockMemory() }
    } catch {
      // What no swap device can take stays in memory; should there be one later, the warning stands.
      if isRequired, hasSwap() { throw error }
      warnings.append(error.description)
    }
    // While folders that only root may enter can still be opened.
    let landlock: LandlockRules?
    do throws(ConfinementError) {
      landlock = try LandlockRules.allowing(
        writableFolders: writableFolders, readableFolders: readableFolders,
        readableFiles: readableFiles)
    } catch .noLandlock(let number) {
      let error = ConfinementError.noLandlock(errno: number)
      if isRequired { throw error }
      warnings.append(error.description)
      landlock = nil
    }
    switch kind {
    case .service: try dropPrivileges(becoming: account)
    case .command: try dropPrivilegesOfCommand()
    }
    try check("no_new_privs", weir_no_new_privileges())
    // A change of account may have made it dumpable again.
    try check("PR_SET_DUMPABLE", weir_not_dumpable())
    switch landlock {
    case .some(let landlock): try landlock.restrict()
    case .none: break
    }
    try SystemCalls.allowOnlyThose(of: kind, receiveOnlySockets: receiveOnlySockets)
    return warnings
  }
}

/// What would keep this process, as it was started, from being confined wholly.
public func confinementProblems() -> [(error: ConfinementError, isFatalWhereRequired: Bool)] {
  var problems: [(error: ConfinementError, isFatalWhereRequired: Bool)] = []
  if weir_landlock_version() <= 0 { problems.append((.noLandlock(errno: errno), true)) }
  var limit = rlimit()
  let resource = __rlimit_resource_t(UInt32(WEIR_RLIMIT_MEMLOCK))
  if unsafe getrlimit(resource, &limit) == 0, limit.rlim_max != rlim_t.max,
    weir_can_raise_limits() == 0
  {
    problems.append((.memoryNotLocked(limit: UInt64(limit.rlim_max), errno: EPERM), hasSwap()))
  }
  return problems
}

/// No memory on a disk when it crashes, neither as a file nor through a handler such as
/// systemd-coredump (a limit of 0 does not hold for handlers, not being dumpable does); and no look
/// into it for other processes of the account.
private func forbidCoreImages() throws(ConfinementError) {
  var none = rlimit(rlim_cur: 0, rlim_max: 0)
  try check("RLIMIT_CORE", unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none))
  try check("PR_SET_DUMPABLE", weir_not_dumpable())
}

/// No memory on a swap device. Later mappings count against the limit, so there must be none: an
/// allocation that fails at some later hour is worse than an error now.
private func lockMemory() throws(ConfinementError) {
  let resource = __rlimit_resource_t(UInt32(WEIR_RLIMIT_MEMLOCK))
  var limit = rlimit(rlim_cur: rlim_t.max, rlim_max: rlim_t.max)
  if unsafe setrlimit(resource, &limit) != 0 {
    try check("RLIMIT_MEMLOCK", unsafe getrlimit(resource, &limit))
    guard limit.rlim_max == rlim_t.max else {
      throw .memoryNotLocked(limit: UInt64(limit.rlim_max), errno: EPERM)
    }
    limit.rlim_cur = limit.rlim_max
    try check("RLIMIT_MEMLOCK", unsafe setrlimit(resource, &limit))
  }
  guard weir_lock_memory() == 0 else { throw .memoryNotLocked(limit: nil, errno: errno) }
}

/// Whether the kernel has, or may have, somewhere to swap memory out to: /proc/swaps has a line of
/// headings, and one for each device.
private func hasSwap() -> Bool {
  let file = unsafe open("/proc/swaps", O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { return true }
  defer { close(file) }
  var text = [UInt8](repeating: 0, count: 4096)
  let count = unsafe text.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
  guard count > 0 else { return true }
  return text[..<count].count { $0 == UInt8(ascii: "\n") } > 1
}

/// The number of threads of this process; 0 where /proc is not there to say.
private func threadCount() -> Int {
  guard let folder = unsafe opendir("/proc/self/task") else { return 0 }
  defer { unsafe closedir(folder) }
  var count = 0
  while let entry = unsafe readdir(folder) {
    // "." and ".." begin with a dot, a thread's number does not.
    if unsafe entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
  }
  return count
}

func check(_ step: String, _ result: Int32) throws(ConfinementError) {
  guard result == 0 else { throw .failed(step: step, errno: errno) }
}

private func enclosingFolder(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}
