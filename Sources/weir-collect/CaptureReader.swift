// Reads captures and classifies their packets in a thread of its own, while those before are counted:
// half of the work, and the half that needs nothing of the other's. It stays a few batches ahead, and
// no more: what has not been counted is in memory.

import Capture
import Flows
import Packets
import Tallies
import Threads

/// Packets that have been read and classified, and what else is known by then.
final class ClassifiedPackets: @unchecked Sendable {
  /// Some batches of this size fit the processor's second-level cache.
  static let capacity = 2048

  fileprivate(set) var batch = PacketBatch(capacity: capacity)
  /// Files that have been read to their ends since the batch before.
  fileprivate(set) var ended: [CaptureMerge.Outcome] = []
  /// Bytes of all files up to here.
  fileprivate(set) var bytesRead: UInt64 = 0
  /// There after the last packet: the accounts of the files, or why there are no more packets.
  fileprivate(set) var end: Result<[CaptureRecord], any Error>?

  fileprivate func removeAll() {
    batch.removeAll()
    ended = []
  }
}

/// Reads some captures once, from the first packet to the last.
struct CaptureReader {
  private let reading: Reading

  init(_ captures: CaptureMerge, sources: Int, classifier: PacketClassifier) {
    reading = Reading(captures, sources: sources, classifier: classifier)
  }

  /// Hands all packets to `body`, in their order.
  /// - Returns: the accounts of the files, as far as they can be told without their flows.
  func forEach(_ body: (ClassifiedPackets) throws -> Void) throws -> [CaptureRecord] {
    let queue = Queue()
    do throws(ThreadNotStarted) {
      let reading = reading
      try startThread { queue.fill { reading.run(into: $0, handOver: $1) } }
    } catch {
      return try forEachInThisThread(body)
    }
    // Left early, the thread may be waiting for a pipe. It keeps what it needs until it notices.
    defer { queue.cancel() }
    while true {
      let packets = queue.next()
      try body(packets)
      if let end = packets.end { return try end.get() }
      packets.removeAll()
      queue.giveBack()
    }
  }

  /// The same where there can be no thread.
  func forEachInThisThread(
    _ body: (ClassifiedPackets) throws -> Void
  ) throws -> [CaptureRecord] {
    let packets = ClassifiedPackets()
    var failure: (any Error)?
    reading.run(into: packets) { packets in
      do {
        try body(packets)
      } catch {
        failure = error
        return nil
      }
      packets.removeAll()
      return packets
    }
    if let failure { throw failure }
    return try packets.end?.get() ?? []
  }
}

/// What reads: in one thread, once.
private final class Reading: @unchecked Sendable {
  private let captures: CaptureMerge
  private let classifier: PacketClassifier
  private var accounts: [SourceAccount]

  private struct Cancelled: Error {}

  init(_ captures: CaptureMerge, sources: Int, classifier: PacketClassifier) {
    self.captures = captures
    self.classifier = classifier
    accounts = [SourceAccount](repeating: SourceAccount(), count: sources)
  }

  /// - Parameter handOver: takes what has been filled and gives what is to be filled next; `nil` ends
  ///   it all.
  func run(
    into first: ClassifiedPackets, handOver: (ClassifiedPackets) -> ClassifiedPackets?
  ) {
    var filling = first
    do {
      try captures.forEachRun {
        filling.ended.append($0)
      } _: { packets, bytes, decoder, source in
        if filling.batch.room < packets.count {
          filling.bytesRead = captures.bytesRead
          guard let next = handOver(filling) else { throw Cancelled() }
          filling = next
        }
        classifier.classify(
          packets, of: bytes, decoder: decoder, source: source, into: &filling.batch,
          &accounts[source])
      }
      filling.end = .success(accounts.map(\.record))
    } catch is Cancelled {
      return
    } catch {
      filling.end = .failure(error)
    }
    filling.bytesRead = captures.bytesRead
    _ = handOver(filling)
  }
}

/// A ring of places that one thread fills and another one empties.
private final class Queue: Sendable {
  private struct Progress: Sendable {
    var filled = 0
    var emptied = 0
    var isCancelled = false
  }

  private static let length = 4
  private let places = (0..<length).map { _ in ClassifiedPackets() }
  private let progress = Monitor(Progress())

  /// For the thread that fills.
  func fill(
    _ work: (ClassifiedPackets, (ClassifiedPackets) -> ClassifiedPackets?) -> Void
  ) {
    work(places[0]) { _ in
      progress.change { $0.filled += 1 }
      return progress.wait { progress -> ClassifiedPackets?? in
        if progress.isCancelled { return .some(nil) }
        guard progress.filled - progress.emptied < Self.length else { return nil }
        return places[progress.filled % Self.length]
      }
    }
  }

  /// For the thread that empties: what was filled first.
  func next() -> ClassifiedPackets {
    progress.wait { progress in
      progress.filled > progress.emptied ? places[progress.emptied % Self.length] : nil
    }
  }

  func giveBack() { progress.change { $0.emptied += 1 } }

  func cancel() { progress.change { $0.isCancelled = true } }
}
