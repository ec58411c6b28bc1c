// The running collector: opens everything, starts the threads that count, and then does, once a second,
// what is due. Packets are the threads' business, the ledger is this one's: while it waits for a lock
// or for room on a disk, packets are still counted.

import CSystem
import Capture
import Confinement
import Console
import Flows
import Glibc
import Ledger
import Networks
import Packets
import Tallies
import Threads

final class Collector {
  private let settings: CollectSettings
  private let digests: CollectDigests
  private let log: Log
  private let notifier: ServiceNotifier
  private let signals: Int32
  private let answered: Int32
  private let workers: [CaptureWorker]
  private let drops: InterfaceDrops
  /// `nil` where there was no room for it.
  private let claim: InterfaceClaim?
  /// The only folder that a ledger can be made in.
  private let folder: FileStatus?
  private var ledger: LedgerWriter
  private var publisher: StatusPublisher
  private var thinning: Thinning

  private var clock = ObservationClock()
  private var steadyClock = SteadyClock()
  private var pending: PendingCounts
  private var names: [UInt32: String] = [:]
  private var namesPending: [UInt32: String] = [:]
  private var nextFlush: Int64
  private var heartbeats: [UInt64] = []
  private var observes = true
  /// How often the interface was made anew.
  private var timesMadeAnew: UInt64 = 0
  /// Threads that failed, and handed over what they had.
  private var ended: Set<Int> = []

  /// Tallies that wait for the ledger at most: some 50 MiB.
  private static let maximumTallies = 400_000
  /// Milliseconds to wait for another process's lock on the ledger before it is tried again later.
  private static let ledgerPatience: Int32 = 5000
  /// Seconds to go on trying to write the last counts to the ledger.
  private static let lastTriesSeconds: Int64 = 10

  /// Opens everything, and gives up every privilege.
  init(_ settings: CollectSettings, _ digests: CollectDigests, log: Log) throws {
    self.settings = settings
    self.digests = digests
    self.log = log
    notifier = ServiceNotifier()
    signals = weir_open_signals()
    answered = weir_open_event()
    guard signals >= 0, answered >= 0 else { throw SystemFailure("signalfd", errno) }
    publisher = StatusPublisher(settings, digests)
    thinning = Thinning(settings)

    drops = InterfaceDrops(interface: settings.interface)
    var meter = settings.meter
    meter.maximumFlows = max(1, meter.maximumFlows / settings.threads)
    var workers: [CaptureWorker] = []
    var group: Int32?
    for _ in 0..<settings.threads {
      var capture = try LiveCapture(
        interface: settings.interface, ringBytes: settings.ringBytes,
        isPromiscuous: settings.promiscuous, exitAddresses: settings.exitAddresses)
      if settings.threads > 1 { group = try capture.sharePackets(group: group) }
      if workers.isEmpty { Self.tell(of: capture, log, &publisher) }
      workers.append(try CaptureWorker(capture: capture, meter: meter, answered: answered))
    }
    for worker in workers { try worker.startCapture() }
    self.workers = workers

    folder = FileStatus(enclosingFolder(of: settings.ledger))
    let claimPath = InterfaceClaim.path(ledger: settings.ledger, interface: settings.interface)
    // What is opened from here on, and opened again in years to come, is opened without privileges:
    // an error shows now.
    for warning in try Self.confinement(settings, workers.map(\.descriptor)).confine() {
      log.write(.warning, warning)
    }
    do {
      claim = try InterfaceClaim(
        path: claimPath, interface: settings.interface, ledger: settings.ledger)
    } catch let error as ClaimFailed where error.isForWantOfRoom {
      // As for the ledger, which will be written to once there is.
      log.write(.warning, "\(error); a second one would not be noticed")
      claim = nil
    }
    let networks = try Self.openNetworks(settings)
    for (worker, networks) in zip(workers, networks) { worker.useNetworks(networks) }
    ledger = try LedgerWriter(path: settings.ledger, patience: Self.ledgerPatience)
    publisher.databases = networks[0].databases
    let second = wallNanoseconds() / 1_000_000_000
    // What a collector before this one saw of the day. Where it can't be told now, the status is the less for it.
    if let earlier = try? ledger.observedTime(
      of: settings.interface, in: StatusPublisher.day(of: second))
    {
      publisher.observe(earlier)
    }
    pending = PendingCounts(
      maximumTallies: Self.maximumTallies,
      first: Self.newCapture(
        settings, digests, networks[0].databases, at: second))
    nextFlush = monotonicNanoseconds() + Int64(settings.flushSeconds) * 1_000_000_000
  }

