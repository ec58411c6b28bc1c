// Where a site stands, and the names beside it that a build uses.

import Glibc

/// The target of a build: its real path, its lock, and the directories that exist only during a
/// build.
struct SitePlace {
  let directory: String
  private let parent: String
  private let name: String

  /// Follows symbolic links, so that a site which is reached through one is replaced, not the link.
  /// The parent has to exist.
  init(_ directory: String) throws(SiteError) {
    do throws(SystemFailure) {
      if let whole = try? resolved(directory) {
        self.directory = whole
      } else {
        let (parent, name) = Self.split(directory)
        guard !name.isEmpty, name != ".", name != ".." else {
          throw SystemFailure(directory, ENOENT)
        }
        let above = try resolved(parent)
        self.directory = above == "/" ? "/\(name)" : "\(above)/\(name)"
      }
    } catch {
      throw SiteError(writing: error)
    }
    (parent, name) = Self.split(self.directory)
    guard !name.isEmpty else {
      throw .cannotReplace(directory: directory, reason: "the root directory")
    }
  }

  var lockFile: String { beside("lock") }
  /// Where the new site grows. The process number only helps to tell whose it was; the lock is what
  /// keeps two builds apart.
  var staging: String { beside("new-\(getpid())") }
  /// Where the old site goes before it is removed.
  var aside: String { beside("old-\(getpid())") }

  private func beside(_ purpose: String) -> String {
    (parent == "/" ? "" : parent) + "/.\(name).\(purpose)"
  }

  private static func split(_ path: String) -> (parent: String, name: String) {
    var path = path[...]
    while path.count > 1, path.last == "/" { path = path.dropLast() }
    guard let slash = path.lastIndex(of: "/") else { return (".", String(path)) }
    let parent = slash == path.startIndex ? "/" : String(path[..<slash])
    return (parent, String(path[path.index(after: slash)...]))
  }

  /// Runs `body` while holding the lock. The lock file stays: removing it would let two builds hold
  /// locks on two files of the same name.
  func locked(_ body: () throws(SiteError) -> Void) throws(SiteError) {
    let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW
    let descriptor = unsafe open(lockFile, flags, 0o666)
    guard descriptor >= 0 else {
      throw SiteError(writing: SystemFailure(lockFile))
    }
    defer { close(descriptor) }
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      if errno == EWOULDBLOCK { throw .busy(directory: directory, lockFile: lockFile) }
      throw SiteError(writing: SystemFailure(lockFile))
    }
    try body()
  }

  /// Removes what a build that was killed left behind; puts the old site back if it was killed
  /// between its two renames. To be called with the lock held.
  func recover() throws(SiteError) {
    do {
      for entry in try entries(of: parent) {
        let path = (parent == "/" ? "" : parent) + "/" + entry
        if isLeftover(entry, of: "old") {
          if try status(of: directory) == nil {
            try move(path, to: directory)
          } else {
            try removeTree(path)
          }
        } else if isLeftover(entry, of: "new") {
          try removeTree(path)
        }
      }
    } catch {
      throw SiteError(writing: error)
    }
  }

  private func isLeftover(_ entry: String, of purpose: String) -> Bool {
    let prefix = ".\(name).\(purpose)-"
    return entry.hasPrefix(prefix)
      && entry.utf8.dropFirst(prefix.utf8.count).allSatisfy {
        (0x30...0x39).contains($0)
      }
  }

  /// Waits until the disk has the new names.
  func synchronise() throws(SystemFailure) { try Site.synchronise(parent) }
}
