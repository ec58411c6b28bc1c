// The one seam to the file system: a few calls of the C library, with what they failed with.

import FoundationEssentials
import Glibc

/// A call that failed, and on what.
struct SystemFailure: Error, Equatable {
  let path: String
  /// `errno`.
  let code: Int32

  init(_ path: String, _ code: Int32 = errno) {
    self.path = path
    self.code = code
  }

  var reason: String {
    let text = unsafe String(cString: strerror(code))
    return text.prefix(1).lowercased() + text.dropFirst()
  }
}

struct FileStatus: Equatable {
  let mode: UInt32
  let group: UInt32

  var isDirectory: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFDIR) }
  var isRegularFile: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFREG) }
}

/// `lstat`; `nil` where there is nothing.
func status(of path: String) throws(SystemFailure) -> FileStatus? {
  var status = stat()
  if unsafe lstat(path, &status) != 0 {
    if errno == ENOENT { return nil }
    throw SystemFailure(path)
  }
  return FileStatus(mode: status.st_mode, group: status.st_gid)
}

/// The names in a directory, sorted.
func entries(of directory: String) throws(SystemFailure) -> [String] {
  // Foundation walks the directory, but names no cause: open it first for that.
  let descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else { throw SystemFailure(directory) }
  defer { close(descriptor) }
  guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory) else {
    throw SystemFailure(directory, EIO)
  }
  return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}

func readFile(_ path: String) throws(SystemFailure) -> [UInt8] {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw SystemFailure(path) }
  defer { close(descriptor) }
  var contents: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65_536)
  while true {
    let count = unsafe read(descriptor, &buffer, buffer.count)
    if count < 0 {
      if errno == EINTR { continue }
      throw SystemFailure(path)
    }
    if count == 0 { return contents }
    contents += buffer[..<count]
  }
}

/// Writes a file that is not there yet. The disk may have it only after ``synchronise(_:)``.
func writeNewFile(_ path: String, _ contents: [UInt8]) throws(SystemFailure) {
  let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
  guard descriptor >= 0 else { throw SystemFailure(path) }
  defer { close(descriptor) }
  var rest = contents[...]
  while !rest.isEmpty {
    let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    if count < 0 {
      if errno == EINTR { continue }
      throw SystemFailure(path)
    }
    rest = rest.dropFirst(count)
  }
}

func makeDirectory(_ path: String) throws(SystemFailure) {
  guard unsafe mkdir(path, 0o777) == 0 else { throw SystemFailure(path) }
}

/// Waits until the disk has what is in a file, or the names in a directory.
func synchronise(_ path: String) throws(SystemFailure) {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw SystemFailure(path) }
  defer { close(descriptor) }
  guard fsync(descriptor) == 0 else { throw SystemFailure(path) }
}

/// Removes a file, or a directory with all that is in it. Follows no symbolic link.
func removeTree(_ path: String) throws(SystemFailure) {
  guard let status = try status(of: path) else { return }
  guard status.isDirectory else {
    guard unsafe unlink(path) == 0 else { throw SystemFailure(path) }
    return
  }
  for name in try entries(of: path) { try removeTree("\(path)/\(name)") }
  guard unsafe rmdir(path) == 0 else { throw SystemFailure(path) }
}

/// `rename`, which replaces a file or an empty directory of the new name.
func move(_ source: String, to destination: String) throws(SystemFailure) {
  guard unsafe rename(source, destination) == 0 else { throw SystemFailure(destination) }
}

/// Gives `path` the permissions and the group of another directory.
func adopt(_ status: FileStatus, at path: String) throws(SystemFailure) {
  if try Site.status(of: path)?.group != status.group {
    guard unsafe chown(path, uid_t.max, status.group) == 0 else { throw SystemFailure(path) }
  }
  guard unsafe chmod(path, mode_t(status.mode & 0o7777)) == 0 else { throw SystemFailure(path) }
}

/// The path without symbolic links, `.` and `..`; what it names has to exist.
func resolved(_ path: String) throws(SystemFailure) -> String {
  guard let pointer = unsafe realpath(path, nil) else { throw SystemFailure(path) }
  defer { unsafe free(pointer) }
  return unsafe String(cString: pointer)
}