  /// `gro is`, `gso and tso are`.
  private static func list(_ offloads: [String]) -> String {
    "\(offloads.joined(separator: " and ")) \(offloads.count == 1 ? "is" : "are")"
  }

  /// What an operator should know of an interface.
  private static func tell(
    of capture: borrowing LiveCapture, _ log: Log, _ publisher: inout StatusPublisher
  ) {
    let (interface, offloads) = (capture.interface, capture.offloads)
    publisher.offloads = offloads.receiving + offloads.sending
    if !offloads.receiving.isEmpty {
      log.write(
        .warning,
        "\(Self.list(offloads.receiving)) on at \(interface): segments are merged"
          + " before they are counted, so that packets, not bytes, are fewer than on the link; try"
          + " 'ethtool -K \(interface)\(offloads.receiving.map { " \($0) off" }.joined())'")
    }
    if !offloads.sending.isEmpty {
      log.write(
        .information,
        "\(Self.list(offloads.sending)) on at \(interface): what this host sends"
          + " itself is counted before it is cut into packets")
    }
    if !capture.selectsAddresses {
      log.write(
        .notice,
        "there are too many exit addresses for the kernel to tell them apart: packets of other hosts"
          + " are counted as left out; name prefixes")
    }
  }

  private static func confinement(
    _ settings: CollectSettings, _ sockets: [Int32]
  ) throws -> ConfinementPlan {
    var plan = ConfinementPlan(.service)
    plan.account = try settings.user.map { name throws(ConfinementError) in
      try Account(named: name)
    }
    plan.allowWriting(inFolderAround: settings.ledger)
    if let folder = settings.statusFolder { plan.writableFolders.append(folder) }
    if let textfile = settings.textfile { plan.allowWriting(inFolderAround: textfile) }
    plan.allowReading(ofFolderAround: settings.asnDatabase)
    plan.allowReading(ofFolderAround: settings.countryDatabase)
    plan.receiveOnlySockets = sockets
    plan.isRequired = settings.requiresConfinement
    return plan
  }

  /// One set for each thread, since they remember what they looked up.
  private static func openNetworks(_ settings: CollectSettings) throws -> [Networks] {
    try (0..<settings.threads).map { _ in
      try Networks(
        asnDatabase: settings.asnDatabase, countryDatabase: settings.countryDatabase)
    }
  }

  private static func newCapture(
    _ settings: CollectSettings, _ digests: CollectDigests, _ databases: [DatabaseRecord],
    at second: Int64
  ) -> PendingCapture {
    PendingCapture(
      entry: RunningEntry(source: settings.interface),
      context: CollectionContext(
        collectorVersion: weirVersion, configurationHash: settings.meter.hash,
        databases: databases, programDigest: digests.programDigest),
      day: second.floorDivided(by: 86_400))
  }

  // MARK: Life

  /// Runs until a signal ends it.
  /// - Throws: what it cannot go on after. What was counted until then is flushed.
  func run() throws {
    for worker in workers { try startThread { worker.run() } }
    // A link without a carrier brings nothing yet, and nothing is claimed of it.
    lookAtLink()
    clock.tick(reading, isObserving: observes)
    publish()
    log.write(.notice, "counting on \(settings.interface), version \(weirVersion)")
    notifier.ready()
    do {
      try loop()
    } catch {
      log.write(.error, "\(error)")
      // The threads that still can hand over what they have.
      try? stop()
      throw Ended(error)
    }
    try stop()
  }

  private func loop() throws {
    while true {
      waitForSignal()
      switch weir_next_signal(signals) {
      case SIGTERM, SIGINT, SIGQUIT: return
      case SIGHUP: try reloadDatabases()
      case SIGUSR1: try tellFigures()
      default: break
      }
      try doWhatIsDue()
    }
  }

  private func waitForSignal() {
    var descriptor = pollfd(fd: signals, events: Int16(POLLIN), revents: 0)
    let toFlush = (nextFlush - monotonicNanoseconds()) / 1_000_000
    unsafe poll(&descriptor, 1, Int32(clamping: max(0, min(1000, toFlush + 1))))
  }

