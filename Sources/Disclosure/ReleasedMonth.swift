// All that is published of one month: what pages, data files and trends are made of.

public import Tallies

/// Whether more can come.
public enum ReleaseStatus: String, Sendable {
  /// The month goes on, or its last packets may still be on their way.
  case provisional
  /// Frozen: the month ended ``ReleasedMonth/finalFrom`` ago.
  case final
}

/// A change of a month that was final already.
public struct Revision: Equatable, Sendable {
  /// 2 or more: the first publication is 1.
  public let number: Int
  public let date: CalendarDate
  /// In the words of whoever made it.
  public let reason: String
}

public struct ReleasedMonth: Equatable, Sendable {
  public let month: CalendarMonth
  public let status: ReleaseStatus
  /// Unix seconds: what lies before is in the figures. The end of the month where that is final.
  public let coveredUntil: Int64
  /// Unix seconds: when the month becomes final, or has.
  public let finalFrom: Int64
  /// In the order of their numbers; empty for a month that was never changed.
  public let revisions: [Revision]
  /// The rules in force when these figures were released.
  public let policy: ReleasePolicy
  /// `nil` where the whole month may not be published; then there are no tables.
  public let total: ReleasedFigures?
  /// Where noise was added.
  public let totalInterval: ReleasedInterval?
  /// In the order of ``ReleasedTable/Dimension``; without those that may not be published.
  public let tables: [ReleasedTable]
  public let coverage: Coverage
  /// Sorted by kind, build date and digest.
  public let databases: [DatabaseRecord]
  /// Sorted by version and digest.
  public let collectors: [CollectorRecord]
  /// What versions of the month before this one showed, without names.
  let shownBefore: [ReleasedSubject: KnownFigures]

  /// 1 for the first publication.
  public var revision: Int { revisions.last?.number ?? 1 }

  /// `nil` where the table may not be published.
  public subscript(dimension: ReleasedTable.Dimension) -> ReleasedTable? {
    tables.first { $0.dimension == dimension }
  }
}
