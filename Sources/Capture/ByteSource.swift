// The bytes of a capture, block by block, digested as they pass.

internal import Glibc

/// XXH3-128 of a run of bytes and how many they were: `xxh128sum` verifies it.
///
/// It tells files apart by accident, not against somebody who makes two files that collide: all they
/// would gain is that their second file is refused.
public struct ContentDigest: Hashable, Sendable {
  public let size: UInt64
  /// 32 hexadecimal digits.
  public let digest: String

  public init(size: UInt64, digest: String) {
    self.size = size
    self.digest = digest
  }

  /// Reads a whole file.
  public init(path: String) throws(CaptureError) {
    let source = try ByteSource(path: path, markedOffsets: [])
    try source.readToEnd()
    self = source.digest
  }
}

/// The size of a regular file; `nil` for anything else, and for standard input (`-`).
public func regularFileSize(_ path: String) -> UInt64? {
  var status = stat()
  guard path != "-", unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
    return nil
  }
  return UInt64(status.st_size)
}

/// Whoever reads packets from it has the bytes of one block at a time.
@safe
final class ByteSource {
  private let path: String
  private let reader: ByteReader
  private let block = Block()
  private var isAtEnd = false
  /// Bytes of all blocks so far.
  private(set) var offset: UInt64 = 0
  private(set) var readError: Int32?

  /// What of the block nobody has taken. It is the block's, and ends with it.
  private(set) var unread: Piece

  init(path: String, markedOffsets: [UInt64]) throws(CaptureError) {
    self.path = path
    unread = block.piece(0)
    reader = try ByteReader(path: path, markedOffsets: markedOffsets)
  }

  /// `nil` where the source is no regular file.
  var size: UInt64? { reader.size }

  /// The first bytes, as many as there are up to `length`. They stay to be read.
  func peek(_ length: Int) throws(CaptureError) -> [UInt8] {
    while unread.count < length, try readOn() {}
    return unsafe Array(
      UnsafeRawBufferPointer(start: unread.start, count: min(unread.count, length)))
  }

  /// Takes bytes off the front of ``unread``.
  @inline(__always)
  func take(_ count: Int) { unread = unread.dropFirst(count) }

  /// Adds more bytes to ``unread``, which moves. `false` at the end.
  /// - Precondition: no more than the longest record is unread.
  func readOn() throws(CaptureError) -> Bool {
    if isAtEnd { return false }
    // What is unread may lie where the next piece is read to.
    unread = block.piece(0, after: unread)
    let count = unsafe reader.read(into: block.room)
    if count < 0 { readError = reader.readError }
    isAtEnd = count <= 0
    offset += UInt64(max(count, 0))
    unread = block.piece(max(count, 0), after: unread)
    if let readError { throw .unreadable(path: path, errno: readError) }
    return !isAtEnd
  }

  /// For fopencookie(3).
  static let readCallback:
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafeMutablePointer<CChar>?, Int
    ) -> Int = { cookie, buffer, count in
      guard let cookie = unsafe cookie, let buffer = unsafe buffer else { return 0 }
      // The `CaptureFile` that opened the stream keeps the source alive for longer than the stream.
      return unsafe Unmanaged<ByteSource>.fromOpaque(cookie).takeUnretainedValue()
        .read(into: UnsafeMutableRawBufferPointer(start: buffer, count: count))
    }

  /// Takes some bytes: their count, 0 at the end, -1 after a ``readError``.
  private func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    if unread.count == 0 {
      do throws(CaptureError) {
        guard try readOn() else { return 0 }
      } catch {
        return -1
      }
    }
    let count = min(unread.count, buffer.count)
    unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(start: unread.start, count: count))
    take(count)
    return count
  }

  /// Digests what nobody has read yet.
  func readToEnd() throws(CaptureError) {
    repeat { take(unread.count) } while try readOn()
  }

  /// Of all bytes.
  /// - Precondition: all have been read.
  var digest: ContentDigest {
    precondition(isAtEnd)
    return reader.digest
  }

  /// See ``ByteReader``.
  var digestsAtMarkedOffsets: [ContentDigest] {
    precondition(isAtEnd)
    return reader.digestsAtMarkedOffsets
  }
}
