// The file itself: a regular one, of a size that a configuration can have.

internal import Glibc

extension ConfigurationDocument {
  /// In bytes.
  public static let largestFile = 1 << 20

  /// Reads a file.
  public init(path: String) throws(ConfigurationError) {
    // Not to wait for a writer where the name is a pipe's.
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard file >= 0 else { throw .unreadable(file: path, errno: errno) }
    defer { close(file) }
    var status = stat()
    guard unsafe fstat(file, &status) == 0 else { throw .unreadable(file: path, errno: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(file: path) }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes {
        unsafe read(file, $0.baseAddress, $0.count)
      }
      if count == 0 { break }
      guard count > 0 else {
        if errno == EINTR { continue }
        throw .unreadable(file: path, errno: errno)
      }
      text.append(contentsOf: buffer[..<count])
      if text.count > Self.largestFile {
        throw .tooLarge(file: path, limit: Self.largestFile)
      }
    }
    try self.init(text, file: path)
  }
}
