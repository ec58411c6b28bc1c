// The figures of a running collector, for people, for machines, and for Prometheus: sums since it was
// started, and where it stands. They come from nothing that has seen an address.

import FoundationEssentials
import MessageDigest
import Tallies

/// Keys are written in snake_case. Times are UTC, sizes bytes.
struct CollectorStatus: Codable, Equatable {
  static let fileName = "status.json"

  enum State: String, Codable { case running, stopped }

  struct Database: Codable, Equatable {
    var kind: String
    var type: String
    var built: String
  }

  struct Coverage: Codable, Equatable {
    var day: String
    var secondsObserved: Int64
    /// Of the day so far.
    var secondsPassed: Int64
  }

  var version: String
  var state: State
  var pid: Int32
  /// When the process started, in clock ticks since the machine did: with the pid it names a process
  /// for good (proc_pid_stat(5), field 22).
  var processStart: UInt64
  var started: String
  var updated: String
  var flushSeconds: Int
  var interface: String
  /// Whether the interface is up.
  var observes: Bool
  var threads: Int

  /// Packets that the kernel let in, those included for which it had no room then.
  var packetsReceived: UInt64 = 0
  /// Of those received, what each thread was given.
  var packetsByThread: [UInt64] = []
  var packetsCounted: UInt64 = 0
  var droppedByKernel: UInt64 = 0
  var droppedByInterface: UInt64 = 0
  /// By reason; those for which the collector itself had no room are `flow_table_full` and
  /// `ledger_unavailable`.
  var leftOut: [String: UInt64] = [:]
  var unmarkedFlows: UInt64 = 0
  var flowsInTable = 0
  var flowsAtMost = 0
  /// Merged segments are counted as one packet.
  var offloads: [String] = []

  var openHour: String
  var lastFlush: String?
  /// Why the last flush failed; `nil` where it did not.
  var ledgerProblem: String?
  var talliesWaiting = 0
  var packetsWaiting: UInt64 = 0
  var databases: [Database] = []
  /// `nil` from a collector that did not have them yet.
  var digests: DigestList?
  var failedLookups: UInt64 = 0
  var coverageToday: Coverage
  var changesOfLink: UInt64 = 0
  var changesOfClock: UInt64 = 0
  /// Why old tallies that are due are not folded; `nil` where none are due.
  var thinningWaitsFor: String?

  /// Packets that were lost for want of room in this process.
  var droppedByCollector: UInt64 {
    [LeftOutReason.flowTableFull, .ledgerUnavailable].reduce(0) {
      $0 + leftOut[$1.rawValue, default: 0]
    }
  }

