// The table of flows against a dictionary.

import Packets
import Tallies
import Testing
import TestSupport

@testable import Flows

@Suite struct FlowTableTests {
  private static func key(_ hash: UInt64) -> FlowKey {
    FlowKey(hash: hash, servicePort: 443, ipVersion: .v4, transport: .tcp)
  }

  private static func flow(_ key: FlowKey, second: Int64 = 0) -> Flow {
    Flow(key: key, stamp: Stamp(nanoseconds: second * 1_000_000_000), hour: Hour(index: 0))
  }

  /// Pairs whose hashes share their upper half.
  private static let colliding = (1...9).flatMap { (pair: UInt64) in
    let tag = pair &* 0x9e37_79b9_7f4a_7c15 & 0xffff_ffff_0000_0000
    return [key(tag | pair), key(tag | pair << 8)]
  }

  /// Keys at home within a few places of the index's end, so that probing wraps around.
  private static let crowded: [FlowKey] = [1021, 1022, 1023, 0, 1].flatMap { (home: UInt64) in
    (1...12).map { key(($0 << 10 | home) << 32 | $0) }
  }

  private static let ordinary: [FlowKey] = {
    var generator = SeededGenerator(seed: 1)
    return (0..<2500).map { _ in key(generator.next()) }
  }()

  @Test("the colliding keys do collide")
  func collisions() {
    for position in stride(from: 0, to: Self.colliding.count, by: 2) {
      let (one, other) = (Self.colliding[position], Self.colliding[position + 1])
      #expect(one.hash >> 32 == other.hash >> 32)
      #expect(one.hash != other.hash)
    }
    #expect(Self.crowded.count > 50)
  }

  private static let keySets: [(name: String, keys: [FlowKey], capacity: Int)] = [
    ("colliding tags", colliding, 12), ("crowded homes", crowded, 40),
    ("crowded homes, all at once", crowded, crowded.count),
    ("a table that grows", ordinary, 2200), ("a single place", Array(ordinary.prefix(3)), 1),
  ]

  @Test(
    "any sequence of insertions and removals finds what a dictionary finds",
    arguments: keySets.indices)
  func dictionary(position: Int) {
    let (name, keys, capacity) = Self.keySets[position]
    var generator = SeededGenerator(seed: UInt64(position))
    var table = FlowTable(capacity: capacity)
    var model: [UInt64: (slot: Slot, packets: UInt32)] = [:]
    var differences = 0
    for step in 0..<12_000 {
      let key = keys[Int.random(in: keys.indices, using: &generator)]
      let found = table.find(key)
      if found != model[key.hash]?.slot { differences += 1 }
      if let found {
        if table[found].key != key.hash { differences += 1 }
        if table[found].packetsOut != model[key.hash]?.packets { differences += 1 }
        // Phases of filling and of emptying.
        if generator.chance(step / 3000 % 2 == 0 ? 0.1 : 0.9) {
          table.remove(found)
          model[key.hash] = nil
        } else {
          table[found].packetsOut += 1
          model[key.hash]?.packets += 1
        }
      } else if !table.isFull {
        let slot = table.insert(Self.flow(key))
        if model.values.contains(where: { $0.slot == slot }) || slot >= capacity {
          differences += 1
        }
        model[key.hash] = (slot, 0)
      }
      if table.count != model.count || table.isFull != (model.count == capacity) {
        differences += 1
      }
      if step % 500 == 0, Set(table.occupiedSlots) != Set(model.values.map(\.slot)) {
        differences += 1
      }
    }
    #expect(differences == 0, "\(name)")
    // And in the end every key, not only those that were drawn.
    for key in keys {
      let found = table.find(key)
      #expect(found == model[key.hash]?.slot, "\(name)")
    }
    let count = table.occupiedSlots.count
    #expect(count == model.count)
  }

  @Test("a flow is found whatever slot it is guessed to be in")
  func guesses() {
    var table = FlowTable(capacity: 4)
    let (one, other) = (Self.key(1 << 32), Self.key(2 << 32))
    let slot = table.insert(Self.flow(one))
    for guess in [slot, slot + 1, FlowTable.none] {
      let found = table.find(one, probably: guess)
      #expect(found == slot)
    }
    table.remove(slot)
    let gone = table.find(one, probably: slot)
    #expect(gone == nil)
    let reused = table.insert(Self.flow(other))
    #expect(reused == slot)
    let taken = table.find(one, probably: slot)
    #expect(taken == nil)
  }

  @Test("a flow of 64 equal bits is not taken for another of a different kind")
  func kind() {
    var table = FlowTable(capacity: 4)
    let key = Self.key(0x1234_5678_9abc_def0)
    for change: (inout Flow) -> Void in [
      { $0.servicePort = 80 }, { $0.transport = .udp }, { $0.ipVersion = .v6 }, { $0.key ^= 1 },
    ] {
      var flow = Self.flow(key)
      change(&flow)
      let slot = table.insert(flow)
      let found = table.find(key)
      #expect(found == nil)
      let guessed = table.find(key, probably: slot)
      #expect(guessed == nil)
      table.remove(slot)
    }
    let slot = table.insert(Self.flow(key))
    let found = table.find(key)
    #expect(found == slot)
  }

  @Test("a flow takes a cache line")
  func size() {
    #expect(MemoryLayout<Flow>.size <= 64)
    #expect(MemoryLayout<Flow>.stride == 64)
  }

  @Test("hours are set aside up to the table's capacity, and taken back once")
  func setAside() {
    var table = FlowTable(capacity: 2)
    let slot = table.insert(Self.flow(Self.key(0x1234_5678_9abc_def0)))
    func setAside(_ hour: Int32) -> Bool {
      table[slot].hour = Hour(index: hour)
      table[slot].packetsOut += 1
      return table.setAsideCurrentHour(slot)
    }
    #expect(setAside(0))
    #expect(setAside(1))
    #expect(setAside(0), "an hour that waits already takes no more room")
    #expect(!setAside(2))
    let kept = table[slot].packetsOut
    #expect(kept == 1, "what was refused has not changed")
    let taken = table.takeSetAside(slot)
    #expect(taken[Hour(index: 0)]?.packetsOut == 2)
    #expect(taken[Hour(index: 1)]?.packetsOut == 1)
    #expect(taken.count == 2)
    let again = table.takeSetAside(slot)
    #expect(again.isEmpty)
    #expect(setAside(3))
    #expect(setAside(4))
    #expect(!setAside(5))
  }
}
