// What waits for the ledger: nothing is added to a sealed hour, and memory is bounded.

import Ledger
import Tallies
import Testing

@testable import weir_collect

private let hour: Int64 = 1_790_000_000 / 3600 * 3600

private func key(_ port: UInt16, hour: Int64 = hour) -> TallyKey {
  TallyKey(hour: hour, ipVersion: 4, transport: 6, servicePort: port, network: .unknown)
}

private func counters(_ packets: UInt64) -> TallyCounters {
  var counters = TallyCounters()
  counters.flows = 1
  counters.packetsOut = packets
  return counters
}

private func record(counted: UInt64) -> CaptureRecord {
  var record = CaptureRecord()
  record.packets = counted
  record.packetsCounted = counted
  return record
}

private func capture(day: Int64 = 1) -> PendingCapture {
  PendingCapture(
    entry: RunningEntry(source: "mirror"),
    context: CollectionContext(collectorVersion: "1", configurationHash: "", databases: []),
    day: day)
}

@Suite struct PendingCountsTests {
  @Test(
    "an hour takes packets until five minutes after its end, by the clock of that moment",
    arguments: [(0, true), (3600, true), (3600 + 299, true), (3600 + 300, false), (7200, false)])
  func sealing(after seconds: Int64, isOpen: Bool) {
    var pending = PendingCounts(maximumTallies: 10, first: capture())
    let account = pending.add([key(80): counters(7)], record(counted: 7), now: hour + seconds)
    #expect(account.packetsCounted == (isOpen ? 7 : 0))
    #expect(account.leftOut[.sealedHour] == (isOpen ? 0 : 7))
    #expect(pending.tallies.count == (isOpen ? 1 : 0))
    #expect(pending.current.entry.addition == account)
  }

  @Test("after the clock was set back, its hours are open again; hours to come always are")
  func setBack() {
    var pending = PendingCounts(maximumTallies: 10, first: capture())
    pending.add([key(80): counters(1)], record(counted: 1), now: hour + 7200)
    #expect(pending.tallies.isEmpty)
    pending.add([key(80): counters(1)], record(counted: 1), now: hour + 1800)
    pending.add([key(80, hour: hour + 3600): counters(1)], record(counted: 1), now: hour + 1800)
    #expect(pending.packets == 2)
  }

  @Test("what waited before its hour was sealed is kept, however long the ledger is unavailable")
  func kept() {
    var pending = PendingCounts(maximumTallies: 10, first: capture())
    pending.add([key(80): counters(5)], record(counted: 5), now: hour + 10)
    pending.add([:], record(counted: 0), now: hour + 86_400)
    #expect(pending.tallies == [key(80): counters(5)])
  }

  @Test("beyond the bound only tallies that are there grow, and the rest is left out and counted")
  func bound() {
    var pending = PendingCounts(maximumTallies: 3, first: capture())
    for port: UInt16 in 1...5 {
      pending.add([key(port): counters(10)], record(counted: 10), now: hour)
    }
    pending.add([key(1): counters(4)], record(counted: 4), now: hour)
    #expect(pending.tallies.count == 3)
    #expect(pending.packets == 34)
    let account = pending.current.entry.addition
    #expect(account.packetsCounted == 34)
    #expect(account.leftOut[.ledgerUnavailable] == 20)
    #expect(account.packets == 54)
  }

  @Test("a capture without anything in it leaves no row, one with something waits for its flush")
  func captures() {
    var pending = PendingCounts(maximumTallies: 3, first: capture(day: 1))
    pending.beginCapture(capture(day: 2))
    #expect(pending.captures.map(\.day) == [2])
    pending.add([key(1): counters(1)], record(counted: 1), now: hour)
    pending.beginCapture(capture(day: 3))
    pending.add([key(1): counters(2)], record(counted: 2), now: hour)
    #expect(pending.captures.map(\.day) == [2, 3])
    #expect(pending.captures.map(\.entry.addition.packets) == [1, 2])
    pending.wasFlushed(rows: [nil, nil])
    #expect(pending.captures.map(\.day) == [3])
    #expect(pending.tallies.isEmpty)
    #expect(pending.current.isEmpty)
  }
}
