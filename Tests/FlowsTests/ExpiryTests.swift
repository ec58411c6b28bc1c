// Which flow idles out first, against a scan of all.

import Packets
import Tallies
import Testing
import TestSupport

@testable import Flows

@Suite struct ExpiryTests {
  private static let timeouts = IdleTimeouts(tcp: 300, udp: 60)

  private static func key(_ number: Int) -> FlowKey {
    FlowKey(
      hash: UInt64(number) &* 0x9e37_79b9_7f4a_7c15, servicePort: 443, ipVersion: .v4,
      transport: number % 3 == 0 ? .udp : .tcp)
  }

  @Test(
    "the flow that is named ended first, and none is named while none has ended",
    arguments: UInt64(0)..<20)
  func scan(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var table = FlowTable(capacity: 40)
    var ends: [Slot: Int64] = [:]
    var now: Int64 = 0
    var expired = 0
    for step in 0..<3000 {
      now += Int64.random(in: -5...12, using: &generator)
      let number = Int.random(in: 0..<80, using: &generator)
      let key = Self.key(number)
      let timeout: Int64 = number % 3 == 0 ? 60 : 300
      if let slot = table.find(key) {
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<2:
          table.remove(slot)
          ends[slot] = nil
        case 2..<4:
          // Begun anew, perhaps with an earlier stamp.
          var flow = Flow(key: key, stamp: Stamp(nanoseconds: now - 50), hour: Hour(index: 0))
          flow.expiryPosition = table[slot].expiryPosition
          table[slot] = flow
          table.flowRestarted(slot, timeouts: Self.timeouts)
          ends[slot] = now - 50 + timeout
        default:
          table[slot].lastSeen = max(table[slot].lastSeen, now)
          ends[slot] = table[slot].lastSeen + timeout
        }
      } else if !table.isFull {
        let flow = Flow(key: key, stamp: Stamp(nanoseconds: now), hour: Hour(index: 0))
        ends[table.insert(flow)] = now + timeout
      }
      // Not before the first 500 steps, so that the heap is built from a table in use.
      guard step > 500, generator.chance(0.3) else { continue }
      let named = table.nextExpired(before: Stamp(nanoseconds: now), timeouts: Self.timeouts)
      let first = ends.values.min() ?? .max
      if first < now {
        #expect(named.flatMap { ends[$0] } == first)
        if let named {
          table.remove(named)
          ends[named] = nil
          expired += 1
        }
      } else {
        #expect(named == nil)
      }
    }
    #expect(expired > 20)
    // All of them, in their order.
    var order: [Int64] = []
    while let named = table.nextExpired(
      before: Stamp(nanoseconds: .max), timeouts: Self.timeouts)
    {
      order.append(ends[named] ?? .min)
      table.remove(named)
    }
    #expect(order == ends.values.sorted())
    let left = table.count
    #expect(left == 0)
  }

  @Test("a flow has not ended at the moment that its silence reaches the limit")
  func limit() {
    var table = FlowTable(capacity: 2)
    for number in [1, 3] {
      _ = table.insert(
        Flow(key: Self.key(number), stamp: Stamp(nanoseconds: 1000), hour: Hour(index: 0)))
    }
    for (now, transport) in [
      (1060, nil), (1061, .udp), (1300, nil), (1301, .tcp),
    ] as [(Int64, Transport?)] {
      let named = table.nextExpired(before: Stamp(nanoseconds: now), timeouts: Self.timeouts)
      let found = named.map { table[$0].transport }
      #expect(found == transport)
      if let named { table.remove(named) }
    }
  }

  @Test("the end of a flow at the end of time does not overflow")
  func overflow() {
    let flow = Flow(key: Self.key(1), stamp: Stamp(nanoseconds: .max - 10), hour: Hour(index: 0))
    #expect(Self.timeouts.end(of: flow) == .max)
  }
}
