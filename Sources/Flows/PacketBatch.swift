// Packets on their way to be counted: some at a time, since each step of counting one begins with
// waiting (for the cipher, for the index, for the flow), and others can be taken meanwhile.

internal import KeyedHash
internal import Packets

/// A fixed number of places for packets whose flows are known. Owns its memory.
@safe
public struct PacketBatch: ~Copyable {
  /// The packets up to a position that came from one source, after those of the part before.
  public struct Part: Sendable {
    public let source: Int
    public fileprivate(set) var end: Int
  }

  public let capacity: Int
  public private(set) var count = 0
  public private(set) var parts: [Part] = []
  let packets: UnsafeMutablePointer<FlowPacket>
  /// For the meter: where it has found the flows of packets that are to come.
  let slots: UnsafeMutablePointer<Slot>
  private var pending = PendingHashes()
  private var pendingCount = 0

  public init(capacity: Int) {
    self.capacity = capacity
    unsafe packets = .allocate(capacity: capacity)
    unsafe packets.initialize(repeating: .none, count: capacity)
    unsafe slots = .allocate(capacity: capacity)
    unsafe slots.initialize(repeating: FlowTable.none, count: capacity)
  }

  deinit {
    // Both are of trivial types.
    unsafe packets.deallocate()
    unsafe slots.deallocate()
  }

  /// Places that nobody has taken.
  public var room: Int { capacity - count }

  /// Takes a place for a packet whose flow's key is to be hashed.
  /// - Precondition: there is room.
  @inline(__always)
  mutating func append(_ packet: FlowPacket, ends: FlowEnds, key: borrowing HashKey) {
    precondition(count < capacity)
    unsafe packets[count] = packet
    pending.add(ends, place: count)
    count &+= 1
    pendingCount &+= 1
    if pendingCount == PendingHashes.capacity { finishKeys(key) }
  }

  /// Hashes the keys that are to be hashed.
  mutating func finishKeys(_ key: borrowing HashKey) {
    let packets = unsafe packets
    // Places that packets have taken.
    pending.finish(key) { place, hash in unsafe packets[place].key.hash = hash }
    pendingCount = 0
  }

  /// The packets since the last part are another one, of a source.
  mutating func endPart(source: Int) {
    if count == parts.last?.end ?? 0 { return }
    if parts.last?.source == source {
      parts[parts.count - 1].end = count
    } else {
      parts.append(Part(source: source, end: count))
    }
  }

  /// Forgets the packets, addresses first.
  public mutating func removeAll() {
    for position in 0..<count {
      // Below `count`, and so below `capacity`.
      unsafe packets[position].forgetAddress()
    }
    count = 0
    parts.removeAll(keepingCapacity: true)
  }
}
