// Thinning with age: what is folded when, and that every sum stays what it was.

import Foundation
import Tallies
import Testing
import TestSupport

@testable import Ledger

private let ages = FoldingAges(hoursForDays: 2, daysForMonths: 13)

private func month(_ text: String) throws -> CalendarMonth { try #require(CalendarMonth(text)) }

/// Folds all that is due, and gives back what is freed.
private func fold(_ path: String, at now: Int64, _ ages: FoldingAges = ages) throws
  -> [FoldedStretch]
{
  let folding = try LedgerFolding(path: path)
  var done: [FoldedStretch] = []
  while let stretch = try folding.foldNext(at: now, ages) { done.append(stretch) }
  while try folding.shrinkNext() {}
  return done
}

@Suite struct FoldingTests {
  private static let sums = (Schema.sums.map { "sum(\($0))" } + Schema.maxima.map { "max(\($0))" })
    .joined(separator: ", ")

  /// Every marginal of a ledger: by each set of columns, of each month, and of each day where the
  /// month has days to tell of.
  private static func marginals(_ path: String, days: String) throws -> [[String]] {
    let keys = ["ip_version", "protocol", "port", "asn", "country"]
    let monthly = "strftime('%Y-%m', hour, 'unixepoch')"
    var all: [[String]] = []
    for subset in 0..<(1 << keys.count) {
      let columns = keys.indices.filter { subset >> $0 & 1 == 1 }.map { keys[$0] } + [monthly]
      let list = columns.joined(separator: ", ")
      all += try rows(
        path, "SELECT \(list), \(sums) FROM tallies GROUP BY \(list) ORDER BY \(list)",
        columns: Int32(columns.count + 7))
    }
    all += try rows(
      path,
      """
      SELECT date(hour, 'unixepoch') AS day, port, asn, \(sums) FROM tallies
      WHERE \(days) GROUP BY day, port, asn ORDER BY day, port, asn
      """, columns: 10)
    return all
  }

  private static func randomLedger(_ path: String, seed: UInt64, months: [String]) throws {
    var random = SeededGenerator(seed: seed)
    var tallies: TallyMap = [:]
    for text in months {
      let seconds = try month(text).seconds
      for _ in 0..<Int.random(in: 50...400, using: &random) {
        let hour =
          Int64.random(in: seconds.lowerBound / 3600..<seconds.upperBound / 3600, using: &random)
          * 3600
        var key = TallyKey.test(
          hour: hour, port: [53, 80, 443].randomElement(using: &random) ?? 0,
          asn: UInt32.random(in: 0...3, using: &random),
          country: ["DE", "ZZ"].randomElement(using: &random) ?? "")
        key.ipVersion = Bool.random(using: &random) ? 4 : 6
        key.transport = Bool.random(using: &random) ? 6 : 17
        var counters = TallyCounters.test(UInt64.random(in: 1...1000, using: &random))
        counters.largestFlow = UInt64.random(in: 0...1_000_000, using: &random)
        tallies[key] = counters
      }
      // The very first and the very last hour of a month, too.
      tallies[.test(hour: seconds.lowerBound)] = .test(3)
      tallies[.test(hour: seconds.upperBound - 3600)] = .test(5)
    }
    try LedgerWriter.write(path, tallies, captures: [.file("\(seed)")])
  }

  @Test("every marginal is the same before and after", arguments: 1...6 as ClosedRange<UInt64>)
  func marginals(seed: UInt64) throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      // One to become a month, two to become days, one that is not final.
      try Self.randomLedger(path, seed: seed, months: ["2024-02", "2025-01", "2025-12", "2026-01"])
      let now = try month("2026-02").seconds.lowerBound + 86_400
      let lateDays = "hour >= \(try month("2025-01").seconds.lowerBound)"
      let before = try Self.marginals(path, days: lateDays)
      let count = try #require(Int(value(path, "SELECT count(*) FROM tallies") ?? ""))
      let unfinished = try rows(
        path, "SELECT * FROM tallies WHERE hour >= \(month("2026-01").seconds.lowerBound)",
        columns: 13)

      #expect(try LedgerFolding(path: path).due(at: now, ages) == fold(path, at: now))

      #expect(try Self.marginals(path, days: lateDays) == before)
      #expect(try #require(Int(value(path, "SELECT count(*) FROM tallies") ?? "")) < count)
      #expect(
        try rows(
          path, "SELECT * FROM tallies WHERE hour >= \(month("2026-01").seconds.lowerBound)",
          columns: 13)
          == unfinished)
      #expect(try value(path, "PRAGMA integrity_check") == "ok")
      #expect(
        try rows(
          path,
          "SELECT DISTINCT hour % 86400 FROM tallies WHERE hour < \(month("2026-01").seconds.lowerBound)"
        )
          == [["0"]])
      #expect(
        try rows(
          path,
          "SELECT DISTINCT date(hour, 'unixepoch') FROM tallies WHERE hour < \(month("2025-01").seconds.lowerBound)"
        )
          == [["2024-02-01"]])
      let reader = try LedgerReader(path: path)
      #expect(try reader.longestSpan(in: month("2024-02")) == .month)
      #expect(try reader.longestSpan(in: month("2025-01")) == .day)
      #expect(try reader.longestSpan(in: month("2025-12")) == .day)
      #expect(try reader.longestSpan(in: month("2026-01")) == .hour)
      // Nothing is left to do.
      #expect(try fold(path, at: now) == [])
    }
  }

  @Test(
    "a month is final some days after its end, and one piece some months after it",
    arguments: [
      (2, 13, "2026-01", 2 * 86_400 - 1, [] as [TallySpan]), (2, 13, "2026-01", 2 * 86_400, [.day]),
      (0, 13, "2026-01", -1, []), (0, 13, "2026-01", 0, [.day]),
      (2, 13, "2024-12", 365 * 86_400, [.day]), (2, 13, "2024-12", 396 * 86_400 - 1, [.day]),
      (2, 13, "2024-12", 396 * 86_400, [.day, .month]),
      (2, 0, "2026-01", 2 * 86_400, [.day, .month]),
      (40, 1, "2026-01", 39 * 86_400, []),
    ])
  func due(days: Int, months: Int, of name: String, after: Int, spans: [TallySpan]) throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      let month = try month(name)
      try LedgerWriter.write(path, [.test(hour: month.seconds.lowerBound + 7200): .test()])
      let ages = FoldingAges(hoursForDays: days, daysForMonths: months)
      let now = month.seconds.upperBound + Int64(after)
      #expect(try LedgerFolding(path: path).due(at: now, ages).map(\.span) == spans)
      #expect(try fold(path, at: now, ages).map(\.span) == spans)
    }
  }

  @Test("what comes late goes to the others of its day or month")
  func late() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      let (old, recent) = (
        try month("2024-01").seconds.lowerBound, try month("2025-12").seconds.lowerBound
      )
      try LedgerWriter.write(
        path, [.test(hour: old + 90_000): .test(1), .test(hour: recent + 90_000): .test(1)])
      _ = try fold(path, at: recent + 60 * 86_400)
      try LedgerWriter.write(
        path,
        [
          .test(hour: old + 3600): .test(2), .test(hour: old + 20 * 86_400): .test(4),
          .test(hour: recent + 93_600): .test(2), .test(hour: recent + 864_000): .test(8),
        ])
      #expect(
        try rows(path, "SELECT hour, flows FROM tallies", columns: 2) == [
          ["\(old)", "7"], ["\(recent + 86_400)", "3"], ["\(recent + 864_000)", "8"],
        ])
      // A day of which there was nothing is folded when there is something.
      #expect(
        try fold(path, at: recent + 60 * 86_400).map(\.seconds.lowerBound) == [recent + 864_000])
    }
  }

  @Test("hours that were folded are nowhere in the files any more, and the file is smaller")
  func overwritten() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      let first = try month("2025-12").seconds.lowerBound
      var tallies: TallyMap = [:]
      for hour in 0..<Int64(31 * 24) {
        for port in 1...20 {
          tallies[.test(hour: first + hour * 3600, port: UInt16(port))] = .test()
        }
      }
      try LedgerWriter.write(path, tallies)
      // Each hour in the four bytes in which SQLite stores it, from most to least significant.
      func hoursFound() throws -> Set<Int64> {
        var found: Set<Int64> = []
        for name in ["", "-wal"] {
          let data = try Data(contentsOf: URL(filePath: path + name))
          for hour in stride(from: first, to: first + 31 * 86_400, by: 3600) {
            let bytes = Data((0..<4).map { UInt8(truncatingIfNeeded: hour >> (24 - 8 * $0)) })
            if data.range(of: bytes) != nil { found.insert(hour) }
          }
        }
        return found
      }
      let size = try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
      #expect(try hoursFound().count == 31 * 24)
      _ = try fold(path, at: first + 60 * 86_400, FoldingAges(hoursForDays: 2, daysForMonths: 0))
      #expect(try hoursFound() == [first])
      #expect(try value(path, "PRAGMA freelist_count") == "0")
      let after = try #require(
        try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
      #expect(after * 2 < size)
    }
  }

  @Test("a reader meanwhile sees what it saw before, and nothing is kept from being folded")
  func reader() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      try Self.randomLedger(path, seed: 5, months: ["2025-12"])
      let reader = try LedgerReader(path: path)
      func hours(_ reader: borrowing LedgerReader) throws -> Int {
        let none: Set<Int64> = []
        return try reader.sums(of: month("2025-12"), from: none) { hours, key, _ in
          hours.insert(key.hour)
        }
        .reduce(into: none) { $0.formUnion($1) }.count
      }
      let before = try hours(reader)
      #expect(try !fold(path, at: month("2026-03").seconds.lowerBound).isEmpty)
      #expect(try hours(reader) == before)
      #expect(try reader.longestSpan(in: month("2025-12")) == .hour)
      #expect(try hours(LedgerReader(path: path)) <= 31)
    }
  }

  @Test("a ledger that can't give pages back is written anew")
  func rewritten() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      try Self.randomLedger(path, seed: 7, months: ["2025-11", "2025-12"])
      try execute(
        path,
        "PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM; PRAGMA journal_mode = WAL"
      )
      let before = try Self.marginals(path, days: "1")
      _ = try fold(path, at: month("2026-03").seconds.lowerBound)
      #expect(try value(path, "PRAGMA freelist_count") != "0")
      let folding = try LedgerFolding(path: path)
      #expect(try folding.freeBytes() > 0)
      try folding.rewriteIfNeeded()
      #expect(try folding.freeBytes() == 0)
      #expect(try value(path, "PRAGMA auto_vacuum") == "2")
      #expect(try Self.marginals(path, days: "1") == before)
    }
  }

  @Test("no column of a tally is forgotten")
  func columns() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "ledger").path
      try LedgerWriter.write(path)
      let names = try rows(path, "SELECT name FROM pragma_table_info('tallies') ORDER BY cid").map {
        $0[0]
      }
      #expect(names.dropFirst(6) == (Schema.sums + Schema.maxima)[...])
    }
  }
}
