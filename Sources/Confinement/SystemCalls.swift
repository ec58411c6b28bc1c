// seccomp(2): the system calls that there still are for this process. Any other ends it at once.

internal import CConfinement
internal import CSeccomp
internal import Glibc

enum SystemCalls {
  /// A call that may only be made where an argument is as it should be.
  private struct Limited {
    var name: String
    var argument: UInt32
    var comparison: scmp_compare
    /// Compared with; a mask, where the comparison is masked.
    var operand: UInt64
    /// What is left of the argument under the mask.
    var masked: UInt64 = 0
  }

  private static let allow: UInt32 = 0x7fff_0000
  fileprivate static let killProcess: UInt32 = 0x8000_0000
  private static let notThere: UInt32 = 0x0005_0000 | UInt32(ENOSYS)
  private static let notPermitted: UInt32 = 0x0005_0000 | UInt32(EPERM)

  /// Whatever their arguments: files (Landlock says which), memory, time, threads, waiting.
  private static let plain = [
    // Files: SQLite's, the databases', the status file. No chmod, no chown, no links, no folders.
    "open", "openat", "close", "read", "pread64", "readv", "lseek", "stat", "fstat", "lstat",
    "newfstatat", "statx", "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getcwd",
    "statfs", "fstatfs", "fsync", "fdatasync", "ftruncate", "unlink", "unlinkat", "rename",
    "renameat", "renameat2", "write", "pwrite64", "writev", "fadvise64", "poll", "ppoll",
    // Memory
    "brk", "munmap", "mremap", "madvise",
    // Threads and signals
    "futex", "set_robust_list", "rseq", "exit", "exit_group", "sched_yield", "sched_getaffinity",
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait", "sigaltstack",
    "restart_syscall",
    // Who and when
    "getpid", "gettid", "getuid", "geteuid", "getgid", "getegid", "clock_gettime", "clock_getres",
    "clock_nanosleep", "nanosleep", "gettimeofday", "time", "getrandom", "getrusage", "uname",
    "sysinfo", "getcpu", "getrlimit",
  ]

  private static func more(for kind: ConfinementPlan.Kind) -> [String] {
    switch kind {
    // Sockets that are open; and the lock that keeps a second collector away
    case .service: ["recvfrom", "recvmsg", "bind", "getsockopt", "flock"]
    // Standard input as a file among others; and the owner that SQLite gives to what root makes beside
    // a ledger.
    case .command: ["dup", "fchown"]
    }
  }

  /// With arguments that have to be one of these.
  private static func choices(
    for kind: ConfinementPlan.Kind
  ) -> [(name: String, argument: UInt32, values: [Int])] {
    kind == .service ? files + sockets : files
  }

  private static let files: [(name: String, argument: UInt32, values: [Int])] = [
    // Locks, and flags of descriptors. No owner for signals, no duplicates.
    (
      "fcntl", 1,
      [F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW].map { Int($0) }
    ),
    // isatty(3)
    ("ioctl", 1, [WEIR_TCGETS]),
    // The name of a thread.
    ("prctl", 0, [WEIR_PR_SET_NAME, WEIR_PR_GET_NAME]),
  ]

  private static let sockets: [(name: String, argument: UInt32, values: [Int])] = [
    // What an interface is that was made again.
    ("ioctl", 1, [WEIR_SIOCGIFINDEX, WEIR_SIOCGIFFLAGS, WEIR_SIOCGIFHWADDR]),
    // Promiscuous again. (Other levels' options of these numbers do no harm to sockets that are open.)
    ("setsockopt", 2, [WEIR_PACKET_ADD_MEMBERSHIP, WEIR_PACKET_DROP_MEMBERSHIP]),
  ]

