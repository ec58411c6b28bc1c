// How much of a month's traffic was likely encrypted: two bounds, by the classes of ports.

import Disclosure

/// Between which shares of the bytes the encrypted ones lie, if ports are used as they are meant to
/// be.
struct EncryptionBounds: Equatable {
  /// Bytes to and from ports that are encrypted by protocol or usually.
  let lower: UInt64
  /// All bytes but those of ports that are usually cleartext.
  let upper: UInt64
  let total: UInt64

  /// `nil` where the table of classes isn't published.
  init?(_ released: ReleasedMonth) {
    guard let total = released.total?.bytes, total > 0, let table = released[.encryptionClass]
    else { return nil }
    func bytes(_ kinds: Set<EncryptionClass>) -> UInt64 {
      table.rows.reduce(0) { sum, row in
        guard case .encryptionClass(let kind) = row.subject, kinds.contains(kind) else {
          return sum
        }
        return sum + row.figures.bytes
      }
    }
    self.total = total
    let cleartext = min(total, bytes([.usuallyCleartext]))
    upper = total - cleartext
    // Each figure is rounded on its own: together they may be a little more than the total.
    lower = min(upper, bytes([.encryptedByProtocol, .usuallyEncrypted]))
  }

  var lowerShare: String { percentage(lower, of: total) }
  var upperShare: String { percentage(upper, of: total) }

  /// `88.1% to 97.4%`.
  var range: String {
    lowerShare == upperShare ? lowerShare : "\(lowerShare) to \(upperShare)"
  }
}

extension ReleasedMonth {
  /// Bytes of IPv6; `nil` where they aren't published on their own.
  var ipv6Bytes: UInt64? {
    guard total != nil, let table = self[.ipVersion] else { return nil }
    if let row = table.rows.first(where: { $0.subject == .ipVersion(6) }) {
      return row.figures.bytes
    }
    // Without a row for what was folded, there was none.
    return table.other == nil ? 0 : nil
  }
}

extension EncryptionClass {
  var heading: String {
    switch self {
    case .encryptedByProtocol: "Encrypted by protocol"
    case .usuallyEncrypted: "Usually encrypted"
    case .opportunistic: "Opportunistic"
    case .usuallyCleartext: "Usually cleartext"
    case .unknown: "Unknown"
    }
  }

  var meaning: String {
    switch self {
    case .encryptedByProtocol: "the protocol of the port knows no other way, such as SSH"
    case .usuallyEncrypted: "encrypted as a rule, though nothing forces it, such as port 443"
    case .opportunistic: "begins in the clear and may go over to encryption, such as mail by SMTP"
    case .usuallyCleartext: "not encrypted as a rule, such as port 80"
    case .unknown: "a port in no table of ours, or of many uses"
    }
  }
}
