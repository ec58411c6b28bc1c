// Keeps the sums of a running collector, and writes them where others read them.

import FoundationEssentials
import Glibc
import Tallies

struct StatusPublisher {
  /// Everything since the start.
  var total = CaptureRecord()
  var packetsByThread: [UInt64]
  var flowsInTable = 0
  var failedLookups: UInt64 = 0
  var offloads: [String] = []
  var databases: [DatabaseRecord] = []
  var lastFlush: Int64?
  var ledgerProblem: String?
  var changesOfClock: UInt64 = 0
  var thinningWaitsFor: String?

  private let settings: CollectSettings
  private let digests: CollectDigests
  private let started = wallNanoseconds() / 1_000_000_000
  private let processStart = startOfProcess(getpid()) ?? 0
  private var observed = ObservedTime()

  init(_ settings: CollectSettings, _ digests: CollectDigests) {
    self.settings = settings
    self.digests = digests
    packetsByThread = [UInt64](repeating: 0, count: settings.threads)
  }

  /// Remembers what was observed of the day; earlier days are the ledger's.
  mutating func observe(_ more: ObservedTime) {
    observed.formUnion(more)
    if let ended = observed.ended {
      observed = observed.intersection(Self.day(of: ended))
    }
  }

  /// The day (UTC) that a second is of.
  static func day(of second: Int64) -> Range<Int64> {
    let day = second.floorDivided(by: 86_400) * 86_400
    return day..<day + 86_400
  }

  func status(
    _ state: CollectorStatus.State, _ pending: PendingCounts, observes: Bool,
    changesOfLink: UInt64, now: Int64
  ) -> CollectorStatus {
    let day = Self.day(of: now)
    var status = CollectorStatus(
      version: weirVersion, state: state, pid: getpid(), processStart: processStart,
      started: iso8601(started), updated: iso8601(now), flushSeconds: settings.flushSeconds,
      interface: settings.interface, observes: observes, threads: settings.threads,
      openHour: iso8601(now.floorDivided(by: 3600) * 3600),
      coverageToday: .init(
        day: CalendarDate(unixSeconds: now).description,
        secondsObserved: observed.intersection(day).seconds,
        secondsPassed: now - day.lowerBound + 1))
    status.packetsReceived = packetsByThread.reduce(0, +)
    status.packetsByThread = packetsByThread
    status.packetsCounted = total.packetsCounted
    status.droppedByKernel = total.droppedByKernel
    status.droppedByInterface = total.droppedByInterface
    status.leftOut = total.leftOut.byName
    status.unmarkedFlows = total.unmarkedFlows
    status.flowsInTable = flowsInTable
    status.flowsAtMost = settings.maximumFlows
    status.offloads = offloads
    status.lastFlush = lastFlush.map(iso8601)
    status.ledgerProblem = ledgerProblem
    status.talliesWaiting = pending.tallies.count
    status.packetsWaiting = pending.packets
    status.databases = databases.map {
      .init(kind: $0.kind.rawValue, type: $0.type, built: iso8601($0.builtAt))
    }
    status.digests = digests.list(settings, databases)
    status.failedLookups = failedLookups
    status.changesOfLink = changesOfLink
    status.changesOfClock = changesOfClock
    status.thinningWaitsFor = thinningWaitsFor
    return status
  }

  func publish(_ status: CollectorStatus) throws {
    if let folder = settings.statusFolder {
      try ReplacedFile(path: "\(folder)/\(CollectorStatus.fileName)").write(status.json)
    }
    if let textfile = settings.textfile {
      let now = wallNanoseconds() / 1_000_000_000
      try ReplacedFile(path: textfile).write(
        status.metrics(
          flushedAt: lastFlush, openHour: now.floorDivided(by: 3600) * 3600,
          databases: databases))
    }
  }
}

/// When a process was started, in clock ticks since the machine did; `nil` where there is none.
func startOfProcess(_ pid: Int32) -> UInt64? {
  guard let data = try? Data(contentsOf: URL(filePath: "/proc/\(pid)/stat")) else { return nil }
  // The second field is the program's name in parentheses, which can hold anything.
  guard let name = data.lastIndex(of: 0x29) else { return nil }
  let fields = data[(name + 1)...].split(separator: 0x20)
  // The third field is the first one after the name.
  return fields.count > 19 ? UInt64(String(decoding: fields[19], as: UTF8.self)) : nil
}
