// What flows are known by, until it is hashed: some at a time, since the cipher takes as long for
// eight as for one.

internal import Glibc
internal import KeyedHash
internal import Packets

/// The two ends of a flow as they stand in its packets.
struct FlowEnds {
  var exit: Address
  var exitPort: UInt16
  var remote: Address
  var servicePort: UInt16
  var ipVersion: IPVersion
  var transport: Transport

  /// The version, which every message begins with, tells how long it is.
  @inline(__always)
  fileprivate var start: UInt64 {
    let kinds = UInt64(ipVersion.rawValue) | UInt64(transport.rawValue) << 8
    return kinds | UInt64(exitPort) << 16 | UInt64(servicePort) << 32
  }
}

/// Messages to be hashed, each for a place of a batch. Owns its memory.
@safe
struct PendingHashes: ~Copyable {
  static let capacity = 128

  /// Messages of as many blocks, one after the other.
  @safe
  private struct Messages: ~Copyable {
    let blocksEach: Int
    let blocks: UnsafeMutablePointer<HashKey.Block>
    let places: UnsafeMutablePointer<Int>
    var count = 0

    init(blocksEach: Int) {
      self.blocksEach = blocksEach
      unsafe blocks = .allocate(capacity: blocksEach * capacity)
      unsafe blocks.initialize(repeating: (0, 0), count: blocksEach * capacity)
      unsafe places = .allocate(capacity: capacity)
      unsafe places.initialize(repeating: 0, count: capacity)
    }

    deinit {
      // Both are of trivial types.
      unsafe blocks.deallocate()
      unsafe places.deallocate()
    }
  }

  private var ipv4 = Messages(blocksEach: 1)
  private var ipv6 = Messages(blocksEach: 3)
  private let hashes: UnsafeMutablePointer<UInt64>

  init() {
    unsafe hashes = .allocate(capacity: Self.capacity)
    unsafe hashes.initialize(repeating: 0, count: Self.capacity)
  }

  deinit { unsafe hashes.deallocate() }

  /// - Precondition: since ``finish(_:_:)`` there have been fewer than ``capacity``.
  @inline(__always)
  mutating func add(_ ends: FlowEnds, place: Int) {
    switch ends.ipVersion {
    case .v4:
      precondition(ipv4.count < Self.capacity)
      // Below the capacity, as below.
      unsafe ipv4.blocks[ipv4.count] = (ends.start, ends.exit.low << 32 | ends.remote.low)
      unsafe ipv4.places[ipv4.count] = place
      ipv4.count &+= 1
    case .v6:
      precondition(ipv6.count < Self.capacity)
      let block = unsafe ipv6.blocks + 3 &* ipv6.count
      unsafe block[0] = (ends.start, 0)
      unsafe block[1] = (ends.exit.high, ends.exit.low)
      unsafe block[2] = (ends.remote.high, ends.remote.low)
      unsafe ipv6.places[ipv6.count] = place
      ipv6.count &+= 1
    }
  }

  /// Hashes what there is, and forgets it.
  @inline(__always)
  mutating func finish(_ key: borrowing HashKey, _ body: (_ place: Int, _ hash: UInt64) -> Void) {
    unsafe Self.finish(&ipv4, key, hashes, body)
    unsafe Self.finish(&ipv6, key, hashes, body)
  }

  @inline(__always)
  private static func finish(
    _ messages: inout Messages, _ key: borrowing HashKey, _ hashes: UnsafeMutablePointer<UInt64>,
    _ body: (_ place: Int, _ hash: UInt64) -> Void
  ) {
    // There are as many blocks, places and hashes as messages.
    unsafe key.hash(
      messages.blocks, blocksEach: messages.blocksEach, count: messages.count, into: hashes)
    for position in 0..<messages.count {
      unsafe body(messages.places[position], hashes[position])
    }
    unsafe explicit_bzero(
      messages.blocks,
      messages.count * messages.blocksEach * MemoryLayout<HashKey.Block>.stride)
    messages.count = 0
  }
}
