// What the databases said of the prefixes that were asked for last: /24 of IPv4, /48 of IPv6.
//
// A prefix is known by its keyed hash alone, as flows are: it is not far from an address. The cache
// lives and dies with the databases that it remembers.

internal import KeyedHash
internal import Packets
internal import Tallies

struct PrefixCache: ~Copyable {
  /// In bits. No network that is longer may be remembered under its prefix.
  static func prefixLength(_ version: IPVersion) -> Int { version == .v4 ? 24 : 48 }

  struct Position {
    fileprivate let hash: UInt64
  }

  private struct Entry {
    /// 0 where nothing is remembered.
    var hash: UInt64 = 0
    var network = Network.unknown
  }

  /// Places: a power of two. A prefix has one place, and the last one that wanted it has it.
  private static let capacity = 1 << 16
  private let key = HashKey.random()
  private var entries = [Entry](repeating: Entry(), count: capacity)

  func position(of address: Address, _ version: IPVersion) -> Position {
    let prefix = version == .v4 ? address.low >> (32 - 24) : address.high >> (64 - 48)
    return Position(hash: key.hash((UInt64(version.rawValue), prefix)))
  }

  subscript(position: Position) -> Network? {
    get {
      let entry = entries[Int(truncatingIfNeeded: position.hash) & (Self.capacity - 1)]
      return entry.hash == position.hash && entry.hash != 0 ? entry.network : nil
    }
    set {
      entries[Int(truncatingIfNeeded: position.hash) & (Self.capacity - 1)] =
        newValue.map { Entry(hash: position.hash, network: $0) } ?? Entry()
    }
  }
}
