// The job of `weir-collect read`: captures through the meter into the ledger.

import Capture
import Console
import Flows
import Glibc
import Ledger
import MessageDigest
import Networks
import Tallies
import Threads

/// Files that are refused because they would be counted twice.
struct AlreadyRead: Error, CustomStringConvertible {
  var path: String
  /// The file only begins with a capture that is in the ledger.
  var onlyItsBeginning = false
  /// Named twice in one command.
  var isRepeated = false

  var description: String {
    let name = path == "-" ? "standard input" : path
    if isRepeated {
      return "\(name) has the same content as another of the files: nothing was added"
    }
    return onlyItsBeginning
      ? "\(name) begins with a capture that is in the ledger already, and has grown since: nothing"
        + " was added; cut off what was read, or count all of it with --again"
      : "\(name) is in the ledger already: nothing was added; count it again with --again"
  }
}

struct CaptureReading {
  var paths: [String]
  var ledgerPath: String
  var meter: MeterConfiguration
  var asnDatabase: String
  var countryDatabase: String
  var allowsAgain: Bool

  /// Tallies in memory beyond which they go into the ledger's open transaction.
  var talliesInMemory = 400_000

  /// - Parameter confine: called when the databases and the ledger are open, and before a byte of a
  ///   capture is read. What is left to open then are the captures, and what goes with the ledger.
  func run(progress: ProgressLine?, confine: () throws -> Void = {}) throws -> ReadingSummary {
    let networks = try Networks(asnDatabase: asnDatabase, countryDatabase: countryDatabase)
    var ledger = try LedgerWriter(path: ledgerPath)
    let program = RunningProgram()
    try confine()
    let known = allowsAgain ? [] : try ledger.filesRead()
    try refuseKnownFiles(known)

    let captures = try CaptureMerge(paths: paths, knownSizes: known.map(\.size))
    let size = captures.size
    var meter = Meter(self.meter) { networks.network(of: $0, $1) }
    var records = [CaptureRecord](repeating: CaptureRecord(), count: paths.count)
    var contents: [Int: FileIdentity] = [:]
    var cutOff: Set<Int> = []
    var current = 0
    var total = TallyCounters()
    var rows = 0
    let reader = CaptureReader(captures, sources: paths.count, classifier: meter.classifier)
    let readRecords = try reader.forEach { packets in
      for outcome in packets.ended {
        try refuse(outcome, known)
        contents[outcome.source] = FileIdentity(outcome.content)
        if outcome.isCutOff { cutOff.insert(outcome.source) }
      }
      var counted = 0
      for part in packets.batch.parts {
        if part.source != current {
          records[current] = meter.exchangeRecord(records[part.source])
          current = part.source
        }
        meter.count(packets.batch, counted..<part.end)
        counted = part.end
      }
      if meter.talliesWaiting > talliesInMemory {
        let tallies = meter.takeFinishedTallies()
        rows += tallies.count
        for counters in tallies.values { total += counters }
        try ledger.add(tallies)
      }
      progress?.show(packets: counted, bytes: packets.bytesRead, of: size)
    }
    progress?.clear()
    // One processor has nothing else to do from here on.
    let programDigest = Later { program.digest }
    // Memory is needed most from here on, and every flow that counts has its network.
    networks.releaseMemory()
    meter.endAllFlows()
    records[current] = meter.exchangeRecord(CaptureRecord())
    for source in records.indices { records[source].add(readRecords[source]) }
    for source in cutOff { records[source].isCutOff = true }

    let tallies = meter.takeFinishedTallies()
    rows += tallies.count
    for counters in tallies.values { total += counters }
    try ledger.add(tallies)
    try commit(&ledger, records, contents, networks, programDigest: programDigest.value)
    return ReadingSummary(
      paths: paths, ledgerPath: ledgerPath, records: records, total: total, tallies: rows,
      failedLookups: networks.failedLookups)
  }

  private func commit(
    _ ledger: inout LedgerWriter, _ records: [CaptureRecord], _ contents: [Int: FileIdentity],
    _ networks: Networks, programDigest: String
  ) throws {
    let entries = paths.indices.map {
      CaptureEntry(record: records[$0], source: "file", file: contents[$0])
    }
    let context = CollectionContext(
      collectorVersion: weirVersion, configurationHash: meter.hash,
      databases: networks.databases, programDigest: programDigest)
    let outcome = try ledger.commit(
      entries, context: context, networkNames: networks.names, allowingAgain: allowsAgain)
    if case .refused(let repeated) = outcome {
      throw AlreadyRead(
        path: paths[repeated.first ?? 0],
        isRepeated: Set(contents.values).count < contents.count)
    }
  }

  /// A look before the work: only a file as large as one that was read can be one that was read.
  private func refuseKnownFiles(_ known: Set<FileIdentity>) throws {
    let sizes = Set(known.map(\.size))
    for path in paths {
      guard let size = regularFileSize(path), sizes.contains(size) else { continue }
      if known.contains(FileIdentity(try ContentDigest(path: path))) {
        throw AlreadyRead(path: path)
      }
    }
  }

  private func refuse(_ outcome: CaptureMerge.Outcome, _ known: Set<FileIdentity>) throws {
    let path = paths[outcome.source]
    if known.contains(FileIdentity(outcome.content)) { throw AlreadyRead(path: path) }
    if outcome.beginnings.contains(where: { known.contains(FileIdentity($0)) }) {
      throw AlreadyRead(path: path, onlyItsBeginning: true)
    }
  }
}

/// The file of this program, opened while that is still allowed.
private final class RunningProgram: Sendable {
  private let descriptor = unsafe open("/proc/self/exe", O_RDONLY | O_CLOEXEC)

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// SHA-256, hexadecimal; empty where it can't be read.
  var digest: String {
    descriptor < 0 ? "" : SHA256.hexadecimal(ofDescriptor: descriptor) ?? ""
  }
}

extension FileIdentity {
  fileprivate init(_ content: ContentDigest) {
    self.init(size: content.size, digest: content.digest)
  }
}