  private var reading: ClockReading {
    ClockReading(wall: wallNanoseconds(), monotonic: monotonicNanoseconds())
  }

  private func doWhatIsDue() throws {
    let time = reading
    steadyClock.tick(wall: time.wall, sinceBoot: bootNanoseconds())
    if workers.contains(where: \.hasFailed) { try flush(now: time.second) }
    let isSame = lookAtLink()
    if let jump = clock.jump(time) {
      log.write(
        .warning,
        "the clock was set \(jump < 0 ? "back" : "forward") by \(abs(jump)) s, or the machine slept"
      )
      publisher.changesOfClock += 1
      try flush(now: clock.unsetWall(time) / 1_000_000_000)
      beginCapture(at: time.second)
      thinning.lookAgain()
    } else if time.second.floorDivided(by: 86_400) != pending.current.day {
      try flush(now: time.second)
      beginCapture(at: time.second)
    }
    clock.tick(time, isObserving: observes && isSame)
    if time.monotonic >= nextFlush { try flush(now: time.second) }
    tellAlive()
  }

  private func beginCapture(at second: Int64) {
    pending.beginCapture(Self.newCapture(settings, digests, publisher.databases, at: second))
  }

  /// Only while every thread works is this process alive.
  private func tellAlive() {
    let beats = workers.map(\.heartbeat)
    if heartbeats.isEmpty || zip(beats, heartbeats).allSatisfy({ $0 != $1 }) {
      heartbeats = beats
      notifier.alive()
    }
  }

  /// - Returns: whether the interface is the one that it was at the last look.
  @discardableResult
  private func lookAtLink() -> Bool {
    let times = workers.map(\.timesMadeAnew).max() ?? 0
    defer { timesMadeAnew = times }
    if times != timesMadeAnew {
      log.write(
        .notice,
        "\(settings.interface) was made anew, and is listened to again; what it has no room for itself is"
          + " not known from now on")
    }
    let isUp = workers.allSatisfy(\.observes)
    if isUp != observes { tellOfLink(isUp) }
    return times == timesMadeAnew
  }

  private func tellOfLink(_ isUp: Bool) {
    observes = isUp
    log.write(
      isUp ? .notice : .warning,
      isUp
        ? "\(settings.interface) is up again: counting goes on"
        : "\(settings.interface) is down or gone: nothing is observed until it comes back")
  }

  private func reloadDatabases() throws {
    notifier.reloading()
    defer { notifier.ready() }
    let networks: [Networks]
    do {
      networks = try Self.openNetworks(settings)
    } catch {
      log.write(.error, "\(error); the databases so far stay in use")
      return
    }
    let databases = networks[0].databases
    try flush(now: reading.second, replacements: networks)
    publisher.databases = databases
    beginCapture(at: reading.second)
    log.write(.notice, "the databases were read again")
  }

  /// Writes down what was counted, and tells how much that is so far.
  private func tellFigures() throws {
    log.write(.notice, try flush(now: reading.second).sum)
  }

  private func stop() throws {
    notifier.stopping()
    clock.tick(reading, isObserving: observes)
    for worker in workers { worker.askToFinish() }
    var failure: (any Error)?
    do { try collect(now: reading.second) } catch { failure = error }
    let deadline = monotonicNanoseconds() + Self.lastTriesSeconds * 1_000_000_000
    while !writeLedger(), monotonicNanoseconds() < deadline {
      notifier.alive()
      usleep(500_000)
    }
    log.write(.notice, publish(state: .stopped).sum)
    if let problem = publisher.ledgerProblem {
      throw LastCountsLost(packets: pending.packets, reason: problem)
    }
    if let failure { throw failure }
  }

  // MARK: Flushing

  @discardableResult
  private func flush(now: Int64, replacements: [Networks] = []) throws -> CollectorStatus {
    var replacements = replacements[...]
    for worker in workers { worker.askToHandOver(replacement: replacements.popFirst()) }
    try collect(now: now)
    if writeLedger(),
      let told = thinning.step(now: now, monotonic: monotonicNanoseconds(), steadyClock)
    {
      log.write(told.priority, told.message)
    }
    publisher.thinningWaitsFor = thinning.waitsFor
    let interval = Int64(settings.flushSeconds) * 1_000_000_000
    nextFlush = max(nextFlush + interval, monotonicNanoseconds())
    return publish()
  }

