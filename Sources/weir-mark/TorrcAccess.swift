// tor's configuration files, as the tor process sees them.

import Glibc
import MarkCheck

struct TorrcAccess: TorrcFolder {
  /// `nil` reads as this process sees files.
  let process: ProcessFiles?

  func contents(of path: String) throws(TorrcError) -> [UInt8] {
    switch readFile(place(path)) {
    case .success(let bytes): return bytes
    case .failure(let failure):
      throw TorrcError(reason: .unreadable(failure.number), file: path, line: 0)
    }
  }

  func names(inFolder path: String) -> [String]? {
    isFolder(place(path)) ? folderNames(place(path)) : nil
  }

  func isFile(_ path: String) -> Bool { isRegularFile(place(path)) }

  func matches(of pattern: String) -> [String] {
    var found = unsafe glob_t()
    // What was put before the pattern goes again; it has no character that a pattern knows.
    let prefix = place(pattern).utf8.count - pattern.utf8.count
    defer { unsafe globfree(&found) }
    guard unsafe glob(place(pattern), GLOB_ERR, nil, &found) == 0 else { return [] }
    return unsafe (0..<Int(found.gl_pathc)).compactMap { index in
      unsafe found.gl_pathv[index].map { path in
        String(decoding: unsafe Array(String(cString: path).utf8).dropFirst(prefix), as: UTF8.self)
      }
    }
  }

  private func place(_ path: String) -> String { process?.path(path) ?? path }
}
