// Several captures as one stream in the order of time.

public import Packets

/// Files that are read together: always the file whose next packet is the earliest, the one named
/// first among equals; within a file, its own order.
///
/// Each is opened when its first packet is due and closed at its end, so that a folder full of
/// rotated captures takes few descriptors at a time.
public final class CaptureMerge {
  /// What became of a file that has been read to its end.
  public struct Outcome: Sendable {
    /// Position among the paths.
    public let source: Int
    public let isCutOff: Bool
    public let content: ContentDigest
    /// See ``CaptureFile/digestsAtMarkedOffsets``.
    public let beginnings: [ContentDigest]
  }

  private final class Opened {
    let source: Int
    let bytes: ByteSource
    var file: CaptureFile

    init(source: Int, file: consuming CaptureFile) {
      self.source = source
      bytes = file.bytes
      self.file = file
    }

    /// Where the current packet belongs in time.
    var due: Due { Due(stamp: file.stamp, source: source) }
  }

  private struct Due: Comparable {
    private var nanoseconds: Int64
    var source: Int

    /// A packet without a usable stamp is due at once.
    @inline(__always)
    init(stamp: Stamp?, source: Int) {
      nanoseconds = stamp?.nanoseconds ?? .min
      self.source = source
    }

    /// Up to where packets of another source are due before this.
    func limit(for source: Int) -> RunLimit {
      RunLimit(nanoseconds: nanoseconds, includesEqual: source < self.source)
    }

    static let never = Due(stamp: Stamp(nanoseconds: .max), source: .max)

    static func < (left: Due, right: Due) -> Bool {
      left.nanoseconds != right.nanoseconds
        ? left.nanoseconds < right.nanoseconds : left.source < right.source
    }
  }

  private let paths: [String]
  private let knownSizes: [UInt64]
  private var bytesOfEndedFiles: UInt64 = 0
  private var active: [Opened] = []
  /// Sources yet to be opened, the next one last.
  private var waiting: [Due] = []
  private var outcomes: [Outcome] = []

  /// Bytes of all files; `nil` where one is a stream.
  public private(set) var size: UInt64? = 0

  /// Looks at every file's beginning, so that one that is no capture is known before anything is
  /// counted.
  /// - Parameters:
  ///   - knownSizes: sizes at which to note each file's digest so far.
  public init(paths: [String], knownSizes: [UInt64]) throws(CaptureError) {
    self.paths = paths
    self.knownSizes = knownSizes
    for source in paths.indices {
      let opened = Opened(
        source: source,
        file: try CaptureFile(path: paths[source], knownSizes: knownSizes))
      size = size.flatMap { total in opened.bytes.size.map { total + $0 } }
      if paths.count == 1 || paths[source] == "-" || opened.bytes.size == nil {
        try activate(opened)  // the only one, or a stream, which cannot be opened twice
      } else {
        _ = try opened.file.advance()
        waiting.append(opened.due)
      }
    }
    waiting.sort(by: >)
  }

  /// Bytes read so far.
  public var bytesRead: UInt64 {
    active.reduce(bytesOfEndedFiles) { $0 + $1.bytes.offset }
  }

  /// Hands every packet of every file to `body`, some of one file at a time.
  ///
  /// - Parameters:
  ///   - ended: called when a file has been read to its end.
  ///   - body: gets up to ``CaptureFile/packetsTogether`` packets, whose bytes are gone when it returns;
  ///     `source` is the position of their file among the paths.
  public func forEachRun(
    ended: (Outcome) throws -> Void,
    _ body: (
      _ packets: Span<CapturedPacket>, _ bytes: Span<UInt8>, _ decoder: PacketDecoder,
      _ source: Int
    ) throws -> Void
  ) throws {
    while let (position, until) = try nextRun() {
      try report(ended)
      let opened = active[position]
      let (source, decoder) = (opened.source, opened.file.decoder)
      let progress = try opened.file.forEachRun(upTo: until.limit(for: source)) {
        try body($0, $1, decoder, source)
      }
      if progress != .packet {
        active.remove(at: position)
        try end(opened, progress)
      }
    }
    try report(ended)
  }

  private func report(_ ended: (Outcome) throws -> Void) throws {
    for outcome in outcomes { try ended(outcome) }
    outcomes = []
  }

  /// The file that has the earliest packet, and what its packets have to stay before.
  private func nextRun() throws(CaptureError) -> (position: Int, until: Due)? {
    while let next = waiting.last, next < (active.map(\.due).min() ?? .never) {
      waiting.removeLast()
      try activate(
        Opened(
          source: next.source,
          file: try CaptureFile(path: paths[next.source], knownSizes: knownSizes)))
    }
    guard let position = active.indices.min(by: { active[$0].due < active[$1].due }) else {
      return nil
    }
    let others = active.indices.filter { $0 != position }.map { active[$0].due }
    return (position, min(others.min() ?? .never, waiting.last ?? .never))
  }

  private func activate(_ opened: Opened) throws(CaptureError) {
    let progress = try opened.file.advance()
    if progress == .packet {
      active.append(opened)
    } else {
      try end(opened, progress)
    }
  }

  private func end(_ opened: Opened, _ progress: CaptureFile.Progress) throws(CaptureError) {
    let content = try opened.file.finishDigest()
    bytesOfEndedFiles += opened.bytes.offset
    outcomes.append(
      Outcome(
        source: opened.source, isCutOff: progress == .cutOff, content: content,
        beginnings: opened.file.digestsAtMarkedOffsets))
  }
}
