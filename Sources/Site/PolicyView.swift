// The rules in force, as pages state them.

import Disclosure
import Tallies

struct PolicyView: Equatable {
  let minimumFlows: String
  let dominance: String
  let rows: String
  let roundingFlows: String
  let roundingPackets: String
  let roundingBytes: String
  let noise: Noise?

  struct Noise: Equatable {
    /// Such as `0.3`.
    let epsilon: String
    let connections: String
    let bytes: String
  }

  init(_ policy: ReleasePolicy) {
    minimumFlows = grouped(policy.minimumFlows)
    dominance = String(policy.dominance)
    rows = grouped(UInt64(policy.rows))
    roundingFlows = grouped(policy.rounding.flows)
    roundingPackets = grouped(policy.rounding.packets)
    roundingBytes = iecBytes(policy.rounding.bytes)
    noise = policy.noise.map {
      Noise(
        epsilon: Self.decimal($0.thousandthsOfEpsilon),
        connections: grouped($0.protectedConnections),
        bytes: iecBytes($0.protectedBytes))
    }
  }

  private static func decimal(_ thousandths: UInt64) -> String {
    let digits = String(1000 + thousandths % 1000).dropFirst()
    let trimmed = String(digits.reversed().drop { $0 == "0" }.reversed())
    return trimmed.isEmpty ? "\(thousandths / 1000)" : "\(thousandths / 1000).\(trimmed)"
  }
}

extension ReleasePolicy {
  /// Every parameter, by a name; those of noise where it is in force.
  var parameters: [String: UInt64] {
    var parameters = [
      "minimum_flows": minimumFlows, "dominance_percent": dominance, "rows": UInt64(rows),
      "rounding_flows": rounding.flows, "rounding_packets": rounding.packets,
      "rounding_bytes": rounding.bytes,
    ]
    if let noise {
      parameters["noise_epsilon_thousandths"] = noise.thousandthsOfEpsilon
      parameters["noise_protected_connections"] = noise.protectedConnections
      parameters["noise_protected_bytes"] = noise.protectedBytes
    }
    return parameters
  }
}
