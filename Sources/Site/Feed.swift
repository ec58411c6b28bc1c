// The Atom feed of months (RFC 4287). Its ids are the months' addresses, which stay; what changes is
// `updated`, and that by the data alone, so that the same months give the same bytes.

import Disclosure
import Tallies

struct FeedView {
  static let file = "feed.atom"
  private static let mostEntries = 60

  struct Entry {
    let address: String
    let title: String
    let updated: String
    let summary: String
  }

  let title: String
  let address: String
  let feedAddress: String
  let updated: String
  let author: String
  /// Newest first.
  let entries: [Entry]

  /// `nil` without an address of the site: an id has to be the same wherever it is read.
  init?(_ months: Months, settings: SiteSettings) {
    guard let base = settings.baseAddress else { return nil }
    title = settings.title
    address = base
    feedAddress = base + Self.file
    author = settings.operatorName ?? settings.title
    entries = months.released.suffix(Self.mostEntries).reversed().map { released in
      Entry(
        address: "\(base)\(released.month)/index.html",
        title: released.month.name + (released.isProvisional ? " (provisional)" : ""),
        updated: Self.updated(released), summary: Self.summary(released))
    }
    updated = entries.map(\.updated).max() ?? "1970-01-01T00:00:00Z"
  }

  private static func updated(_ released: ReleasedMonth) -> String {
    if let last = released.revisions.last { return "\(last.date)T00:00:00Z" }
    return iso8601(released.isProvisional ? released.coveredUntil : released.finalFrom)
  }

  private static func summary(_ released: ReleasedMonth) -> String {
    guard let total = released.total else {
      return "Too few flows to publish any figure."
    }
    let observed = released.observedShare
    let encrypted = EncryptionBounds(released).map { ", \($0.range) likely encrypted" } ?? ""
    return
      "\(counted(total.flows, "flow")), \(iecBytes(total.bytes))\(encrypted). Observed for"
      + " \(percentage(observed.part, of: observed.whole)) of the month."
  }
}
