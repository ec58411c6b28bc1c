// From ledgers to the months that they hold, exact and unpublished.

import Disclosure
import Glibc
import Ledger
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

  /// - Parameter wanted: empty for every month of the ledgers.
  init(paths: [String], months wanted: Set<CalendarMonth>) throws {
    var available: Set<CalendarMonth> = []
    var months: [CalendarMonth: MonthTallies] = [:]
    for path in paths {
      let ledger = try LedgerReader(path: path)
      let inLedger = try ledger.months()
      available.formUnion(inLedger)
      let names = try ledger.networkNames()
      for month in inLedger where wanted.isEmpty || wanted.contains(month) {
        var tallies = months[month] ?? MonthTallies(month: month)
        for part in try ledger.sums(of: month, from: MonthTallies(month: month), { $0.add($1, $2) })
        {
          tallies.addTallies(of: part)
        }
        let captures = try ledger.captures(overlapping: month)
        for record in captures.records { tallies.add(record) }
        for database in captures.databases { tallies.add(database) }
        for collector in captures.collectors { tallies.add(collector) }
        for (asn, name) in names { tallies.name(asn: asn, name) }
        months[month] = tallies
      }
    }
    let missing = wanted.subtracting(months.keys)
    guard missing.isEmpty, !months.isEmpty else {
      throw NoSuchMonth(month: missing.min(), available: available.sorted())
    }
    self.months = months.values.sorted { $0.month < $1.month }
  }
}
