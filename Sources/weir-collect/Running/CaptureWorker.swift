// A thread that takes packets from an interface and counts them, and hands over what it counted when
// it is asked to. Its flow table, its databases and its socket are its own; nothing waits for the
// ledger here.

import CSystem
import Capture
import Console
import Flows
import Glibc
import Networks
import Packets
import Synchronization
import Tallies

/// What a worker counted since it was last asked.
struct HandOver: Sendable {
  var tallies: TallyMap
  var record: CaptureRecord
  var received: UInt64
  var flowsInTable: Int
  /// Names that were not handed over before.
  var networkNames: [UInt32: String]
  /// Since the start.
  var failedLookups: UInt64
  /// Why this is the last one, where nobody asked for that.
  var failure: (any Error)?
}

/// The databases of one worker, which are replaced as a whole.
private final class CurrentNetworks {
  /// There before the thread runs.
  var networks: Networks?
  var namesHandedOver: Set<UInt32> = []
  /// Of those before these.
  private var earlierFailures: UInt64 = 0

  var failedLookups: UInt64 { earlierFailures + (networks?.failedLookups ?? 0) }

  func replace(by replacement: Networks) {
    earlierFailures = failedLookups
    networks = replacement
    namesHandedOver = []
  }
}

/// Everything but `mailbox` and `state` belongs to the worker's own thread once that runs.
final class CaptureWorker: @unchecked Sendable {
  /// Handed from thread to thread: whoever made the databases keeps none of them.
  private enum Request: @unchecked Sendable {
    case none
    case handOver(replacement: Networks?)
    /// Count what waits, end all flows, and return.
    case finish
  }

  private struct Mailbox: Sendable {
    var request = Request.none
    var answer: HandOver?
  }

  private let mailbox = Mutex(Mailbox())
  /// Wakes the worker.
  private let call: Int32
  /// Wakes whoever waits for workers.
  private let answered: Int32
  private let beats = Atomic<UInt64>(0)
  private let isLinkUp = Atomic<Bool>(true)
  private let linkChanges = Atomic<UInt64>(0)
  private let follows = Atomic<UInt64>(0)
  private let failed = Atomic<Bool>(false)

  private var capture: LiveCapture
  private var meter: Meter
  private let current: CurrentNetworks
  private var record = CaptureRecord()
  private var received: UInt64 = 0
  /// Of the newest packet, and whether all that waited then had been taken.
  private var newest: Stamp?
  private var isDrained = false

  /// Packets to take before looking up.
  private static let packetsAtOnce: Int32 = 1 << 14
  /// How late a packet can come after one with a greater stamp, or wait in a block of the ring that is
  /// not full, in nanoseconds: generously.
  private static let disorder: Int64 = 2_000_000_000

  init(
    capture: consuming LiveCapture, meter: MeterConfiguration, answered: Int32
  ) throws {
    call = weir_open_event()
    guard call >= 0 else { throw SystemFailure("eventfd", errno) }
    let current = CurrentNetworks()
    self.current = current
    self.meter = Meter(meter) { current.networks?.network(of: $0, $1) ?? .unknown }
    descriptor = capture.descriptor
    isLinkUp.store(capture.linkState == .up, ordering: .relaxed)
    self.capture = capture
    self.answered = answered
  }

  deinit { close(call) }

  /// To be called once all workers of an interface are there, before any runs.
  func startCapture() throws { try capture.start() }

  /// To be called before it runs.
  func useNetworks(_ networks: Networks) { current.networks = networks }

  /// Of its packet socket.
  let descriptor: Int32

  // MARK: For other threads

  /// Grows for as long as the worker works.
  var heartbeat: UInt64 { beats.load(ordering: .relaxed) }
  var observes: Bool { isLinkUp.load(ordering: .relaxed) }
  /// Whether it ended by itself; the reason is in its last answer.
  var hasFailed: Bool { failed.load(ordering: .relaxed) }
  /// How often the interface went away, came back, or was made anew.
  var changesOfLink: UInt64 { linkChanges.load(ordering: .relaxed) }
  /// How often it was made anew, which can happen between two looks.
  var timesMadeAnew: UInt64 { follows.load(ordering: .relaxed) }

  /// Asks for what was counted; `answered` is raised when it is there.
  /// - Parameter replacement: databases to use from then on. The caller keeps none of them.
  func askToHandOver(replacement: Networks? = nil) {
    post(.handOver(replacement: replacement))
  }

  func askToFinish() { post(.finish) }

  func takeAnswer() -> HandOver? {
    mailbox.withLock { box in
      defer { box.answer = nil }
      return box.answer
    }
  }

  private func post(_ request: Request) {
    mailbox.withLock { $0.request = request }
    _ = weir_raise_event(call)
  }

  // MARK: The thread

  /// Runs until it is asked to finish, or fails; then it hands over what it has.
  func run() {
    var failure: (any Error)?
    do {
      try work()
    } catch {
      failure = error
    }
    meter.endAllFlows()
    var last = handOver()
    last.failure = failure
    if failure != nil { failed.store(true, ordering: .relaxed) }
    answer(last)
  }

