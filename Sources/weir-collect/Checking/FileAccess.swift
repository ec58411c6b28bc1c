// Who may do what with a file, for an account that this process is not (yet).

import Confinement
import Glibc

/// Whom the collector runs as.
struct Operator: Equatable {
  var name: String
  var user: uid_t
  var group: gid_t

  init(_ account: Account) {
    name = account.name
    user = account.user
    group = account.group
  }

  /// This process's own account.
  static var current: Operator {
    Operator(name: accountName(geteuid()), user: geteuid(), group: getegid())
  }

  private init(name: String, user: uid_t, group: gid_t) {
    self.name = name
    self.user = user
    self.group = group
  }
}

func accountName(_ user: uid_t) -> String {
  guard let entry = unsafe getpwuid(user) else { return "account \(user)" }
  return unsafe String(cString: entry.pointee.pw_name)
}

struct FileStatus {
  let owner: uid_t
  let group: gid_t
  let mode: mode_t
  /// Which file it is, whatever its name.
  let device: dev_t
  let inode: ino_t

  /// `nil` where there is none, with the reason in `errno`.
  init?(_ path: String) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    owner = status.st_uid
    group = status.st_gid
    mode = status.st_mode
    device = status.st_dev
    inode = status.st_ino
  }

  var isFolder: Bool { mode & S_IFMT == S_IFDIR }
  var isFile: Bool { mode & S_IFMT == S_IFREG }

  /// Whether everybody can put another file in the place of one in this folder, or write this file.
  var isWritableByAll: Bool { mode & 0o002 != 0 && (mode & S_ISVTX == 0 || !isFolder) }

  /// - Parameter right: 4 to read, 2 to write, 1 to enter a folder.
  func allows(_ right: mode_t, _ who: Operator) -> Bool {
    if who.user == 0 { return true }
    let shift: mode_t = owner == who.user ? 6 : group == who.group ? 3 : 0
    return mode >> shift & right == right
  }
}

/// The first folder above a path that an account can't enter.
func closedFolder(above path: String, for who: Operator) -> String? {
  var prefix = path.hasPrefix("/") ? "/" : "."
  for part in path.split(separator: "/").dropLast() {
    prefix += (prefix == "/" ? "" : "/") + part
    guard let status = FileStatus(prefix) else { return nil }
    if !status.allows(1, who) { return prefix }
  }
  return nil
}

func enclosingFolder(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

func errorText(_ number: Int32) -> String {
  unsafe String(cString: strerror(number)).lowercased()
}
