// No core image: a process that handles addresses must not leave its memory on a disk when it crashes.

internal import CSystem
internal import Glibc

/// Makes this process leave no core image, neither as a file nor through a handler such as
/// systemd-coredump (core(5), prctl(2): a limit of 0 does not hold for handlers, not being dumpable
/// does).
/// - Returns: whether both succeeded.
public func forbidCoreDumps() -> Bool {
  var none = rlimit(rlim_cur: 0, rlim_max: 0)
  return unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none) == 0
    && weir_set_not_dumpable() == 0
}
