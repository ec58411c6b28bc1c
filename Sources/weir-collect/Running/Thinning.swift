// The running collector's thinning with age: a step between two flushes, and mostly nothing to do.

import Console
import Ledger
import Tallies

struct Thinning {
  let ledger: String
  let ages: FoldingAges
  /// Monotonic nanoseconds before which nothing is looked for.
  private var rest: Int64 = 0

  private static let hour: Int64 = 3_600_000_000_000
  /// Milliseconds to wait for another process's lock: a step can be done at any other time.
  private static let patience: Int32 = 1000

  init(_ settings: CollectSettings) {
    ledger = settings.ledger
    ages = FoldingAges(
      hoursForDays: settings.hoursForDays, daysForMonths: settings.daysForMonths)
  }

  /// Folds a day or a month, or gives some pages back, if there is something to be done.
  /// - Parameters:
  ///   - now: Unix seconds.
  ///   - monotonic: nanoseconds.
  /// - Returns: what there is to tell.
  mutating func step(now: Int64, monotonic: Int64) -> (priority: Log.Priority, message: String)? {
    guard monotonic >= rest else { return nil }
    do throws(LedgerError) {
      let folding = try LedgerFolding(path: ledger, patience: Self.patience)
      if let stretch = try folding.foldNext(at: now, ages) {
        return (.information, "folded the \(stretch.span.rawValue) of \(stretch.name)")
      }
      if try !folding.shrinkNext() { rest = monotonic + Self.hour }
      return nil
    } catch {
      rest = monotonic + Self.hour
      return (.warning, "old tallies were not folded, and will be tried again in an hour: \(error)")
    }
  }
}
