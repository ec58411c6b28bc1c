// A month as the reporter finds it.

import Foundation
import Tallies
import Testing
import TestSupport

@testable import Ledger

@Suite struct LedgerReaderTests {
  private static let january = 1_767_225_600 as Int64
  private static let february = 1_769_904_000 as Int64
  private static let hour = 3600 as Int64

  private func month(_ text: String) throws -> CalendarMonth { try #require(CalendarMonth(text)) }

  private func tallies(
    _ reader: borrowing LedgerReader, _ text: String
  ) throws -> [(TallyKey, TallyCounters)] {
    let none: [(TallyKey, TallyCounters)] = []
    let parts = try reader.sums(of: try month(text), from: none) { $0.append(($1, $2)) }
    #expect(parts.count == 2)
    return parts.flatMap { $0 }.sorted { $0.0.hour < $1.0.hour }
  }

  @Test("a tally is read as it was written")
  func roundTrip() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      let key = TallyKey(
        hour: Self.january, ipVersion: 6, transport: 17, servicePort: 65_535,
        network: Network(asn: .max, country: .unknown))
      try LedgerWriter.write(path, [key: .test(9)])
      let read = try tallies(LedgerReader(path: path), "2026-01")
      #expect(read.map(\.0) == [key])
      #expect(read.map(\.1) == [.test(9)])
    }
  }

  @Test("a month ends with its last hour, in the order of hours")
  func borders() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      let hours = [
        Self.january - Self.hour, Self.january, Self.january + Self.hour,
        Self.february - Self.hour, Self.february,
      ]
      try LedgerWriter.write(
        path, Dictionary(uniqueKeysWithValues: hours.map { (.test(hour: $0), .test()) }))
      let reader = try LedgerReader(path: path)
      #expect(try tallies(reader, "2025-12").map(\.0.hour) == [hours[0]])
      #expect(try tallies(reader, "2026-01").map(\.0.hour) == Array(hours[1...3]))
      #expect(try tallies(reader, "2026-02").map(\.0.hour) == [hours[4]])
      #expect(try tallies(reader, "2026-03").isEmpty)
      #expect(try reader.months() == ["2025-12", "2026-01", "2026-02"].map { try month($0) })
    }
  }

  @Test("months are those that have a tally, in order, from any age")
  func months() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      let months = try [
        "1901-12", "1969-12", "1970-01", "1999-12", "2000-02", "2026-01", "2261-12",
      ]
      .map { try month($0) }
      var tallies: TallyMap = [:]
      for month in months.shuffled() {
        for hour in [month.seconds.lowerBound, month.seconds.upperBound - Self.hour] {
          for port in UInt16(1)..<20 { tallies[.test(hour: hour, port: port)] = .test() }
        }
      }
      try LedgerWriter.write(path, tallies)
      #expect(try LedgerReader(path: path).months() == months)
    }
  }

  @Test("a ledger without tallies has no months")
  func noMonths() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      try LedgerWriter.write(path)
      let reader = try LedgerReader(path: path)
      #expect(try reader.months().isEmpty)
      #expect(try reader.networkNames().isEmpty)
    }
  }

  @Test("a capture belongs to every month that it covers a second of")
  func captures() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      // Each with its own number of packets, to tell it by.
      let observed: [[ClosedRange<Int64>]] = [
        [Self.january - 10...Self.january - 1],
        [Self.january - 10...Self.january],
        [Self.january + 5...Self.january + 6, Self.january + 20...Self.january + 30],
        [Self.february - 1...Self.february - 1],
        [Self.february...Self.february],
        // Around the whole month, but not within it.
        [Self.january - 20...Self.january - 15, Self.february + 15...Self.february + 20],
        [],
      ]
      let entries = observed.enumerated().map { number, intervals in
        var entry = CaptureEntry.file("\(number)")
        entry.record = .test()
        entry.record.observed = ObservedTime(intervals: intervals)
        entry.record.packets = UInt64(number + 1)
        entry.record.isCutOff = number == 2
        return entry
      }
      try LedgerWriter.write(path, captures: entries)
      let reader = try LedgerReader(path: path)
      let january = try reader.captures(overlapping: month("2026-01"))
      #expect(january.records == [1, 2, 3].map { entries[$0].record })
      #expect(
        january.collectors == [
          CollectorRecord(version: "1.2.3", configurationHash: "c0ffee", programDigest: "d1")
        ])
      let others = try ["2025-12", "2026-02", "2026-03"].map {
        try reader.captures(overlapping: month($0)).records.map(\.packets)
      }
      #expect(others == [[1, 2, 6], [5, 6], []])
    }
  }

  @Test("the databases of a month are those that its captures used")
  func databases() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      var context = CollectionContext.test
      try LedgerWriter.write(
        path, captures: [.file("one", observed: Self.january...Self.january)], context: context)
      context.databases = [.test(.asn, "a"), .test(.country, "c")]
      try LedgerWriter.write(
        path, captures: [.file("two", observed: Self.february...Self.february)], context: context)
      let reader = try LedgerReader(path: path)
      #expect(
        try reader.captures(overlapping: month("2026-01")).databases
          == [.test(.asn, "a"), .test(.country, "b")])
      #expect(
        try reader.captures(overlapping: month("2026-02")).databases
          == [.test(.asn, "a"), .test(.country, "c")])
      #expect(try reader.captures(overlapping: month("2026-03")).databases == [])
    }
  }

  @Test("a reader sees one moment of the ledger, however much is committed meanwhile")
  func snapshot() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      let entry = CaptureEntry.file("one", observed: Self.january...Self.january)
      try LedgerWriter.write(path, [.test(): .test()], captures: [entry], names: [1: "One"])
      let reader = try LedgerReader(path: path)
      for round in 0..<3 {
        try LedgerWriter.write(
          path, [.test(): .test(), .test(port: UInt16(round)): .test()],
          captures: [.file("more \(round)", observed: Self.january...Self.january)],
          names: [1: "Another", 2: "Two"])
        let read = try tallies(reader, "2026-01")
        #expect(read.map(\.1) == [.test()])
        #expect(try reader.captures(overlapping: month("2026-01")).records.count == 1)
        #expect(try reader.networkNames() == [1: "One"])
      }
      let later = try LedgerReader(path: path)
      #expect(try tallies(later, "2026-01").count == 4)
      #expect(try later.networkNames() == [1: "Another", 2: "Two"])
    }
  }

  @Test("both threads of a reader see the same moment, while commits go on all the time")
  func snapshotOfBothThreads() async throws {
    let folder = try makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "ledger").path
    // Each commit adds the same to every day of the month.
    let days = (0..<31).map { TallyKey.test(hour: Self.january + $0 * 24 * Self.hour) }
    let month: TallyMap = Dictionary(uniqueKeysWithValues: days.map { ($0, .test()) })
    try LedgerWriter.write(path, month)
    let writing = Task.detached {
      while !Task.isCancelled { try LedgerWriter.write(path, month) }
    }
    var moments: Set<UInt64> = []
    while moments.count < 400 {
      let read = try tallies(LedgerReader(path: path), "2026-01")
      let flows = Set(read.map(\.1.flows))
      #expect(read.count == 31)
      #expect(flows.count == 1)
      moments.formUnion(flows)
    }
    writing.cancel()
    try await writing.value
  }

  @Test("a reader does not wait for a writer in the middle of its transaction, nor see it")
  func openTransaction() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      try LedgerWriter.write(path, [.test(): .test()])
      var writer = try LedgerWriter(path: path)
      try writer.add([.test(): .test(), .test(port: 1): .test()])
      #expect(try tallies(LedgerReader(path: path), "2026-01").map(\.1) == [.test()])
      _ = try writer.commit([], context: .test, networkNames: [:], allowingAgain: false)
      #expect(try tallies(LedgerReader(path: path), "2026-01").count == 2)
    }
  }
}
