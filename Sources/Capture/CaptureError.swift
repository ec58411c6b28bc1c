// What can be wrong with a capture, in words that say what to do.

internal import Glibc

public enum CaptureError: Error, CustomStringConvertible, Sendable {
  case unreadable(path: String, errno: Int32)
  case compressed(path: String, by: Compression)
  case notACapture(path: String, reason: String)
  case unsupportedLinkType(path: String, name: String)
  /// A record in the middle of the file cannot be true.
  case damaged(path: String, reason: String)

  public var description: String {
    switch self {
    case .unreadable(let path, let number):
      return "can't read \(Self.name(path)): \(unsafe String(cString: strerror(number)))"
    case .compressed(let path, let compression):
      return "\(Self.name(path)) is compressed: try '\(compression.reader)"
        + " \(path == "-" ? "" : path + " ")| weir-collect read -'"
    case .notACapture(let path, let reason):
      return "\(Self.name(path)) is not a pcap or pcapng file: \(reason)"
    case .unsupportedLinkType(let path, let name):
      return "\(Self.name(path)) has the link type \(name), which is not supported: capture on an"
        + " Ethernet, Linux cooked, raw IP or loopback interface"
    case .damaged(let path, let reason):
      return "\(Self.name(path)) is damaged: \(reason); nothing of it was counted"
    }
  }

  private static func name(_ path: String) -> String { path == "-" ? "standard input" : path }
}

/// A compressed file is not unpacked here, but recognised.
public enum Compression: Sendable {
  case gzip, zstandard, xz, bzip2, lz4

  init?(magic: [UInt8]) {
    switch (magic.first, magic.dropFirst().first) {
    case (0x1f, 0x8b): self = .gzip
    case (0x28, 0xb5): self = .zstandard
    case (0xfd, 0x37): self = .xz
    case (0x42, 0x5a): self = .bzip2
    case (0x04, 0x22): self = .lz4
    default: return nil
    }
  }

  var reader: String {
    switch self {
    case .gzip: "zcat"
    case .zstandard: "zstdcat"
    case .xz: "xzcat"
    case .bzip2: "bzcat"
    case .lz4: "lz4cat"
    }
  }
}
