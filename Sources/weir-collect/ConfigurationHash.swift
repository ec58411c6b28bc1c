// A digest of everything that decides what is counted, for the ledger's account.

import Flows
import MessageDigest
import Packets

extension MeterConfiguration {
  /// SHA-256 of a canonical form, hexadecimal.
  var hash: String {
    let selection =
      switch selection {
      case .marked(let dscp): "dscp = \(dscp)"
      case .every: "every-flow"
      }
    let lines =
      exitAddresses.map { "exit-address = \($0.canonicalBits)" }.sorted() + [
        selection, "max-flows = \(maximumFlows)", "tcp-idle = \(tcpIdleSeconds)",
        "udp-idle = \(udpIdleSeconds)",
      ]
    return SHA256.hexadecimal(of: Array(lines.joined(separator: "\n").utf8))
  }
}
