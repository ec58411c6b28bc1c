// The flows that are alive, found by their key, at most a fixed number of them.
//
// Flows lie in one array of `capacity` slots whose memory the kernel supplies as it is touched; a
// free slot is used again before a fresh one. An open-addressing index with linear probing holds
// for each flow half of its hash and its slot, so that a search reads one flow, not several, and
// growing moves only the index. A flow that has idled out stays until its key comes again or its
// slot is needed: nothing depends on when its memory is taken back.

internal import CSystem
internal import Packets
internal import Tallies

typealias Slot = UInt32

/// Owns its memory: every access goes through slots and index positions that it made itself.
@safe
struct FlowTable: ~Copyable {
  let capacity: Int
  private(set) var count = 0
  private let flows: UnsafeMutablePointer<Flow>
  private var neverUsed: Slot = 0
  private var free: [Slot] = []
  private var index: UnsafeMutableBufferPointer<IndexEntry>
  private var expiry: ExpiryHeap?

  /// What flows without a mark hold of hours other than their current one, until a mark settles
  /// them. As many hours as the table has slots, over all flows.
  private var setAside: [Slot: [Hour: TallyCounters]] = [:]
  private var hoursSetAside = 0

  private struct IndexEntry {
    /// Upper half of the flow's hash; decides the home position.
    var tag: UInt32
    /// Slot + 1; 0 where the entry is empty.
    var occupant: UInt32
  }

  init(capacity: Int) {
    precondition(capacity > 0 && capacity <= Int(UInt32.max) / 4)
    self.capacity = capacity
    // Each flow in a cache line of its own, not in halves of two.
    unsafe flows = UnsafeMutableRawPointer.allocate(
      byteCount: capacity * MemoryLayout<Flow>.stride, alignment: 64
    ).bindMemory(to: Flow.self, capacity: capacity)
    unsafe index = Self.emptyIndex(1024)
  }

  deinit {
    // `Flow` is trivial: there is nothing to deinitialize.
    unsafe flows.deallocate()
    unsafe index.deallocate()
  }

  var isFull: Bool { count == capacity }

  /// The flow in a slot that ``find(_:)`` or ``insert(_:)`` gave.
  subscript(slot: Slot) -> Flow {
    @inline(__always)
    _read {
      // Slots come from this table alone and are below `neverUsed`.
      yield unsafe flows[Int(slot)]
    }
    @inline(__always)
    _modify { yield unsafe &flows[Int(slot)] }
  }

  @inline(__always)
  func find(_ key: FlowKey) -> Slot? {
    let mask = unsafe index.count &- 1
    let tag = Self.tag(key.hash)
    var position = Int(tag) & mask
    while true {
      // The index is never full, and `position` is below its count.
      let entry = unsafe index[position]
      if entry.occupant == 0 { return nil }
      if entry.tag == tag {
        let slot = entry.occupant &- 1
        if unsafe flows[Int(slot)].matches(key) { return slot }
      }
      position = (position &+ 1) & mask
    }
  }

  // Two steps that bring what ``find(_:)`` will read into the processor's cache. In a table of some
  // 10⁵ flows, waiting for that was most of a packet's cost.

  /// The first: what the second will read.
  @inline(__always)
  func prefetchIndex(of key: FlowKey) {
    let position = Int(Self.tag(key.hash)) & (unsafe index.count &- 1)
    unsafe weir_prefetch(index.baseAddress.map { unsafe $0 + position })
  }

  /// The second: the slot of the flow that is likely to be the one; ``none`` where there is none.
  ///
  /// Looks at the first entries of the probe sequence alone, and at all of these: how many there are to
  /// look at, no processor can guess.
  @inline(__always)
  func prefetchFlow(of key: FlowKey) -> Slot {
    let mask = unsafe index.count &- 1
    let tag = Self.tag(key.hash)
    let home = Int(tag) & mask
    var occupant: UInt32 = 0
    for distance in (0..<4).reversed() {
      // Below the index's count.
      let entry = unsafe index[(home &+ distance) & mask]
      // All ones where the tags are the same: a comparison would be made a branch.
      let same = UInt32(truncatingIfNeeded: (UInt64(entry.tag ^ tag) &- 1) >> 32)
      occupant = entry.occupant & same | occupant & ~same
    }
    let slot = occupant &- 1
    // Where it is ``none``, what is sent for lies beyond the table: the processor does without it.
    unsafe weir_prefetch(UnsafeRawPointer(flows) + Int(slot) &* MemoryLayout<Flow>.stride)
    return slot
  }

  /// No flow has this slot.
  static let none = Slot.max

  /// As ``find(_:)``, with a slot that ``prefetchFlow(of:)`` gave. Flows may have come and gone since.
  @inline(__always)
  func find(_ key: FlowKey, probably slot: Slot) -> Slot? {
    // Below `neverUsed`, what a slot holds has been initialized.
    if slot < neverUsed, unsafe flows[Int(slot)].state.contains(.isInTable),
      unsafe flows[Int(slot)].matches(key)
    {
      return slot
    }
    return find(key)
  }

  /// - Precondition: the table is not full, and has no flow of this key.
  mutating func insert(_ flow: Flow) -> Slot {
    precondition(count < capacity)
    if unsafe (count + 1) * 4 > index.count * 3 { growIndex() }
    let slot: Slot
    if let reused = free.popLast() {
      slot = reused
    } else {
      slot = neverUsed
      neverUsed += 1
    }
    unsafe flows[Int(slot)] = flow
    count += 1
    place(IndexEntry(tag: Self.tag(flow.key), occupant: slot + 1))
    if expiry != nil { expiryInsert(slot) }
    return slot
  }

