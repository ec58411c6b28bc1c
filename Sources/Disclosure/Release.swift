// The rules between a month and its pages.
//
// In this order:
//
// 1. A row is *safe* if it has the minimum of flows and is not dominated by one (`Safety`).
// 2. Rows that are not are folded into "other", with as many of the smallest safe ones as it takes
//    for the fold to protect them (`Folding`). Of a table all of whose rows are folded, nothing is
//    published.
// 3. What is folded in one table is split by no other. Encryption classes are told of the ports that
//    are safe; the ports' fold is "other" there too. Protocols are told where the fold's part of
//    each is empty or a fold in its own right. Autonomous systems and countries look out for each
//    other (`NetworkLinks`). Days are folded like other rows, because the month is their sum; a
//    month that isn't safe is not published at all. Relays are told if each of them is safe.
// 4. Of the safe rows the largest are shown, the others join "other".
// 5. Noise, where that is in force, and rounding (`Figuring`).
//
// Why that is enough: each published number is a sum of whole safe rows and of folds that are never
// split, so any sum or difference of published numbers is one as well. What it tells of a folded row
// is that it lies between nothing and all of the fold.

import Tallies

/// In which version of a month figures are published.
struct ReleaseVersion: Sendable {
  var status = ReleaseStatus.final
  var finalFrom: Int64
  var revisions: [Revision] = []
  /// What versions before this one showed, without names.
  var shownBefore: [ReleasedSubject: KnownFigures] = [:]

  /// Versions of a month are many but for the first final one; only that has fine numbers.
  var isCoarse: Bool { status == .provisional || !revisions.isEmpty }
}

extension MonthTallies {
  /// Applies the policy to a month that is final and was never published.
  public func release(
    policy: ReleasePolicy, classes: EncryptionClasses = EncryptionClasses()
  ) -> ReleasedMonth {
    release(
      policy: policy, classes: classes,
      version: ReleaseVersion(
        finalFrom: month.seconds.upperBound + PublicationTime.defaultDelay))
  }

  func release(
    policy: ReleasePolicy, classes: EncryptionClasses, version: ReleaseVersion,
    leavingOut leftOut: Rule? = nil,
    generator: any RandomNumberGenerator = SystemRandomNumberGenerator()
  ) -> ReleasedMonth {
    var figuring = Figuring(
      policy, isCoarse: version.isCoarse, leavingOut: leftOut, generator: generator)
    let safety = Safety(policy: policy, leftOut: leftOut)
    let isPublished = safety.allows(total)
    let total = isPublished ? figuring.figures(total) : nil
    var maker = TableMaker(
      safety: safety, figuring: figuring, shownBefore: version.shownBefore,
      networkNames: networkNames)
    return ReleasedMonth(
      month: month, status: version.status, coveredUntil: coveredUntil,
      finalFrom: version.finalFrom, revisions: version.revisions, policy: policy,
      total: total?.figures, totalInterval: total?.interval,
      tables: isPublished ? maker.tables(of: self, classes: classes) : [],
      coverage: coverage.released(rounded: isPublished ? figuring.rounded(packets:) : nil),
      databases: databases.sorted {
        ($0.kind.rawValue, $0.builtAt, $0.sha256) < ($1.kind.rawValue, $1.builtAt, $1.sha256)
      },
      collectors: collectors.sorted(), shownBefore: version.shownBefore)
  }
}
