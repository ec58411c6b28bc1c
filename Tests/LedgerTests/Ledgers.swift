// Ledgers that tests fill, and what SQL finds in them.

import CSQLite
import Foundation
import Tallies

@testable import Ledger

extension TallyKey {
  static func test(
    hour: Int64 = 1_767_225_600, port: UInt16 = 443, asn: UInt32 = 64_496, country: String = "DE"
  ) -> TallyKey {
    TallyKey(
      hour: hour, ipVersion: 4, transport: 6, servicePort: port,
      network: Network(asn: asn, country: CountryCode(country) ?? .unknown))
  }
}

extension TallyCounters {
  /// Seven different numbers, so that no column can be taken for another.
  static func test(_ factor: UInt64 = 1) -> TallyCounters {
    var counters = TallyCounters()
    counters.flows = 1 * factor
    counters.flowsAnswered = 2 * factor
    counters.packetsOut = 3 * factor
    counters.packetsIn = 5 * factor
    counters.bytesOut = 7 * factor
    counters.bytesIn = 11 * factor
    counters.largestFlow = 13 * factor
    return counters
  }
}

extension CaptureRecord {
  /// A different number in every field.
  static func test(observed: ClosedRange<Int64>...) -> CaptureRecord {
    var record = CaptureRecord()
    record.observed = ObservedTime(intervals: observed)
    record.packets = 1001
    record.packetsCounted = 1002
    record.unmarkedFlows = 1003
    record.droppedByKernel = 1004
    record.droppedByInterface = 1005
    for (position, reason) in LeftOutReason.allCases.enumerated() {
      record.leftOut[reason] = UInt64(2000 + position)
    }
    return record
  }
}

extension DatabaseRecord {
  static func test(_ kind: Kind, _ digit: String = "a") -> DatabaseRecord {
    DatabaseRecord(
      sha256: String(repeating: digit, count: 64), kind: kind, type: "Test-\(kind.rawValue)",
      builtAt: 1_700_000_000, licence: "a licence", attribution: "an attribution")
  }
}

extension CollectionContext {
  static var test: CollectionContext {
    CollectionContext(
      collectorVersion: "1.2.3", configurationHash: "c0ffee",
      databases: [.test(.asn, "a"), .test(.country, "b")], programDigest: "d1")
  }
}

extension CaptureEntry {
  static func file(_ name: String, observed: ClosedRange<Int64> = 1...2) -> CaptureEntry {
    CaptureEntry(
      record: .test(observed: observed), source: "file",
      file: FileIdentity(size: 100, digest: name))
  }
}

extension LedgerWriter {
  /// Opens the ledger, adds tallies and commits them.
  static func write(
    _ path: String, _ tallies: TallyMap = [:], captures: [CaptureEntry] = [],
    context: CollectionContext = .test, names: [UInt32: String] = [:]
  ) throws {
    var writer = try LedgerWriter(path: path)
    try writer.add(tallies)
    let outcome = try writer.commit(
      captures, context: context, networkNames: names, allowingAgain: false)
    guard outcome == .committed else { throw NotCommitted(outcome: outcome) }
  }

  struct NotCommitted: Error {
    var outcome: CommitOutcome
  }

  /// A writer can't be the result of a closure that is expected to throw.
  static func isUsable(_ path: String) throws {
    var writer = try LedgerWriter(path: path)
    try writer.add([.test(): .test()])
  }
}

/// The rows of a query, as text; `NULL` for what is none.
func rows(_ path: String, _ sql: String, columns: Int32 = 1) throws -> [[String]] {
  let connection = try Connection(path: path, flags: SQLITE_OPEN_READWRITE)
  let statement = try connection.prepare(sql)
  var rows: [[String]] = []
  while try statement.step() {
    rows.append((0..<columns).map { statement.isNull($0) ? "NULL" : statement.text($0) })
  }
  return rows
}

/// The single value that a query gives.
func value(_ path: String, _ sql: String) throws -> String? { try rows(path, sql).first?.first }

/// Runs statements on a database of any kind.
func execute(_ path: String, _ sql: String) throws {
  let connection = try Connection(path: path, flags: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
  try connection.execute(sql)
}

func files(in folder: URL) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
}
