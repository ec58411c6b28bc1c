// The figures of a row, under the names that they have in every data file.

import Disclosure

/// Released figures, or a sum of them.
struct Figures: Codable, Equatable {
  var flows: UInt64 = 0
  var flowsAnswered: UInt64 = 0
  var packetsOut: UInt64 = 0
  var packetsIn: UInt64 = 0
  var bytesOut: UInt64 = 0
  var bytesIn: UInt64 = 0

  enum CodingKeys: String, CodingKey, CaseIterable {
    case flows
    case flowsAnswered = "flows_answered"
    case packetsOut = "packets_out"
    case packetsIn = "packets_in"
    case bytesOut = "bytes_out"
    case bytesIn = "bytes_in"

    var meaning: String {
      switch self {
      case .flows: "flows that began in the month"
      case .flowsAnswered: "flows whose first reply came in the month"
      case .packetsOut: "packets from the exit to the service"
      case .packetsIn: "packets of the replies"
      case .bytesOut: "bytes from the exit to the service, IP headers included"
      case .bytesIn: "bytes of the replies, IP headers included"
      }
    }

    /// What one of it is.
    var unit: String {
      switch self {
      case .flows, .flowsAnswered: "flow"
      case .packetsOut, .packetsIn: "packet"
      case .bytesOut, .bytesIn: "byte"
      }
    }
  }

  init() {}

  init(_ released: ReleasedFigures) {
    flows = released.flows
    flowsAnswered = released.flowsAnswered
    packetsOut = released.packetsOut
    packetsIn = released.packetsIn
    bytesOut = released.bytesOut
    bytesIn = released.bytesIn
  }

  var packets: UInt64 { packetsOut + packetsIn }
  var bytes: UInt64 { bytesOut + bytesIn }

  static func += (sum: inout Figures, more: Figures) {
    sum.flows += more.flows
    sum.flowsAnswered += more.flowsAnswered
    sum.packetsOut += more.packetsOut
    sum.packetsIn += more.packetsIn
    sum.bytesOut += more.bytesOut
    sum.bytesIn += more.bytesIn
  }

  // MARK: In data files

  static let header = CodingKeys.allCases.map(\.rawValue)

  static let units = Dictionary(
    uniqueKeysWithValues: CodingKeys.allCases.map { ($0.rawValue, $0.unit) })

  /// In the order of ``header``.
  var numbers: [UInt64] { [flows, flowsAnswered, packetsOut, packetsIn, bytesOut, bytesIn] }

  /// In the order of ``header``.
  var fields: [String] { numbers.map { String($0) } }
}
