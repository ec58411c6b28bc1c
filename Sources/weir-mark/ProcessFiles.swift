// What /proc tells of a process (proc(5)).

import Glibc
import MarkCheck

struct ProcessFiles {
  let pid: Int32

  /// Processes that run a program named "tor".
  static func running(_ name: String) -> [Int32] {
    folderNames("/proc").compactMap { Int32($0) }.filter { pid in
      ProcessFiles(pid: pid).read("comm").map { String(decoding: $0, as: UTF8.self) } == "\(name)\n"
    }.sorted()
  }

  var exists: Bool { unsafe access("/proc/\(pid)", F_OK) == 0 }

  var maps: String? { read("maps").map { String(decoding: $0, as: UTF8.self) } }

  /// As the process was started with it, which is what the library has read.
  var environment: [[UInt8]]? {
    read("environ").map { $0.split(separator: 0).map(Array.init) }
  }

  /// Without the program's name.
  var arguments: [String] {
    (read("cmdline") ?? []).split(separator: 0, omittingEmptySubsequences: false).dropLast()
      .dropFirst().map { String(decoding: $0, as: UTF8.self) }
  }

  /// The inodes of its sockets; `nil` where this may not be seen.
  var socketInodes: Set<UInt32>? {
    let folder = "/proc/\(pid)/fd"
    guard unsafe access(folder, R_OK | X_OK) == 0 else { return nil }
    let links = folderNames(folder).compactMap { link("fd/\($0)") }
    return Set(
      links.compactMap { link in
        link.hasPrefix("socket:[") ? UInt32(link.dropFirst(8).dropLast()) : nil
      })
  }

  enum NetworkNamespace: String, Encodable {
    case same, other, unknown
  }

  var networkNamespace: NetworkNamespace {
    guard let its = link("ns/net"), let own = ProcessFiles(pid: getpid()).link("ns/net") else {
      return .unknown
    }
    return its == own ? .same : .other
  }

  /// A path as the process sees it, for this one to open.
  func path(_ path: String) -> String {
    "/proc/\(pid)" + (path.hasPrefix("/") ? "/root\(path)" : "/cwd/\(path)")
  }

  private func read(_ name: String) -> [UInt8]? { try? readFile("/proc/\(pid)/\(name)").get() }

  private func link(_ name: String) -> String? { target(ofLink: "/proc/\(pid)/\(name)") }
}

func target(ofLink path: String) -> String? {
  var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
  // One byte stays for the zero at the end.
  let count = unsafe readlink(path, &buffer, buffer.count - 1)
  return count > 0
    ? String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
}

struct FileFailure: Error {
  let number: Int32
}

/// Of a file at most `limit` bytes: what is read here is small.
func readFile(_ path: String, limit: Int = 1 << 24) -> Result<[UInt8], FileFailure> {
  let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
  guard file >= 0 else { return .failure(FileFailure(number: errno)) }
  defer { close(file) }
  var contents: [UInt8] = []
  var block = [UInt8](repeating: 0, count: 65_536)
  while contents.count < limit {
    let count = unsafe block.withUnsafeMutableBytes {
      unsafe Glibc.read(file, $0.baseAddress, $0.count)
    }
    if count < 0, errno == EINTR { continue }
    guard count >= 0 else { return .failure(FileFailure(number: errno)) }
    if count == 0 { return .success(contents) }
    contents += block[..<count]
  }
  return .failure(FileFailure(number: EFBIG))
}

/// In no order; none where there is no such folder.
func folderNames(_ path: String) -> [String] {
  guard let folder = unsafe opendir(path) else { return [] }
  defer { unsafe closedir(folder) }
  var names: [String] = []
  while let entry = unsafe readdir(folder) {
    // The name ends with a zero, as readdir(3) promises.
    let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names
}

func isFolder(_ path: String) -> Bool { kind(of: path) == S_IFDIR }

func isRegularFile(_ path: String) -> Bool { kind(of: path) == S_IFREG }

private func kind(of path: String) -> mode_t? {
  var status = stat()
  return unsafe stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
}
