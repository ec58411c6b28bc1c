// The account that a process started as root becomes.

internal import CConfinement
internal import Glibc

public struct Account: Equatable, Sendable {
  public let name: String
  public let user: UInt32
  public let group: UInt32

  /// Looked up among the accounts of the system; to be done before any confinement.
  public init(named name: String) throws(ConfinementError) {
    guard !name.isEmpty, let entry = unsafe getpwnam(name) else { throw .noAccount(name) }
    guard unsafe entry.pointee.pw_uid != 0 else { throw .rootAccount(name) }
    self.name = name
    unsafe user = entry.pointee.pw_uid
    unsafe group = entry.pointee.pw_gid
  }
}

/// Gives up the account of root, every group but the account's own, and all capabilities in every
/// set: as far as they are there. Then makes sure that they are gone.
func dropPrivileges(becoming account: Account?) throws(ConfinementError) {
  if account == nil, geteuid() == 0 || getuid() == 0 { throw .staysRoot }
  try emptyBoundingSet()
  if let account, geteuid() == 0 {
    var groups = [account.group]
    try check("setgroups", unsafe setgroups(1, &groups))
    try check("setresgid", weir_become_group(account.group))
    try check("setresuid", weir_become_user(account.user))
  } else if let account, geteuid() != account.user {
    throw .failed(step: "becoming \(account.name) without being root", errno: EPERM)
  }
  try dropCapabilities(but: 0)
  guard weir_can_become_root() == 0 else { throw .notGivenUp("root's account can be had") }
}

/// For a command, whose files are those of whoever started it: gives up all capabilities. Root's
/// files may be anybody's: of root's capabilities those stay by which it reads and writes them, which
/// by then is a matter of the files that there are for this process.
func dropPrivilegesOfCommand() throws(ConfinementError) {
  try emptyBoundingSet()
  let onFiles: UInt64 =
    1 << UInt64(WEIR_CAP_DAC_OVERRIDE) | 1 << UInt64(WEIR_CAP_CHOWN)
    | 1 << UInt64(WEIR_CAP_FOWNER)
  try dropCapabilities(but: geteuid() == 0 ? onFiles : 0)
}

private func dropCapabilities(but kept: UInt64) throws(ConfinementError) {
  try check("capset", weir_drop_capabilities_but(kept))
  guard weir_has_capabilities_but(kept) == 0 else { throw .notGivenUp("there are capabilities") }
}

private func emptyBoundingSet() throws(ConfinementError) {
  // The bounding set can be cut by those alone who have CAP_SETPCAP. Who has not can't do anything
  // with what is left in it either, once no_new_privs is set.
  for capability in Int32(0)...63 {
    let isThere = weir_is_in_bounding_set(capability)
    if isThere < 0 { break }
    if isThere == 1, weir_drop_from_bounding_set(capability) != 0, errno != EPERM {
      throw .failed(step: "PR_CAPBSET_DROP", errno: errno)
    }
  }
  try check("PR_CAP_AMBIENT_CLEAR_ALL", weir_clear_ambient_capabilities())
}
