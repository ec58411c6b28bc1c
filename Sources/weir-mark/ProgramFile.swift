// The command: found as a shell finds it, and run in place of this process.

import Glibc

struct ProgramFile {
  let path: String
  /// The loader takes no preloaded library into a program that runs with more rights than its caller
  /// (ld.so(8), secure-execution mode).
  let dropsPreload: Bool

  /// - Parameter path: the value of PATH.
  init(named name: String, path: String?) throws(Failure) {
    var candidates = [name]
    if !name.contains("/") {
      let folders = (path ?? "/usr/local/bin:/usr/bin:/bin")
        .split(separator: ":", omittingEmptySubsequences: false)
      candidates = folders.map { $0.isEmpty ? name : "\($0)/\(name)" }
    }
    guard let found = candidates.first(where: Self.isProgram) else {
      if let first = candidates.first, name.contains("/"), unsafe access(first, F_OK) == 0 {
        throw .notRunnable(path: first, number: EACCES)
      }
      throw .noCommand(name)
    }
    self.path = found
    var status = stat()
    let rights = unsafe stat(found, &status) == 0 ? status.st_mode & (S_ISUID | S_ISGID) : 0
    dropsPreload = rights != 0
  }

  private static func isProgram(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
      && access(path, X_OK) == 0
  }

  /// Returns only by its error.
  func execute(arguments: [String], environment: [[UInt8]]) throws(Failure) -> Never {
    // Copies that the program which takes this one's place makes no use of: nothing frees them.
    var argumentPointers = unsafe arguments.map { unsafe strdup($0) }
    unsafe argumentPointers.append(nil)
    var environmentPointers = unsafe environment.map { entry in
      // A zero at the end, which no entry holds.
      unsafe (entry + [0]).withUnsafeBytes { bytes in
        unsafe bytes.baseAddress.flatMap { unsafe strdup($0.assumingMemoryBound(to: CChar.self)) }
      }
    }
    unsafe environmentPointers.append(nil)
    _ = unsafe execve(path, &argumentPointers, &environmentPointers)
    throw .notRunnable(path: path, number: errno)
  }
}
