// A capture that goes on: one row, brought up to date with each flush, with the tallies or not at all.

import Foundation
import Tallies
import Testing
import TestSupport

@testable import Ledger

@Suite struct RunningCaptureTests {
  private let context = CollectionContext(
    collectorVersion: "1", configurationHash: "", databases: [])

  private func record(_ packets: UInt64, observed: ClosedRange<Int64>) -> CaptureRecord {
    var record = CaptureRecord()
    record.packets = packets
    record.packetsCounted = packets
    record.droppedByKernel = 1
    record.leftOut[.sealedHour] = 2
    record.observed = ObservedTime(intervals: [observed])
    return record
  }

  @Test("flushes add to one row, and its coverage grows")
  func grows() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      var writer = try LedgerWriter(path: path)
      var entry = RunningEntry(source: "mirror")
      for (packets, observed) in [(5, 100...109), (0, 109...119), (7, 300...310)]
        as [(UInt64, ClosedRange<Int64>)]
      {
        entry.add(record(packets, observed: observed))
        let rows = try writer.flush([.test(): .test()], [(entry, context)], networkNames: [:])
        entry.wasFlushed(row: rows[0])
      }
      #expect(
        try rows(
          path,
          "SELECT packets, packets_counted, dropped_kernel, left_out_sealed_hour, began, ended FROM captures",
          columns: 6) == [["12", "12", "3", "6", "100", "310"]])
      #expect(
        try rows(path, "SELECT began, ended FROM coverage ORDER BY began", columns: 2)
          == [["100", "119"], ["300", "310"]])
      #expect(try value(path, "SELECT flows FROM tallies") == "\(3 * TallyCounters.test().flows)")
    }
  }

  @Test("a flush without anything to add makes no row")
  func nothing() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      var writer = try LedgerWriter(path: path)
      let rows = try writer.flush(
        [:], [(RunningEntry(source: "mirror"), context)], networkNames: [:])
      #expect(rows == [nil])
      #expect(try value(path, "SELECT count(*) FROM captures") == "0")
    }
  }

  @Test("a row that is not the one that was entered is left alone")
  func anotherRow() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      var writer = try LedgerWriter(path: path)
      var entry = RunningEntry(source: "mirror")
      entry.add(record(5, observed: 100...109))
      let first = try writer.flush([:], [(entry, context)], networkNames: [:])
      var other = RunningEntry(source: "another")
      other.row = first[0]
      other.add(record(9, observed: 100...109))
      let second = try writer.flush([:], [(other, context)], networkNames: [:])
      #expect(second != first)
      #expect(
        try rows(path, "SELECT source, packets FROM captures ORDER BY id", columns: 2)
          == [["mirror", "5"], ["another", "9"]])
    }
  }

  @Test("what captures of one source observed in a stretch of time is told, whoever entered them")
  func observedBefore() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      var writer = try LedgerWriter(path: path)
      #expect(try writer.observedTime(of: "mirror", in: 0..<1000).intervals == [])
      for (source, seconds) in [
        ("mirror", 100...109), ("mirror", 105...119), ("mirror", 190...210), ("other", 150...159),
      ]
        as [(String, ClosedRange<Int64>)]
      {
        var entry = RunningEntry(source: source)
        entry.add(record(5, observed: seconds))
        _ = try writer.flush([:], [(entry, context)], networkNames: [:])
      }
      #expect(
        try writer.observedTime(of: "mirror", in: 0..<1000).intervals == [100...119, 190...210])
      #expect(
        try writer.observedTime(of: "mirror", in: 110..<200).intervals == [110...119, 190...199])
      #expect(try writer.observedTime(of: "nowhere", in: 0..<1000).intervals == [])
    }
  }

  @Test("after a ledger was locked the same counts are flushed once")
  func locked() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      var entry = RunningEntry(source: "mirror")
      entry.add(record(5, observed: 100...109))
      var writer = try LedgerWriter(path: path, patience: 0)
      let row = try writer.flush([.test(): .test()], [(entry, context)], networkNames: [:])
      entry.wasFlushed(row: row[0])
      entry.add(record(6, observed: 110...119))
      do {
        let other = try Connection(path: path, flags: 2)
        try other.execute("BEGIN IMMEDIATE")
        var wasLocked = false
        do throws(LedgerError) {
          _ = try writer.flush([.test(): .test()], [(entry, context)], networkNames: [:])
        } catch {
          if case .locked = error { wasLocked = true }
        }
        #expect(wasLocked)
        try other.execute("ROLLBACK")
      }
      _ = try writer.flush([.test(): .test()], [(entry, context)], networkNames: [:])
      #expect(try value(path, "SELECT packets FROM captures") == "11")
      #expect(try value(path, "SELECT count(*) FROM captures") == "1")
      #expect(try value(path, "SELECT flows FROM tallies") == "\(2 * TallyCounters.test().flows)")
    }
  }
}