  private func work() throws {
    var nextLook: Int64 = 0
    while true {
      let events = waitForEvents()
      beats.add(1, ordering: .relaxed)
      if events.hasError { capture.clearError() }
      if events.hasPackets { try takePackets() } else { isDrained = true }
      let now = monotonicNanoseconds()
      if now >= nextLook {
        nextLook = now + 1_000_000_000
        try lookAtLink()
      }
      guard events.isCalled else { continue }
      _ = weir_clear_event(call)
      let request = mailbox.withLock { box in
        defer { box.request = .none }
        return box.request
      }
      switch request {
      case .none: break
      case .handOver(let replacement):
        settleIdleFlows()
        answer(handOver())
        if let replacement { current.replace(by: replacement) }
      case .finish:
        try finish()
        return
      }
    }
  }

  private func waitForEvents() -> (hasPackets: Bool, hasError: Bool, isCalled: Bool) {
    var descriptors = [
      pollfd(fd: capture.descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: call, events: Int16(POLLIN), revents: 0),
    ]
    // The poll ends by itself once a second: nothing else than packets and calls needs to wake it.
    guard unsafe poll(&descriptors, 2, 1000) > 0 else { return (false, false, false) }
    let has = { (position: Int, event: Int32) in
      descriptors[position].revents & Int16(event) != 0
    }
    return (has(0, POLLIN), has(0, POLLERR), has(1, POLLIN))
  }

  private func takePackets() throws {
    let decoder = capture.decoder
    // The next packet may be long in coming, and none may leave its address behind until then: neither
    // where packets wait, nor on the stack.
    defer {
      meter.countWaiting()
      weir_wipe_stack()
    }
    let count = try capture.forEachPacket(limit: Self.packetsAtOnce) { frame, wireLength, stamp in
      meter.countTogether(frame, wireLength: wireLength, stamp: stamp, decoder: decoder)
      newest = stamp
    }
    isDrained = count < Self.packetsAtOnce
  }

  private func lookAtLink() throws {
    let isUp = capture.linkState == .up
    if try capture.follow() {
      follows.add(1, ordering: .relaxed)
      linkChanges.add(1, ordering: .relaxed)
    }
    if isUp != isLinkUp.exchange(isUp, ordering: .relaxed) {
      linkChanges.add(1, ordering: .relaxed)
    }
  }

  /// The meter has no clock of its own. Where nothing waits, the machine's will do.
  private func settleIdleFlows() {
    let now = isDrained ? wallNanoseconds() : newest?.nanoseconds ?? wallNanoseconds()
    meter.endIdleFlows(at: Stamp(nanoseconds: now - Self.disorder))
  }

  private func handOver() -> HandOver {
    let tallies = meter.takeTallies()
    var record = meter.exchangeRecord(CaptureRecord())
    // A file's packets are the only sign of observation; a running collector has a clock.
    record.observed = ObservedTime()
    let statistics = capture.takeStatistics()
    record.droppedByKernel = statistics.dropped
    let names = (current.networks?.names ?? [:]).filter {
      !current.namesHandedOver.contains($0.key)
    }
    current.namesHandedOver.formUnion(names.keys)
    return HandOver(
      tallies: tallies, record: record, received: statistics.received,
      flowsInTable: meter.flowsInTable, networkNames: names,
      failedLookups: current.failedLookups)
  }

  private func answer(_ handOver: HandOver) {
    mailbox.withLock { $0.answer = handOver }
    _ = weir_raise_event(answered)
  }

  /// What is in the ring was captured before the end, and counts; what comes meanwhile does not keep
  /// it from coming to an end.
  private func finish() throws {
    let end = wallNanoseconds()
    var deadline = monotonicNanoseconds() + 2_000_000_000
    repeat {
      try takePackets()
      // The last block is handed over by the kernel when its time is up.
      if isDrained, deadline > monotonicNanoseconds() + 300_000_000 {
        deadline = monotonicNanoseconds() + 300_000_000
      }
      if isDrained { usleep(20_000) }
    } while monotonicNanoseconds() < deadline && (newest?.nanoseconds ?? 0) <= end
  }
}

struct SystemFailure: Error, CustomStringConvertible {
  let description: String

  init(_ call: String, _ number: Int32) {
    description = "\(call): \(unsafe String(cString: strerror(number)))"
  }
}

func monotonicNanoseconds() -> Int64 { nanoseconds(of: CLOCK_MONOTONIC) }
/// Which does not stand still while the machine sleeps.
func bootNanoseconds() -> Int64 { nanoseconds(of: CLOCK_BOOTTIME) }
func wallNanoseconds() -> Int64 { nanoseconds(of: CLOCK_REALTIME) }

private func nanoseconds(of clock: clockid_t) -> Int64 {
  var time = timespec()
  unsafe clock_gettime(clock, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