  mutating func remove(_ slot: Slot) {
    unindex(slot)
    if expiry != nil { expiryRemove(slot) }
    self[slot].state = []
    free.append(slot)
    count -= 1
  }

  /// Every slot that has been in use, in the order that memory is fastest to read in. Those that are
  /// free now have an empty ``Flow/state``.
  var slotsUsed: Range<Slot> { 0..<neverUsed }

  // MARK: Hours set aside

  /// Moves the counters of the flow's current hour to where they wait for a mark. `false` where
  /// there is no room for another hour: then nothing has changed.
  mutating func setAsideCurrentHour(_ slot: Slot) -> Bool {
    let hour = self[slot].hour
    if setAside[slot]?[hour] == nil {
      guard hoursSetAside < capacity else { return false }
      hoursSetAside += 1
    }
    setAside[slot, default: [:]][hour, default: TallyCounters()] += self[slot].counters
    self[slot].clearCounters()
    self[slot].state.insert(.hasSetAside)
    return true
  }

  /// Takes back what was set aside for the flow.
  mutating func takeSetAside(_ slot: Slot) -> [Hour: TallyCounters] {
    guard self[slot].state.contains(.hasSetAside) else { return [:] }
    self[slot].state.remove(.hasSetAside)
    let hours = setAside.removeValue(forKey: slot) ?? [:]
    hoursSetAside -= hours.count
    return hours
  }

  // MARK: The index

  @inline(__always)
  private static func tag(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash >> 32) }

  private static func emptyIndex(_ count: Int) -> UnsafeMutableBufferPointer<IndexEntry> {
    let index = UnsafeMutableBufferPointer<IndexEntry>.allocate(capacity: count)
    unsafe index.initialize(repeating: IndexEntry(tag: 0, occupant: 0))
    return unsafe index
  }

  private mutating func growIndex() {
    let old = unsafe index
    unsafe index = Self.emptyIndex(old.count * 2)
    for position in 0..<old.count {
      let entry = unsafe old[position]
      if entry.occupant != 0 { place(entry) }
    }
    unsafe old.deallocate()
  }

  private mutating func place(_ entry: IndexEntry) {
    let mask = unsafe index.count - 1
    var position = Int(entry.tag) & mask
    while unsafe index[position].occupant != 0 { position = (position + 1) & mask }
    unsafe index[position] = entry
  }

  /// Removes the slot's entry and closes the gap, so that no probe sequence is cut (Knuth, The Art
  /// of Computer Programming, volume 3, 6.4, algorithm R).
  private mutating func unindex(_ slot: Slot) {
    let mask = unsafe index.count - 1
    var gap = Int(Self.tag(self[slot].key)) & mask
    while unsafe index[gap].occupant != slot + 1 { gap = (gap + 1) & mask }
    var position = gap
    while true {
      position = (position + 1) & mask
      let entry = unsafe index[position]
      if entry.occupant == 0 { break }
      let home = Int(entry.tag) & mask
      // The entry may move back only as far as its home.
      if (position - home) & mask >= (position - gap) & mask {
        unsafe index[gap] = entry
        gap = position
      }
    }
    unsafe index[gap] = IndexEntry(tag: 0, occupant: 0)
  }

  // MARK: Expiry

  /// The slot of a flow that ends before `now`, if there is one: the one that ends first.
  ///
  /// The heap that this needs is built when it is first asked for, which is when the table first
  /// fills up: a table that is large enough never pays for it.
  mutating func nextExpired(before now: Stamp, timeouts: IdleTimeouts) -> Slot? {
    if expiry == nil { buildExpiry(timeouts) }
    while let first = expiry?.first {
      guard first.time < now.nanoseconds else { return nil }
      let time = timeouts.end(of: self[first.slot])
      if time <= first.time { return first.slot }
      expiryUpdate(first.slot, timeouts)  // it has been seen since
    }
    return nil
  }

  /// To be called when a flow's ``Flow/lastSeen`` may have gone back, as when it begins anew.
  mutating func flowRestarted(_ slot: Slot, timeouts: IdleTimeouts) {
    if expiry != nil { expiryUpdate(slot, timeouts) }
  }

  private mutating func buildExpiry(_ timeouts: IdleTimeouts) {
    expiry = ExpiryHeap(timeouts: timeouts)
    for slot in slotsUsed where self[slot].state.contains(.isInTable) { expiryInsert(slot) }
  }

  private mutating func expiryInsert(_ slot: Slot) {
    guard let timeouts = expiry?.timeouts else { return }
    let time = timeouts.end(of: self[slot])
    unsafe expiry?.insert(slot, time: time, flows: flows)
  }

  private mutating func expiryUpdate(_ slot: Slot, _ timeouts: IdleTimeouts) {
    let time = timeouts.end(of: self[slot])
    unsafe expiry?.update(at: Int(flows[Int(slot)].expiryPosition), time: time, flows: flows)
  }

  private mutating func expiryRemove(_ slot: Slot) {
    unsafe expiry?.remove(at: Int(flows[Int(slot)].expiryPosition), flows: flows)
  }
}
