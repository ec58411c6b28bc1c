// What has been counted and is not in the ledger yet. While the ledger can't be written to, it waits
// here, in bounded memory.

import Ledger
import Tallies

/// One row of the ledger's `captures`, as far as it is not there yet.
struct PendingCapture {
  var entry: RunningEntry
  var context: CollectionContext
  /// Day of UTC that the row is for, counted from 1970: a month's loss is that of its days.
  var day: Int64

  var isEmpty: Bool { entry.addition == CaptureRecord() }
}

struct PendingCounts {
  /// Hours stay open this long after their end, in seconds, for packets that were on their way.
  static let grace: Int64 = 300

  /// Tallies that wait at most. Packets that would need another one are left out, and counted so.
  let maximumTallies: Int
  private(set) var tallies: TallyMap = [:]
  /// Oldest first. What is counted goes to the last one.
  private(set) var captures: [PendingCapture]

  init(maximumTallies: Int, first: PendingCapture) {
    self.maximumTallies = maximumTallies
    captures = [first]
  }

  /// Adds what was counted since the last call.
  /// - Parameter now: what the clock says, in Unix seconds: hours that ended more than ``grace`` before
  ///   are sealed, and what comes for them is left out.
  /// - Returns: the account of it, with what had to be left out.
  @discardableResult
  mutating func add(_ new: TallyMap, _ record: CaptureRecord, now: Int64) -> CaptureRecord {
    var record = record
    let firstOpenHour = (now - Self.grace).floorDivided(by: 3600) * 3600
    for (key, counters) in new {
      let reason: LeftOutReason
      if key.hour < firstOpenHour {
        reason = .sealedHour
      } else if tallies[key] == nil, tallies.count >= maximumTallies {
        reason = .ledgerUnavailable
      } else {
        tallies[key, default: TallyCounters()] += counters
        continue
      }
      record.leftOut[reason] += counters.packets
      record.packetsCounted -= min(record.packetsCounted, counters.packets)
    }
    captures[captures.count - 1].entry.add(record)
    return record
  }

  /// From now on what is counted belongs to another row.
  mutating func beginCapture(_ capture: PendingCapture) {
    if captures[captures.count - 1].isEmpty, captures[captures.count - 1].entry.row == nil {
      captures.removeLast()
    }
    captures.append(capture)
  }

  var current: PendingCapture { captures[captures.count - 1] }

  /// All of it is in the ledger.
  /// - Parameter rows: of the captures, as the ledger gave them.
  mutating func wasFlushed(rows: [RunningRow?]) {
    tallies = [:]
    captures = [captures[captures.count - 1]]
    captures[0].entry.wasFlushed(row: rows.last ?? nil)
  }

  /// The rows are of a ledger that is no longer there: what waits begins anew in the next one.
  mutating func forgetRows() {
    for position in captures.indices { captures[position].entry.row = nil }
  }

  /// Packets that wait.
  var packets: UInt64 { tallies.values.reduce(0) { $0 + $1.packets } }
}
