// The kernel's list of sockets, by NETLINK_SOCK_DIAG (sock_diag(7)): of this network namespace, and
// of every process, for anybody who asks.

import Glibc
import MarkCheck

/// - Returns: every socket of that protocol, in both families.
func sockets(_ transport: SocketProtocol) throws(Failure) -> [SocketRecord] {
  let file = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | O_CLOEXEC, sockDiag)
  guard file >= 0 else { throw .noSocketList(errno) }
  defer { close(file) }
  var records: [SocketRecord] = []
  for family in SocketFamily.allCases {
    let request = socketRequest(family, transport)
    guard unsafe send(file, request, request.count, 0) == request.count else {
      throw .noSocketList(errno)
    }
    try readAnswers(file, into: &records)
  }
  return records
}

/// NETLINK_SOCK_DIAG of linux/netlink.h, which Glibc's module does not have.
private let sockDiag: Int32 = 4

private func readAnswers(_ file: Int32, into records: inout [SocketRecord]) throws(Failure) {
  // Larger than what the kernel sends at once.
  var buffer = [UInt8](repeating: 0, count: 1 << 17)
  while true {
    let count = unsafe buffer.withUnsafeMutableBytes {
      unsafe recv(file, $0.baseAddress, $0.count, 0)
    }
    if count < 0, errno == EINTR { continue }
    guard count > 0 else { throw .noSocketList(count == 0 ? EIO : errno) }
    switch readSockets(buffer.span.extracting(0..<count), into: &records) {
    case .more: continue
    case .end: return
    // A kernel without IPv6 knows no sockets of it.
    case .failed(ENOENT), .failed(EINVAL): return
    case .failed(let number): throw .noSocketList(number)
    }
  }
}
