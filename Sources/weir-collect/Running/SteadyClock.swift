// Whether the wall clock is to be believed with what can't be undone, as folding can't: a clock that
// is set far ahead would make every month an old one.
//
// Two things speak for it. It was not set by much for a day, which the clock tells that counts from the
// machine's start and that nobody sets. And the ledger goes on where it was: it has an observation of
// between one day ago and two, as the clock has it. That outlives a restart; a clock that was wrong all
// along comes to be believed after a day, since from inside nothing is wrong with it then.

import Tallies

struct SteadyClock {
  /// By how much it has to be set, at once or bit by bit, to be watched for a day.
  static let largestChange: Int64 = 3600
  static let day: Int64 = 86_400

  /// Nanoseconds, of both clocks.
  private var last: (wall: Int64, sinceBoot: Int64)?
  /// By how much it was set since it was last watched.
  private var changes: Int64 = 0
  private var watchedUntil: Int64?

  /// To be called once a second or so.
  mutating func tick(wall: Int64, sinceBoot: Int64) {
    defer { last = (wall, sinceBoot) }
    if let until = watchedUntil, sinceBoot >= until { watchedUntil = nil }
    guard let last else { return }
    let change = (wall - last.wall) - (sinceBoot - last.sinceBoot)
    // Less is how clocks are slewed, or two clocks read one after the other.
    guard abs(change) >= ObservationClock.jumpNanoseconds else { return }
    changes += change
    guard max(abs(change), abs(changes)) >= Self.largestChange * 1_000_000_000 else { return }
    changes = 0
    watchedUntil = sinceBoot + Self.day * 1_000_000_000
  }

  var isSteady: Bool { watchedUntil == nil }

  /// The time, in Unix seconds, of which the ledger has to have an observation.
  static func dayBefore(_ now: Int64) -> Range<Int64> { now - 2 * day..<now - day }
}
