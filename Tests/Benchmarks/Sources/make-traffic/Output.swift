// Files that are written from start to end.

import Glibc

struct OutputFailure: Error, CustomStringConvertible {
  var description: String
}

final class Output {
  private let path: String
  private let descriptor: Int32
  private var waiting: [UInt8] = []

  init(path: String) throws(OutputFailure) {
    self.path = path
    descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw Self.failure(path) }
    waiting.reserveCapacity(1 << 20)
  }

  deinit { close(descriptor) }

  func append(_ bytes: ArraySlice<UInt8>) throws(OutputFailure) {
    waiting += bytes
    if waiting.count > 1_000_000 { try flush() }
  }

  func write(_ bytes: [UInt8]) throws(OutputFailure) {
    try append(bytes[...])
    try flush()
  }

  func flush() throws(OutputFailure) {
    var begin = 0
    while begin < waiting.count {
      let count = unsafe waiting.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress.map { unsafe $0 + begin }, $0.count - begin)
      }
      guard count > 0 else { throw Self.failure(path) }
      begin += count
    }
    waiting.removeAll(keepingCapacity: true)
  }

  private static func failure(_ path: String) -> OutputFailure {
    OutputFailure(description: "can't write \(path): \(unsafe String(cString: strerror(errno)))")
  }
}

func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
