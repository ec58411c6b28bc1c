// What `weir-collect read` says at its end, for people and for machines.

import FoundationEssentials
import Tallies

struct ReadingSummary {
  var paths: [String]
  var ledgerPath: String
  /// One per path.
  var records: [CaptureRecord]
  /// Of all that was counted.
  var total: TallyCounters
  /// Rows of the ledger that were made or added to; one that was added to several times, in a
  /// reading too large for memory, counts as often.
  var tallies: Int
  var failedLookups: UInt64

  /// The account of all files together.
  private var whole: CaptureRecord {
    records.reduce(into: CaptureRecord()) { whole, record in
      whole.packets += record.packets
      whole.packetsCounted += record.packetsCounted
      whole.leftOut += record.leftOut
      whole.unmarkedFlows += record.unmarkedFlows
      whole.observed.formUnion(record.observed)
    }
  }

  var warnings: [String] {
    var warnings = zip(paths, records).filter { $0.1.isCutOff }.map { path, _ in
      "\(path == "-" ? "standard input" : path) ends in the middle of a record: what came before it"
        + " was counted"
    }
    if failedLookups > 0 { warnings.append(damagedDatabase(failedLookups)) }
    let full = whole.leftOut[.flowTableFull]
    if full > 0 {
      warnings.append(
        "\(full) packets were left out because the flow table was full: raise --max-flows")
    }
    return warnings
  }

  var text: String {
    let whole = whole
    var lines = [
      "\(counted(whole.packets, "packet")) in \(counted(UInt64(records.count), "file"))"
    ]
    if let began = whole.observed.began, let ended = whole.observed.ended {
      lines[0] += ", \(iso8601(began)) to \(iso8601(ended))"
    }
    lines.append(
      "\(grouped(whole.packetsCounted)) of them counted: \(counted(total.flows, "flow"))"
        + " (\(grouped(total.flowsAnswered)) answered),"
        + " \(iecBytes(total.bytesOut)) out, \(iecBytes(total.bytesIn)) in")
    lines.append("\(counted(UInt64(tallies), "tally", plural: "tallies")) added to \(ledgerPath)")
    if whole.leftOut.total > 0 {
      lines.append("\(counted(whole.leftOut.total, "packet")) left out:")
      let width = grouped(whole.leftOut.total).count
      for (reason, packets) in whole.leftOut.occurring {
        let number = grouped(packets)
        let padding = String(repeating: " ", count: width - number.count)
        let flows =
          reason == .unmarked ? " (\(grouped(whole.unmarkedFlows)) of them)" : ""
        lines.append("  \(padding)\(number)  \(reason.explanation)\(flows)")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  var json: String {
    let whole = whole
    let document = Document(
      version: weirVersion,
      began: whole.observed.began.map(iso8601), ended: whole.observed.ended.map(iso8601),
      files: records.count, filesCutOff: records.count { $0.isCutOff },
      packets: whole.packets, packetsCounted: whole.packetsCounted,
      flows: total.flows, flowsAnswered: total.flowsAnswered,
      packetsOut: total.packetsOut, packetsIn: total.packetsIn,
      bytesOut: total.bytesOut, bytesIn: total.bytesIn,
      tallies: tallies, unmarkedFlows: whole.unmarkedFlows, failedLookups: failedLookups,
      leftOut: whole.leftOut.byName)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    // Integers, texts and a dictionary of them: there is nothing that could fail to be encoded.
    let data = (try? encoder.encode(document)) ?? Data()
    return String(decoding: data, as: UTF8.self) + "\n"
  }

  /// Keys are written in snake_case. Times are UTC, sizes bytes.
  private struct Document: Encodable {
    var version: String
    var began: String?
    var ended: String?
    var files: Int
    var filesCutOff: Int
    var packets: UInt64
    var packetsCounted: UInt64
    var flows: UInt64
    var flowsAnswered: UInt64
    var packetsOut: UInt64
    var packetsIn: UInt64
    var bytesOut: UInt64
    var bytesIn: UInt64
    var tallies: Int
    var unmarkedFlows: UInt64
    var failedLookups: UInt64
    var leftOut: [String: UInt64]
  }
}

func damagedDatabase(_ failedLookups: UInt64) -> String {
  "\(counted(failedLookups, "look-up")) met a damaged database record: the flows count, with what"
    + " could be read of their network; download the databases again"
}
