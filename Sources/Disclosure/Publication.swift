// What becomes of a month that is built: published for the first time, kept as it stands, or revised.

public import Tallies

/// A month that is final has other numbers now, and nobody said why.
public struct RevisionNeeded: Error, Equatable, Sendable, CustomStringConvertible {
  public let month: CalendarMonth
  /// The first table whose numbers differ; `nil` where the totals do.
  public let table: ReleasedTable.Dimension?

  public var description: String {
    let what = table.map { "numbers by \($0.rawValue)" } ?? "totals"
    return "\(month) is final, and the ledgers give other \(what) than those that are published;"
      + " say why with --revise, or leave the month out"
  }
}

/// What a build did to a month.
public enum PublicationOutcome: Equatable, Sendable {
  case published
  /// Final, with the same numbers: stays as it is, byte for byte.
  case unchanged
  /// Provisional, and up to the same day as what is published: stays until that day is over.
  case waiting
  case revised
}

/// Decides what is published of months, given what is published of them already.
///
/// *Provisional* months are published anew when another day has passed, never twice for the same
/// day. *Final* months are frozen: their numbers are those of the document. A reason makes a
/// revision of one whose numbers have changed; its figures are coarse, so that the difference
/// between two versions is no finer than the rules for a row allow.
///
/// With noise, every version would be another draw from the same truth. So a month is published
/// only when it is final; its noise is in the document and drawn once. A revision draws again, and
/// spends ε again.
public struct Publication: Sendable {
  public let time: PublicationTime
  private let policy: ReleasePolicy
  private let classes: EncryptionClasses
  private let reasonForRevision: String?

  public init(
    time: PublicationTime, policy: ReleasePolicy, classes: EncryptionClasses,
    reasonForRevision: String?
  ) {
    self.time = time
    self.policy = policy
    self.classes = classes
    self.reasonForRevision = reasonForRevision
  }

  /// Whether a month may be published at this time.
  public func isDue(_ month: CalendarMonth) -> Bool {
    policy.noise == nil || time.status(of: month) == .final
  }

  /// - Parameter earlier: what is published of the month, if anything.
  public func release(
    _ tallies: MonthTallies, over earlier: ReleasedMonth?
  ) throws(RevisionNeeded) -> (month: ReleasedMonth, outcome: PublicationOutcome) {
    guard let earlier else { return (released(tallies, ReleaseVersion(time, tallies)), .published) }
    if earlier.status == .final { return try revised(tallies, earlier) }
    let status = time.status(of: tallies.month)
    if status == .provisional, tallies.coveredUntil <= earlier.coveredUntil {
      return (earlier, .waiting)
    }
    var version = ReleaseVersion(time, tallies)
    version.shownBefore = earlier.shownSoFar
    return (released(tallies, version), .published)
  }

  private func released(_ tallies: MonthTallies, _ version: ReleaseVersion) -> ReleasedMonth {
    tallies.release(policy: policy, classes: classes, version: version)
  }

  private func revised(
    _ tallies: MonthTallies, _ earlier: ReleasedMonth
  ) throws(RevisionNeeded) -> (month: ReleasedMonth, outcome: PublicationOutcome) {
    let difference = difference(tallies, earlier)
    guard let reasonForRevision else {
      if let difference {
        throw RevisionNeeded(month: tallies.month, table: difference.table)
      }
      return (earlier, .unchanged)
    }
    if difference == nil, policy == earlier.policy { return (earlier, .unchanged) }
    var version = ReleaseVersion(time, tallies)
    version.status = .final
    version.finalFrom = earlier.finalFrom
    version.revisions =
      earlier.revisions + [
        Revision(
          number: earlier.revision + 1, date: CalendarDate(unixSeconds: time.now),
          reason: reasonForRevision)
      ]
    version.shownBefore = earlier.shownSoFar
    return (released(tallies, version), .revised)
  }

  /// Where the tallies would give other numbers than those that are published, by the rules that
  /// were in force then.
  ///
  /// What may change without a revision: names and databases; the classes of ports, which are a
  /// matter of our tables; days, which a ledger folds into their month with age. Noise can't be
  /// compared.
  private func difference(
    _ tallies: MonthTallies, _ earlier: ReleasedMonth
  ) -> (table: ReleasedTable.Dimension?, Void)? {
    if earlier.policy.noise != nil { return nil }
    var version = ReleaseVersion(finalFrom: earlier.finalFrom)
    version.revisions = earlier.revisions
    version.shownBefore = earlier.shownBefore
    let again = tallies.release(policy: earlier.policy, classes: classes, version: version)
    if again.total != earlier.total { return (nil, ()) }
    for dimension in ReleasedTable.Dimension.allCases
    where dimension != .encryptionClass && dimension != .day {
      if again[dimension]?.withoutNames != earlier[dimension]?.withoutNames {
        return (dimension, ())
      }
    }
    return nil
  }
}

extension MonthTallies {
  /// A version of the month after another one, for tests that leave a rule out.
  package func released(
    policy: ReleasePolicy, classes: EncryptionClasses, status: ReleaseStatus,
    after earlier: ReleasedMonth?, leavingOut leftOut: Rule?
  ) -> ReleasedMonth {
    var version = ReleaseVersion(status: status, finalFrom: month.seconds.upperBound)
    version.shownBefore = earlier?.shownSoFar ?? [:]
    if let earlier, earlier.status == .final {
      version.revisions =
        earlier.revisions + [
          Revision(
            number: earlier.revision + 1, date: CalendarDate(unixSeconds: version.finalFrom),
            reason: "a test")
        ]
    }
    return release(policy: policy, classes: classes, version: version, leavingOut: leftOut)
  }
}

extension ReleaseVersion {
  fileprivate init(_ time: PublicationTime, _ tallies: MonthTallies) {
    self.init(
      status: time.status(of: tallies.month), finalFrom: time.finalFrom(tallies.month))
  }
}

extension ReleasedMonth {
  /// Every row of this version and of those before it, with what they tell of it.
  fileprivate var shownSoFar: [ReleasedSubject: KnownFigures] {
    let figuring = Figuring(
      policy, isCoarse: status == .provisional || !revisions.isEmpty, leavingOut: nil,
      generator: SystemRandomNumberGenerator())
    var shown = shownBefore
    for row in tables.flatMap(\.rows) {
      let told = figuring.least(row.figures)
      let before = shown[row.subject.withoutName] ?? told
      shown[row.subject.withoutName] = KnownFigures(
        flows: max(told.flows, before.flows), bytesOut: max(told.bytesOut, before.bytesOut),
        bytesIn: max(told.bytesIn, before.bytesIn))
    }
    return shown
  }
}

extension ReleasedTable {
  fileprivate var withoutNames: ReleasedTable {
    ReleasedTable(
      dimension: dimension,
      rows: rows.map {
        ReleasedRow(
          subject: $0.subject.withoutName, figures: $0.figures, interval: $0.interval)
      },
      other: other)
  }
}

extension ReleasedSubject {
  fileprivate var withoutName: ReleasedSubject {
    if case .autonomousSystem(let asn, _) = self { return .autonomousSystem(asn: asn, name: "") }
    return self
  }
}
