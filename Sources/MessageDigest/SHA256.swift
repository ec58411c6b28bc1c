// SHA-256 (FIPS 180-4) by Nettle, which uses the processor's instructions for it, in the form that
// `sha256sum` prints.

internal import CMessageDigest
internal import Glibc

public enum SHA256 {
  /// What is read of a file at a time.
  private static let blockLength = 1 << 16

  /// 64 hexadecimal digits; `nil` where the file can't be read, with `errno` saying why.
  public static func hexadecimal(ofFile path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer {
      let reason = errno
      close(descriptor)
      errno = reason
    }
    return hexadecimal(ofDescriptor: descriptor)
  }

  /// The same of what is left to read of an open file.
  public static func hexadecimal(ofDescriptor descriptor: Int32) -> String? {
    var digest = Digest()
    var block = [UInt8](repeating: 0, count: blockLength)
    while true {
      let count = unsafe read(descriptor, &block, block.count)
      if count > 0 { digest.update(block[..<count]) }
      if count == 0 { return digest.finish() }
      if count < 0, errno != EINTR { return nil }
    }
  }

  /// 64 hexadecimal digits.
  public static func hexadecimal(of bytes: [UInt8]) -> String {
    var digest = Digest()
    digest.update(bytes[...])
    return digest.finish()
  }
}

private struct Digest: ~Copyable {
  private var state = sha256_ctx()

  init() { unsafe nettle_sha256_init(&state) }

  mutating func update(_ bytes: ArraySlice<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer {
      unsafe nettle_sha256_update(&state, $0.count, $0.baseAddress)
    }
  }

  consuming func finish() -> String {
    var bytes = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_SIZE))
    unsafe nettle_sha256_digest(&state, bytes.count, &bytes)
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
