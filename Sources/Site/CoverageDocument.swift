// coverage.json: how much of the month was observed, what became of the packets, and which
// databases told networks apart.

import Disclosure
import Tallies

struct CoverageDocument: JSONDocument {
  struct Packets: Codable, Equatable {
    let read: UInt64
    let counted: UInt64
    /// By reason; reasons that didn't occur are 0.
    let leftOut: [String: UInt64]

    enum CodingKeys: String, CodingKey {
      case read, counted
      case leftOut = "left_out"
    }
  }

  struct Database: Encodable {
    let kind: String
    let type: String
    /// A day, `2026-10-31`.
    let built: String
    let sha256: String
    let licence: String
    let attribution: String

    init(_ record: DatabaseRecord) {
      kind = record.kind.rawValue
      type = record.type
      built = CalendarDate(unixSeconds: record.builtAt).description
      sha256 = record.sha256
      licence = record.licence
      attribution = record.attribution
    }
  }

  var format = 1
  let month: String
  let secondsObserved: Int64
  let secondsInMonth: Int64
  let captures: Int
  let capturesCutOff: Int
  let packetsDropped: UInt64
  /// `null` where the month is withheld: what was read may be as good as its total.
  @Nullable var packets: Packets?
  let databases: [Database]
  var units = [
    "seconds_observed": "second", "seconds_in_month": "second", "captures": "capture",
    "captures_cut_off": "capture", "packets_dropped": "packet", "read": "packet",
    "counted": "packet", "left_out": "packet", "built": "day",
  ]

  enum CodingKeys: String, CodingKey {
    case format, month, captures, packets, databases, units
    case secondsObserved = "seconds_observed"
    case secondsInMonth = "seconds_in_month"
    case capturesCutOff = "captures_cut_off"
    case packetsDropped = "packets_dropped"
  }

  init(_ released: ReleasedMonth) {
    let coverage = released.coverage
    month = released.month.description
    secondsObserved = coverage.secondsObserved
    secondsInMonth = coverage.secondsInMonth
    captures = coverage.captures
    capturesCutOff = coverage.capturesCutOff
    packetsDropped = coverage.dropped
    packets = coverage.account.map { account in
      Packets(
        read: account.read, counted: account.counted,
        leftOut: account.leftOut.byName)
    }
    databases = released.databases.map { Database($0) }
  }
}
