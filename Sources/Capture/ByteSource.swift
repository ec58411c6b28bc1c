// The bytes of a capture on their way to libpcap, digested as they pass.

internal import CXXHash
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

/// A descriptor to read from. Offsets can be marked, to learn the digest of all bytes before them:
/// that is how a file is recognised which has grown since it was read.
@safe
final class ByteSource {
  private let descriptor: Int32
  private let path: String
  private let state: OpaquePointer
  private var markedOffsets: ArraySlice<UInt64>
  private(set) var digestsAtMarkedOffsets: [ContentDigest] = []
  private(set) var offset: UInt64 = 0
  private(set) var readError: Int32?
  /// `nil` where the source is no regular file.
  let size: UInt64?

  /// The first bytes, held back by ``peek(_:)`` for the first read.
  private var heldBack: ArraySlice<UInt8> = []

  init(path: String, markedOffsets: [UInt64]) throws(CaptureError) {
    self.path = path
    self.markedOffsets = markedOffsets.sorted()[...]
    descriptor = path == "-" ? dup(STDIN_FILENO) : unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(path: path, errno: errno) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      let number = errno
      close(descriptor)
      throw .unreadable(path: path, errno: number)
    }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      close(descriptor)
      throw .unreadable(path: path, errno: EISDIR)
    }
    size = status.st_mode & S_IFMT == S_IFREG ? UInt64(status.st_size) : nil
    guard let state = unsafe XXH3_createState() else {
      close(descriptor)
      throw .unreadable(path: path, errno: ENOMEM)
    }
    unsafe self.state = state
    unsafe XXH3_128bits_reset(state)
  }

  deinit {
    unsafe XXH3_freeState(state)
    close(descriptor)
  }

  /// The first bytes, as many as there are up to `length`. They stay to be read.
  func peek(_ length: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: length)
    var count = 0
    while count < length {
      let read = unsafe bytes.withUnsafeMutableBytes {
        unsafe readRetrying($0.baseAddress.map { unsafe $0 + count }, length - count)
      }
      guard read > 0 else { break }
      count += read
    }
    heldBack = bytes[..<count]
    return Array(heldBack)
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

  /// Reads some bytes and digests them: their count, 0 at the end, -1 after a ``readError``.
  func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let count: Int
    if heldBack.isEmpty {
      count = unsafe readRetrying(buffer.baseAddress, buffer.count)
    } else {
      count = min(heldBack.count, buffer.count)
      unsafe buffer.copyBytes(from: heldBack.prefix(count))
      heldBack = heldBack.dropFirst(count)
    }
    guard count > 0 else { return count }
    unsafe digest(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    return count
  }

  private func readRetrying(_ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    while true {
      let result = unsafe Glibc.read(descriptor, buffer, count)
      if result >= 0 { return result }
      if errno == EINTR { continue }
      readError = errno
      return -1
    }
  }

  private func digest(_ bytes: UnsafeRawBufferPointer) {
    var rest = unsafe bytes[...]
    while let next = markedOffsets.first, unsafe next <= offset + UInt64(rest.count) {
      let upTo = unsafe rest.prefix(Int(next - offset))
      unsafe update(upTo)
      unsafe rest = rest.dropFirst(upTo.count)
      digestsAtMarkedOffsets.append(digest)
      markedOffsets.removeFirst()
    }
    unsafe update(rest)
  }

  private func update(_ bytes: Slice<UnsafeRawBufferPointer>) {
    let bytes = unsafe UnsafeRawBufferPointer(rebasing: bytes)
    unsafe XXH3_128bits_update(state, bytes.baseAddress, bytes.count)
    offset += UInt64(bytes.count)
  }

  /// Digests what nobody has read yet.
  func readToEnd() throws(CaptureError) {
    let length = 1 << 16
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 16)
    defer { unsafe buffer.deallocate() }
    while unsafe read(into: buffer) > 0 {}
    if let readError { throw .unreadable(path: path, errno: readError) }
  }

  /// Of all bytes so far.
  var digest: ContentDigest {
    let hash = unsafe XXH3_128bits_digest(state)
    return ContentDigest(
      size: offset, digest: hexadecimal(hash.high64) + hexadecimal(hash.low64))
  }
}

private func hexadecimal(_ word: UInt64) -> String {
  let digits = String(word, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
