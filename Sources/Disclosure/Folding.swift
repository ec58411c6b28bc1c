// Which rows of a table are shown, and which are folded into "other".

import Tallies

/// A row before it is decided what becomes of it.
struct Cell<Key: Hashable>: Sendable where Key: Sendable {
  let key: Key
  let counters: TallyCounters
  /// Settles ties, so that they come out the same on every run.
  let order: UInt64
  /// What an earlier version of the month showed of it.
  let known: KnownFigures?
  /// Whether it may be a row of its own.
  let isSafe: Bool
  /// What it is published as, where noise is in force: drawn once.
  let published: PublishedFigures?

  /// What rows are ranked by.
  fileprivate var size: UInt64 { published?.figures.bytes ?? counters.bytes }
}

/// At least this much was told.
struct KnownFigures: Equatable, Sendable {
  var flows: UInt64
  var bytesOut: UInt64
  var bytesIn: UInt64
}

typealias PublishedFigures = (figures: ReleasedFigures, interval: ReleasedInterval?)

/// The rows of one table, told apart.
///
/// Unsafe rows are folded. Then, while the fold doesn't protect them, the smallest safe row is
/// swallowed: the one with the fewest bytes, of these the one with the fewest flows. What an earlier
/// version of the month showed protects nothing, because whoever kept that version can take it off
/// again: of such rows only what came since counts, and they are swallowed when there is nothing
/// else.
struct Folding<Key: Hashable & Sendable>: Sendable {
  let safety: Safety
  private(set) var shown: [Cell<Key>]
  private(set) var folded: [Cell<Key>]

  init(_ cells: [Cell<Key>], safety: Safety) {
    self.safety = safety
    shown = cells.filter(\.isSafe).sorted { Self.isBefore($1, $0) }
    folded = cells.filter { !$0.isSafe }
    while !isProtected, swallowSmallest() {}
  }

  /// Fewer bytes first.
  private static func isBefore(_ left: Cell<Key>, _ right: Cell<Key>) -> Bool {
    (left.size, left.counters.flows, left.order)
      < (right.size, right.counters.flows, right.order)
  }

  var sum: TallyCounters { folded.reduce(into: TallyCounters()) { $0 += $1.counters } }

  private var isProtected: Bool {
    if folded.isEmpty { return true }
    return protects(folded)
  }

  /// Whether a fold of these cells, which are some of the table's, keeps its secrets.
  func protects(_ cells: [Cell<Key>]) -> Bool {
    safety.protects(
      cells.lazy.filter { !$0.isSafe }.map(\.counters),
      in: cells.compactMap { $0.isSafe ? unknownPart(of: $0) : $0.counters })
  }

  /// `nil` where there is none.
  private func unknownPart(of cell: Cell<Key>) -> TallyCounters? {
    guard let known = cell.known, safety.leftOut != .earlierVersions else { return cell.counters }
    var counters = cell.counters
    guard counters.flows > known.flows, counters.bytesOut >= known.bytesOut,
      counters.bytesIn >= known.bytesIn
    else { return nil }
    counters.flows -= known.flows
    counters.bytesOut -= known.bytesOut
    counters.bytesIn -= known.bytesIn
    return counters
  }

  private mutating func swallowSmallest() -> Bool {
    guard
      let position = shown.lastIndex(where: {
        $0.known == nil || safety.leftOut == .earlierVersions
      })
        ?? shown.indices.last
    else { return false }
    folded.append(shown.remove(at: position))
    return true
  }

  /// Folds a row that is shown, for the sake of another table.
  mutating func swallow(_ key: Key) {
    guard let position = shown.firstIndex(where: { $0.key == key }) else { return }
    folded.append(shown.remove(at: position))
  }

  /// Takes rows beyond the first `limit` off those that are shown, the smallest; at least two where
  /// nothing else is folded, so that "other" is not one row without its name.
  func beyond(limit: Int) -> (rows: ArraySlice<Cell<Key>>, hidden: ArraySlice<Cell<Key>>) {
    guard shown.count > limit else { return (shown[...], []) }
    let rows = folded.isEmpty && shown.count == limit + 1 ? max(0, limit - 1) : limit
    return (shown.prefix(rows), shown.dropFirst(rows))
  }
}
