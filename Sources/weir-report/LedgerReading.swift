// From ledgers to the months that they hold, exact and unpublished.

import Console
import Disclosure
import Glibc
import Ledger
import Synchronization
import Tallies

/// A month was asked for that no ledger has.
struct NoSuchMonth: Error, CustomStringConvertible {
  var month: CalendarMonth?
  var available: [CalendarMonth]

  var description: String {
    let asked = month.map { "no tallies of \($0)" } ?? "no tallies"
    let first = available.first.map { first in
      ": there are some from \(first) to \(available.last ?? first)"
    }
    return "\(asked) in the ledgers\(first ?? "")"
  }
}

/// A path that leads to the same file as one before it.
func fileNamedTwice(among paths: [String]) -> String? {
  struct File: Hashable {
    var device: UInt
    var inode: UInt
  }
  var seen: Set<File> = []
  return paths.first { path in
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return false }
    return !seen.insert(File(device: status.st_dev, inode: status.st_ino)).inserted
  }
}

struct LedgerReading {
  /// In ascending order.
  let months: [MonthTallies]

  /// - Parameters:
  ///   - relays: a name for each ledger's relay, or none.
  ///   - wanted: empty for every month of the ledgers.
  ///   - coveredUntil: up to when a month is read, given its first and last hour.
  init(
    paths: [String], relays: [String], months wanted: Set<CalendarMonth>,
    coveredUntil: (CalendarMonth, ClosedRange<Int64>) -> Int64
  ) throws {
    // Each is opened once, so that all that is read of it is of one moment.
    let ledgers = try paths.map { path throws(LedgerError) in try OpenLedger(path) }
    let ends = try Self.hours(ledgers).reduce(into: [CalendarMonth: Int64]()) {
      $0[$1.key] = coveredUntil($1.key, $1.value)
    }
    let progress = ReadingProgress()
    defer { progress.end() }
    var months: [CalendarMonth: MonthTallies] = [:]
    for (position, ledger) in ledgers.enumerated() {
      let names = try ledger.reader.networkNames()
      for month in ledger.months where wanted.isEmpty || wanted.contains(month) {
        let empty = MonthTallies(month: month, coveredUntil: ends[month])
        var tallies = months[month] ?? empty
        if position < relays.count { tallies.begin(relay: relays[position]) }
        let parts = try ledger.reader.sums(
          of: month, from: empty,
          begin: { [path = ledger.path] in progress.show(reading: $0, of: path) },
          { $0.add($1, $2) })
        for part in parts { tallies.addTallies(of: part) }
        if try ledger.reader.longestSpan(in: month) == .month { tallies.forgetDays() }
        let captures = try ledger.reader.captures(overlapping: month)
        for record in captures.records { tallies.add(record) }
        for database in captures.databases { tallies.add(database) }
        for collector in captures.collectors { tallies.add(collector) }
        for (asn, name) in names { tallies.name(asn: asn, name) }
        months[month] = tallies
      }
    }
    let available = Set(ledgers.flatMap(\.months))
    let missing = wanted.subtracting(months.keys)
    guard missing.isEmpty, !months.isEmpty else {
      throw NoSuchMonth(month: missing.min(), available: available.sorted())
    }
    self.months = months.values.sorted { $0.month < $1.month }
  }

  /// Of every month, the first and the last hour that any ledger has.
  private static func hours(
    _ ledgers: [OpenLedger]
  ) throws -> [CalendarMonth: ClosedRange<Int64>] {
    var hours: [CalendarMonth: ClosedRange<Int64>] = [:]
    for ledger in ledgers {
      for month in ledger.months {
        guard let these = try ledger.reader.hours(of: month) else { continue }
        let others = hours[month] ?? these
        hours[month] =
          min(these.lowerBound, others.lowerBound)...max(these.upperBound, others.upperBound)
      }
    }
    return hours
  }
}

/// A reader that can be kept in an array.
private final class OpenLedger {
  let reader: LedgerReader
  let months: [CalendarMonth]

  init(_ path: String) throws(LedgerError) {
    reader = try LedgerReader(path: path)
    months = try reader.months()
  }

  var path: String { reader.path }
}

/// What is being read, where standard error is a terminal.
private final class ReadingProgress: Sendable {
  private let line = Mutex(ProgressLine())

  func show(reading day: CalendarDate, of path: String) {
    line.withLock { $0?.show("reading \(day) of \(path)") }
  }

  func end() { line.withLock { $0?.clear() } }
}