  private static func limited(
    for kind: ConfinementPlan.Kind, ownProcess: UInt64
  ) -> [Limited] {
    let threads = UInt64(WEIR_CLONE_THREAD)
    let ofAll = [
      // SQLite gives what it makes beside a ledger the permissions of that. None of them lends whoever
      // runs a file the account of its owner.
      Limited(
        name: "fchmod", argument: 1, comparison: SCMP_CMP_MASKED_EQ, operand: 0o7000),
      // Nothing that is written can be run.
      Limited(
        name: "mmap", argument: 2, comparison: SCMP_CMP_MASKED_EQ, operand: UInt64(PROT_EXEC)),
      Limited(
        name: "mprotect", argument: 2, comparison: SCMP_CMP_MASKED_EQ, operand: UInt64(PROT_EXEC)),
      // Threads, no processes.
      Limited(
        name: "clone", argument: 0, comparison: SCMP_CMP_MASKED_EQ, operand: threads,
        masked: threads),
      // Signals to itself, as abort(3) sends.
      Limited(name: "tgkill", argument: 0, comparison: SCMP_CMP_EQ, operand: ownProcess),
      // Limits may be asked for.
      Limited(name: "prlimit64", argument: 2, comparison: SCMP_CMP_EQ, operand: 0),
    ]
    guard kind == .service else { return ofAll }
    // To whom a socket is connected, and to nobody else.
    return ofAll + [Limited(name: "sendto", argument: 4, comparison: SCMP_CMP_EQ, operand: 0)]
  }

  /// - Parameter receiveOnlySockets: nothing can be sent through these, whose numbers nothing else
  ///   can get (no call that duplicates a descriptor is allowed).
  static func allowOnlyThose(
    of kind: ConfinementPlan.Kind, receiveOnlySockets: [Int32]
  ) throws(ConfinementError) {
    // Of two filters the stricter has its way. This one comes first, as the other allows no third.
    if !receiveOnlySockets.isEmpty {
      let filter = try Filter(otherwise: allow)
      for name in ["write", "writev", "pwrite64", "sendto"] {
        for socket in receiveOnlySockets {
          try filter.add(
            name, killProcess, argument: 0, SCMP_CMP_MASKED_EQ, 0xffff_ffff,
            UInt64(UInt32(bitPattern: socket)))
        }
      }
      try filter.load()
    }

    let filter = try Filter(otherwise: killProcess)
    for name in plain + more(for: kind) { try filter.add(name, allow) }
    for choice in choices(for: kind) {
      for value in choice.values {
        // Both are 32 bits wide to the kernel, whatever the upper half of the register holds.
        try filter.add(
          choice.name, allow, argument: choice.argument, SCMP_CMP_MASKED_EQ, 0xffff_ffff,
          UInt64(value))
      }
    }
    for rule in limited(for: kind, ownProcess: UInt64(getpid())) {
      try filter.add(
        rule.name, allow, argument: rule.argument, rule.comparison, rule.operand, rule.masked)
    }
    // It keeps its flags where no filter sees them; the C library falls back to clone without it.
    try filter.add("clone3", notThere)
    // A file's owner stays who made it; what a copy of an old ledger asks for may be refused.
    if kind == .service { try filter.add("fchown", notPermitted) }
    try filter.load()
  }
}

/// A seccomp filter as it is put together. Released once, by `deinit`.
@safe
private struct Filter: ~Copyable {
  private let context: scmp_filter_ctx

  init(otherwise action: UInt32) throws(ConfinementError) {
    guard let context = unsafe seccomp_init(action) else {
      throw .failed(step: "seccomp_init", errno: EINVAL)
    }
    unsafe self.context = context
  }

  deinit { unsafe seccomp_release(context) }

  func add(_ name: String, _ action: UInt32) throws(ConfinementError) {
    guard let number = Self.number(name) else { return }
    try check(unsafe seccomp_rule_add_array(context, action, number, 0, nil))
  }

  func add(
    _ name: String, _ action: UInt32, argument: UInt32, _ comparison: scmp_compare,
    _ operand: UInt64, _ masked: UInt64
  ) throws(ConfinementError) {
    guard let number = Self.number(name) else { return }
    var condition = scmp_arg_cmp(
      arg: argument, op: comparison, datum_a: operand, datum_b: masked)
    try check(unsafe seccomp_rule_add_array(context, action, number, 1, &condition))
  }

  /// In force from here on, for good.
  func load() throws(ConfinementError) {
    // A call by the numbers of another architecture (32-bit ones, on x86) ends the process too; and
    // among many rules the right one is found by halving.
    try check(unsafe seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SystemCalls.killProcess))
    try check(unsafe seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2))
    try check(unsafe seccomp_load(context))
  }

  /// `nil` where this architecture has no such call: 64-bit ARM has no `open`, for example.
  private static func number(_ name: String) -> Int32? {
    let number = unsafe seccomp_syscall_resolve_name(name)
    return number >= 0 ? number : nil
  }

  private func check(_ result: Int32) throws(ConfinementError) {
    guard result == 0 else { throw .failed(step: "seccomp", errno: -result) }
  }
}