  var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    // Integers and texts: there is nothing that could fail to be encoded.
    let data = (try? encoder.encode(self)) ?? Data()
    return String(decoding: data, as: UTF8.self) + "\n"
  }

  init(json: [UInt8]) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    self = try decoder.decode(CollectorStatus.self, from: Data(json))
  }

  init(
    version: String, state: State, pid: Int32, processStart: UInt64, started: String,
    updated: String, flushSeconds: Int, interface: String, observes: Bool, threads: Int,
    openHour: String, coverageToday: Coverage
  ) {
    self.version = version
    self.state = state
    self.pid = pid
    self.processStart = processStart
    self.started = started
    self.updated = updated
    self.flushSeconds = flushSeconds
    self.interface = interface
    self.observes = observes
    self.threads = threads
    self.openHour = openHour
    self.coverageToday = coverageToday
  }

  /// One line, for the service manager.
  var line: String {
    (observes ? "" : "\(interface) is down; ")
      + (ledgerProblem.map { "\($0); " } ?? "")
      + "\(grouped(packetsCounted)) packets counted, \(grouped(droppedByKernel)) dropped by the kernel,"
      + " \(grouped(droppedByInterface)) by the interface, \(grouped(droppedByCollector)) by us"
  }

  /// One line, for the log.
  var sum: String {
    "\(counted(packetsReceived, "packet")) received, \(grouped(packetsCounted)) counted; dropped:"
      + " \(grouped(droppedByKernel)) by the kernel, \(grouped(droppedByInterface)) by the interface,"
      + " \(grouped(droppedByCollector)) by us"
  }

  /// For people.
  var text: String {
    var lines = [
      ("collector", "\(version), process \(pid), since \(started)"),
      (
        "interface",
        "\(interface), \(observes ? "up" : "down"), \(threads) thread\(threads == 1 ? "" : "s")"
      ),
      ("packets received", grouped(packetsReceived)),
      ("packets counted", grouped(packetsCounted)),
      (
        "dropped",
        "\(grouped(droppedByKernel)) by the kernel, \(grouped(droppedByInterface)) by the interface,"
          + " \(grouped(droppedByCollector)) by us"
      ),
      (
        "flows in memory",
        "\(grouped(UInt64(flowsInTable))) of at most \(grouped(UInt64(flowsAtMost)))"
      ),
      ("open hour", openHour),
      ("last flush", lastFlush ?? "none yet"),
      (
        "observed today",
        "\(grouped(UInt64(coverageToday.secondsObserved))) s of \(grouped(UInt64(coverageToday.secondsPassed))) s"
      ),
    ]
    if let ledgerProblem {
      lines.append(("ledger", ledgerProblem))
      lines.append(
        (
          "waiting",
          "\(grouped(packetsWaiting)) packets in \(grouped(UInt64(talliesWaiting))) tallies"
        ))
    }
    if let thinningWaitsFor { lines.append(("thinning waits", thinningWaitsFor)) }
    if !offloads.isEmpty {
      lines.append(
        ("offloads", "\(offloads.joined(separator: ", ")): merged segments count as one packet"))
    }
    for database in databases {
      lines.append(("\(database.kind) database", "\(database.type) of \(database.built)"))
    }
    if failedLookups > 0 { lines.append(("databases", damagedDatabase(failedLookups))) }
    for reason in LeftOutReason.allCases {
      let packets = leftOut[reason.rawValue, default: 0]
      if packets > 0 { lines.append(("left out", "\(grouped(packets)) \(reason.explanation)")) }
    }
    let width = lines.map(\.0.count).max() ?? 0
    return lines.map {
      "\($0.0)\(String(repeating: " ", count: width - $0.0.count))  \($0.1)\n"
    }.joined()
  }

  /// For node_exporter's textfile collector (prometheus.io: text-based format).
  func metrics(flushedAt lastFlush: Int64?, openHour: Int64, databases: [DatabaseRecord]) -> String
  {
    var text = ""
    // Collectors of several interfaces have a file each, and node_exporter takes these together.
    let interface = "interface=\"\(Self.escaped(interface))\""
    func metric(
      _ name: String, _ type: String, _ help: String, _ values: [(label: String, value: String)]
    ) {
      guard !values.isEmpty else { return }
      text += "# HELP weir_collect_\(name) \(help)\n# TYPE weir_collect_\(name) \(type)\n"
      for (label, value) in values {
        let labels = label.isEmpty ? interface : "\(interface),\(label)"
        text += "weir_collect_\(name){\(labels)} \(value)\n"
      }
    }
    metric(
      "packets_received_total", "counter", "Packets that the kernel let in, dropped ones included.",
      [("", "\(packetsReceived)")])
    metric(
      "packets_counted_total", "counter", "Packets that went into tallies.",
      [("", "\(packetsCounted)")])
    metric(
      "packets_dropped_total", "counter",
      "Packets for which there was no room, by whose room it was.",
      [
        ("by=\"kernel\"", "\(droppedByKernel)"), ("by=\"interface\"", "\(droppedByInterface)"),
        ("by=\"collector\"", "\(droppedByCollector)"),
      ])
    metric(
      "packets_left_out_total", "counter", "Packets in no tally, by reason.",
      LeftOutReason.allCases.map {
        ("reason=\"\($0.rawValue)\"", "\(leftOut[$0.rawValue, default: 0])")
      })
    metric(
      "unmarked_flows_total", "counter", "Flows that ended without a mark.",
      [("", "\(unmarkedFlows)")])
    metric("flows", "gauge", "Flows in memory.", [("", "\(flowsInTable)")])
    metric("flows_limit", "gauge", "Flows that there is room for.", [("", "\(flowsAtMost)")])
    metric("up", "gauge", "Whether the collector runs.", [("", state == .running ? "1" : "0")])
    metric("link_up", "gauge", "Whether the interface is up.", [("", observes ? "1" : "0")])
    metric("open_hour_seconds", "gauge", "Start of the hour being counted.", [("", "\(openHour)")])
    metric(
      "last_flush_seconds", "gauge", "When the ledger was last written to.",
      lastFlush.map { [("", "\($0)")] } ?? [])
    metric(
      "ledger_failing", "gauge", "Whether the last flush failed.",
      [("", ledgerProblem == nil ? "0" : "1")])
    metric(
      "tallies_waiting", "gauge", "Tallies not in the ledger yet.", [("", "\(talliesWaiting)")])
    metric(
      "database_built_seconds", "gauge", "When a database was built.",
      databases.map { ("kind=\"\($0.kind.rawValue)\"", "\($0.builtAt)") })
    metric(
      "failed_lookups_total", "counter", "Look-ups that met a damaged record.",
      [("", "\(failedLookups)")])
    metric(
      "observed_today_seconds", "gauge", "Seconds of the day (UTC) that were observed.",
      [("", "\(coverageToday.secondsObserved)")])
    metric(
      "link_changes_total", "counter", "How often the interface went, came back or was made anew.",
      [("", "\(changesOfLink)")])
    metric(
      "clock_changes_total", "counter", "How often the clock was set.", [("", "\(changesOfClock)")])
    metric(
      "thinning_waits", "gauge",
      "Whether old tallies wait to be folded, because the clock is in doubt.",
      [("", thinningWaitsFor == nil ? "0" : "1")])
    return text
  }

  /// As the value of a label: an interface's name can have anything in it but white space, "/" and ":".
  private static func escaped(_ text: String) -> String {
    text.reduce(into: "") { $0 += ["\\", "\""].contains($1) ? "\\\($1)" : "\($1)" }
  }
}
