// A small file that others read at any moment: it is replaced as a whole, never written in place.

import Glibc

struct ReplacedFile {
  let path: String

  /// - Throws: what the file system said. What was there before is there still.
  func write(_ text: String) throws {
    // A name of our own in the same folder; a file left by a crash is written over.
    let temporary = path + ".new"
    let descriptor = unsafe open(
      temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw SystemFailure("can't write \(temporary)", errno) }
    let bytes = Array(text.utf8)
    let written = unsafe bytes.withUnsafeBytes {
      unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
    }
    let number = written < 0 ? errno : written < bytes.count ? ENOSPC : 0
    let closed = close(descriptor)
    guard number == 0, closed == 0 else {
      unsafe unlink(temporary)
      throw SystemFailure("can't write \(temporary)", number == 0 ? errno : number)
    }
    guard unsafe rename(temporary, path) == 0 else {
      throw SystemFailure("can't replace \(path)", errno)
    }
  }
}
