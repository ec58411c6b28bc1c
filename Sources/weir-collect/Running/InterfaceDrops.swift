// Packets that an interface had no room for, which the kernel never saw: `rx_missed_errors` and
// `rx_fifo_errors` of sysfs, as libpcap adds them up.

import Glibc

/// The files are opened once, since a confined process opens none of them later. Those of an interface
/// that was made anew are others: from then on nothing is added.
final class InterfaceDrops {
  private let descriptors: [Int32]
  private var last: UInt64

  init(interface: String) {
    descriptors = ["rx_missed_errors", "rx_fifo_errors"].map {
      unsafe open("/sys/class/net/\(interface)/statistics/\($0)", O_RDONLY | O_CLOEXEC)
    }.filter { $0 >= 0 }
    last = 0
    last = total ?? 0
  }

  deinit { for descriptor in descriptors { close(descriptor) } }

  /// How many there were since the last call.
  func take() -> UInt64 {
    guard let total else { return 0 }
    defer { last = total }
    return total >= last ? total - last : total
  }

  private var total: UInt64? {
    var sum: UInt64 = 0
    for descriptor in descriptors {
      var digits = [UInt8](repeating: 0, count: 32)
      let count = unsafe pread(descriptor, &digits, digits.count, 0)
      guard count > 0,
        let number = UInt64(
          String(decoding: digits.prefix(count).prefix { $0 != 0x0a }, as: UTF8.self))
      else { return nil }
      sum += number
    }
    return sum
  }
}