  /// Waits for what the threads were asked for.
  private func collect(now: Int64) throws {
    var waiting = workers.enumerated().filter { !ended.contains($0.offset) }
    var flows = 0
    var failedLookups: UInt64 = 0
    var failure: (any Error)?
    let deadline = monotonicNanoseconds() + 30_000_000_000
    while !waiting.isEmpty {
      guard monotonicNanoseconds() < deadline else { throw ThreadSilent() }
      var descriptor = pollfd(fd: answered, events: Int16(POLLIN), revents: 0)
      unsafe poll(&descriptor, 1, 1000)
      _ = weir_clear_event(answered)
      waiting.removeAll { position, worker in
        guard let handOver = worker.takeAnswer() else { return false }
        publisher.total.add(pending.add(handOver.tallies, handOver.record, now: now))
        publisher.packetsByThread[position] += handOver.received
        names.merge(handOver.networkNames) { $1 }
        namesPending.merge(handOver.networkNames) { $1 }
        flows += handOver.flowsInTable
        failedLookups += handOver.failedLookups
        failure = failure ?? handOver.failure
        if handOver.failure != nil { ended.insert(position) }
        return true
      }
    }
    var record = CaptureRecord()
    record.observed = clock.takeObserved()
    record.droppedByInterface = drops.take()
    publisher.observe(record.observed)
    publisher.total.add(pending.add([:], record, now: now))
    publisher.flowsInTable = flows
    if failedLookups > publisher.failedLookups {
      log.write(.warning, damagedDatabase(failedLookups), kind: "look-ups")
    }
    publisher.failedLookups = failedLookups
    if let failure { throw failure }
  }

  /// - Returns: whether everything is in the ledger now.
  private func writeLedger() -> Bool {
    // A ledger that was replaced is left alone, and the next one begun at once.
    for _ in 0..<2 {
      do throws(LedgerError) {
        let rows = try ledger.flush(
          pending.tallies, pending.captures.map { ($0.entry, $0.context) },
          networkNames: namesPending)
        pending.wasFlushed(rows: rows)
        namesPending = [:]
        if publisher.ledgerProblem != nil { log.write(.notice, "the ledger is written to again") }
        publisher.ledgerProblem = nil
        publisher.lastFlush = wallNanoseconds() / 1_000_000_000
        return true
      } catch {
        let problem = "\(error)\(advice(on: error))"
        publisher.ledgerProblem = problem
        log.write(
          .error, "\(problem); \(counted(pending.packets, "packet")) wait in memory", kind: problem)
        guard case .moved = error else { return false }
        pending.forgetRows()
        namesPending = names
      }
    }
    return false
  }

  /// Something else may have come into the place of the ledger's folder: what confines this process knows
  /// folders, not their names.
  private func advice(on error: LedgerError) -> String {
    switch error {
    case .cannotOpen, .noPermission: break
    default: return ""
    }
    guard let folder, let now = FileStatus(enclosingFolder(of: settings.ledger)),
      (folder.device, folder.inode) != (now.device, now.inode)
    else { return "" }
    return "; its folder is not the one that it was at the start, and no other can be written to:"
      + " start again"
  }

  // MARK: Status

  @discardableResult
  private func publish(state: CollectorStatus.State = .running) -> CollectorStatus {
    let status = publisher.status(
      state, pending, observes: observes,
      changesOfLink: workers.map(\.changesOfLink).max() ?? 0, now: reading.second)
    notifier.status(status.line)
    do {
      try publisher.publish(status)
    } catch {
      log.write(.warning, "\(error)", kind: "status")
    }
    return status
  }
}

/// The failure that ended a run. It has been told.
struct Ended: Error {
  let reason: any Error

  init(_ reason: any Error) { self.reason = reason }
}

struct ThreadSilent: Error, CustomStringConvertible {
  let description = "a thread that counts packets no longer answers"
}

struct LastCountsLost: Error, CustomStringConvertible {
  let packets: UInt64
  let reason: String

  var description: String {
    "\(counted(packets, "packet")) could not be written down: \(reason)"
  }
}
