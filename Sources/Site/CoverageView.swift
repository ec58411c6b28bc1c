// Coverage, quality and provenance as a month's page shows them.

import Disclosure
import Tallies

struct LeftOutView {
  let reason: String
  let explanation: String
  let packets: String

  init(_ reason: LeftOutReason, packets: UInt64) {
    self.reason = reason.heading
    explanation = reason.meaning
    self.packets = grouped(packets)
  }
}

struct CoverageView {
  let share: String
  let observed: String
  let month: String
  let captures: String
  let capturesCutOff: String
  let dropped: String
  /// Without these where the month is withheld.
  let account: Account?

  struct Account {
    let packets: String
    /// Of all that passed by the observer, read or dropped.
    let droppedShare: String
    let packetsCounted: String
    let countedShare: String
    let packetsLeftOut: String
    let leftOutShare: String
    let leftOut: [LeftOutView]
    let hasLeftOut: Bool
  }

  init(_ coverage: Coverage) {
    share = percentage(
      UInt64(max(0, coverage.secondsObserved)), of: UInt64(coverage.secondsInMonth))
    observed = duration(coverage.secondsObserved)
    month = duration(coverage.secondsInMonth)
    captures = grouped(UInt64(coverage.captures))
    capturesCutOff = grouped(UInt64(coverage.capturesCutOff))
    dropped = grouped(coverage.dropped)
    account = coverage.account.map { account in
      Account(
        packets: grouped(account.read),
        droppedShare: percentage(coverage.dropped, of: account.read + coverage.dropped),
        packetsCounted: grouped(account.counted),
        countedShare: percentage(account.counted, of: account.read),
        packetsLeftOut: grouped(account.leftOut.total),
        leftOutShare: percentage(account.leftOut.total, of: account.read),
        leftOut: account.leftOut.occurring.map { LeftOutView($0.reason, packets: $0.packets) },
        hasLeftOut: account.leftOut.total > 0)
    }
  }
}

struct DatabaseView {
  let kind: String
  let type: String
  let built: String
  let sha256: String
  /// `nil` where it isn't known.
  let licence: String?
  let attribution: AttributionView?

  init(_ record: DatabaseRecord) {
    kind =
      switch record.kind {
      case .asn: "Networks"
      case .country: "Countries"
      }
    type = record.type
    built = CalendarDate(unixSeconds: record.builtAt).description
    sha256 = record.sha256
    licence = record.licence.isEmpty ? nil : record.licence
    attribution = record.attribution.isEmpty ? nil : AttributionView(record.attribution)
  }
}

struct CollectorView {
  let version: String
  /// `nil` where it was not recorded.
  let program: String?
  let configuration: String

  init(_ record: CollectorRecord) {
    version = record.version
    program = record.programDigest.isEmpty ? nil : record.programDigest
    configuration = record.configurationHash
  }
}

extension LeftOutReason {
  fileprivate var heading: String { explanation.prefix(1).uppercased() + explanation.dropFirst() }

  /// What the reason means for the figures.
  fileprivate var meaning: String {
    switch self {
    case .headerCut:
      "The capture kept too few bytes of the packet, or the frame ended within a header."
    case .notIP:
      "Neither IPv4 nor IPv6: address resolution, spanning tree and the like. No exit traffic."
    case .versionMismatch:
      "The link layer announced one IP version, the packet began with another."
    case .badHeaderLength:
      "An IPv4 header that claims to be shorter than the shortest there is."
    case .badTotalLength:
      "A packet that claims to be shorter than its headers, or longer than what was sent."
    case .fragment:
      "Pieces of fragmented packets. Only the first piece names a port, so all are left out."
    case .notTCPOrUDP:
      "Other protocols over IP, such as ICMP. Tor carries none of them."
    case .badStamp:
      "A capture time that cannot be true, so that no month is known for the packet."
    case .otherHost:
      "Traffic of other hosts on the same link, or of this one from another address."
    case .unmarked:
      "Traffic of the relay that tor did not open for a client: between relays, or of the host."
    case .flowTableFull:
      "New flows that found no room in memory. These are missing from the figures."
    case .sealedHour:
      "Counted so late that their hour was closed, as after a long standstill of the collector."
        + " These are missing from the figures."
    case .ledgerUnavailable:
      "Counted, but lost before they could be written down. These are missing from the figures."
    }
  }
}
