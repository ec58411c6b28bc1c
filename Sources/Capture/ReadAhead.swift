// Reads and digests pieces of a capture in a thread of its own, while those before are being walked.
// It stays a few blocks ahead, and no more: what has not been walked is in memory.

internal import Threads

final class ReadAhead {
  private struct Progress: Sendable {
    /// Blocks that have been read, and those of them that are not needed any more.
    var read = 0
    var walked = 0
    /// What ``ByteReader/read(into:)`` gave for the blocks at each place.
    var counts: [Int]
    var isCancelled = false
  }

  private static let places = 3
  private let blocks: [Block]
  private let progress: Monitor<Progress>
  /// The block that is being walked.
  private var current = 0

  /// - Parameters:
  ///   - reader: belongs to the thread until ``next(after:)`` has given the end.
  ///   - first: a block that is being walked.
  /// - Returns: `nil` where there can be no thread.
  init?(_ reader: ByteReader, first: Block) {
    let blocks = [first] + (1..<Self.places).map { _ in Block() }
    let progress = Monitor(Progress(read: 1, counts: [Int](repeating: 0, count: Self.places)))
    self.blocks = blocks
    self.progress = progress
    do throws(ThreadNotStarted) {
      try startThread {
        var count: Int
        repeat {
          let (next, isCancelled) = progress.wait { progress in
            progress.isCancelled || progress.read - progress.walked < Self.places
              ? (progress.read, progress.isCancelled) : nil
          }
          if isCancelled { return }
          let place = next % Self.places
          count = unsafe reader.read(into: blocks[place].room)
          progress.change {
            $0.counts[place] = count
            $0.read += 1
          }
        } while count > 0
      }
    } catch {
      return nil
    }
  }

  /// The thread may be waiting for a pipe. It keeps what it needs until it notices.
  deinit { progress.change { $0.isCancelled = true } }

  /// The next block, and what ``ByteReader/read(into:)`` gave for it; ends what was made of the one
  /// before. To be called no more after the end.
  /// - Parameter finish: called before that.
  func next(_ use: (Block, _ count: Int) -> Void) {
    let wanted = current + 1
    let place = wanted % Self.places
    let count = progress.wait { $0.read > wanted ? $0.counts[place] : nil }
    use(blocks[place], count)
    progress.change { $0.walked = wanted }
    current = wanted
  }
}
