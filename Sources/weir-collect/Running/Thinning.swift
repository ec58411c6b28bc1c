// The running collector's thinning with age: a step between two flushes, and mostly nothing to do. It
// can't be undone, so that it waits for as long as the clock is in doubt.

import Console
import Ledger
import Tallies

struct Thinning {
  let ledger: String
  let ages: FoldingAges
  /// Monotonic nanoseconds before which nothing is looked for.
  private var rest: Int64 = 0
  /// Why what is due is not folded; `nil` where nothing is due, or nothing speaks against it.
  private(set) var waitsFor: String?

  private static let hour: Int64 = 3_600_000_000_000
  /// Milliseconds to wait for another process's lock: a step can be done at any other time.
  private static let patience: Int32 = 1000

  init(_ settings: CollectSettings) {
    ledger = settings.ledger
    ages = FoldingAges(
      hoursForDays: settings.hoursForDays, daysForMonths: settings.daysForMonths)
  }

  /// The clock was set: what is due may be something else now.
  mutating func lookAgain() { rest = 0 }

  /// Folds a day or a month, or gives some pages back, if there is something to be done.
  /// - Parameters:
  ///   - now: Unix seconds.
  ///   - monotonic: nanoseconds.
  /// - Returns: what there is to tell.
  mutating func step(
    now: Int64, monotonic: Int64, _ clock: SteadyClock
  ) -> (priority: Log.Priority, message: String)? {
    guard monotonic >= rest else { return nil }
    do throws(LedgerError) {
      let folding = try LedgerFolding(path: ledger, patience: Self.patience)
      let before = waitsFor
      waitsFor = try folding.isDue(at: now, ages) ? Self.doubt(clock, now, folding) : nil
      if let waitsFor {
        rest = monotonic + Self.hour
        return waitsFor == before ? nil : (.warning, "old tallies are not folded yet: \(waitsFor)")
      }
      if let stretch = try folding.foldNext(at: now, ages) {
        return (.information, "folded the \(stretch.span.rawValue) of \(stretch.name)")
      }
      if try !folding.shrinkNext() { rest = monotonic + Self.hour }
      return nil
    } catch {
      waitsFor = nil
      rest = monotonic + Self.hour
      return (.warning, "old tallies were not folded, and will be tried again in an hour: \(error)")
    }
  }

  /// What keeps the clock from being believed.
  private static func doubt(
    _ clock: SteadyClock, _ now: Int64, _ folding: borrowing LedgerFolding
  ) throws(LedgerError) -> String? {
    guard clock.isSteady else {
      return "the clock was set by an hour or more, and has to be steady for a day first"
    }
    guard try folding.hasObserved(SteadyClock.dayBefore(now)) else {
      return "the ledger has no observation of one to two days ago, so that the clock may be wrong:"
        + " it is believed when it has been steady for a day"
    }
    return nil
  }
}
