// A descriptor to read from, and the digest of what was read.

internal import CXXHash
internal import Glibc

/// Belongs to one thread at a time.
///
/// Offsets can be marked, to learn the digest of all bytes before them: that is how a file is
/// recognised which has grown since it was read.
@safe
final class ByteReader {
  private let descriptor: Int32
  private let state: OpaquePointer
  private var markedOffsets: ArraySlice<UInt64>
  private(set) var digestsAtMarkedOffsets: [ContentDigest] = []
  private var offset: UInt64 = 0
  /// Why ``read(into:)`` gave -1.
  private(set) var readError: Int32 = 0
  /// `nil` where the source is no regular file.
  let size: UInt64?

  init(path: String, markedOffsets: [UInt64]) throws(CaptureError) {
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

  /// Reads some bytes and digests them: their count, 0 at the end, -1 after a ``readError``.
  func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    while true {
      let count = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count > 0 { unsafe digest(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
      if count >= 0 { return count }
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
    unsafe weir_digest_update(state, bytes.baseAddress, bytes.count)
    offset += UInt64(bytes.count)
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
