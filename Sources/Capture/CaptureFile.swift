// A capture file or a stream of one: pcap (µs, ns, both byte orders), pcapng.
//
// The plain kind of classic file is walked by `ClassicReader`, everything else is read through
// libpcap. Either way the bytes pass through `ByteSource`, which digests them on their way. So a file
// is read once, and standard input is remembered as files are.

public import Packets

/// What goes through the records of a capture, one by one.
protocol RecordReader: AnyObject {
  /// Reads the next record.
  func advance() throws(CaptureError) -> CaptureFile.Progress
  /// What was captured of the current packet. The memory is the reader's until the next record is
  /// read.
  var frame: UnsafeBufferPointer<UInt8> { get }
  /// Length of the current packet on the wire, in bytes.
  var wireLength: Int { get }
  /// When the current packet was captured; `nil` outside of the range of ``Stamp``.
  var stamp: Stamp? { get }
}

/// Closed once, by `deinit`.
public struct CaptureFile: ~Copyable {
  /// As the user wrote it; `-` for standard input.
  public let path: String
  public let decoder: PacketDecoder
  private let source: ByteSource
  private let reader: Reader

  private enum Reader {
    case classic(ClassicReader)
    case libpcap(LibpcapReader)

    var linkType: LinkType {
      switch self {
      case .classic(let classic): classic.format.linkType
      case .libpcap(let libpcap): libpcap.linkType
      }
    }
  }

  /// - Parameters:
  ///   - path: a file, or `-` for standard input.
  ///   - knownSizes: see ``ByteReader``.
  public init(path: String, knownSizes: [UInt64] = []) throws(CaptureError) {
    let source = try ByteSource(path: path, markedOffsets: knownSizes)
    let header = try source.peek(ClassicFormat.headerLength)
    let magic = Array(header.prefix(4))
    if let compression = Compression(magic: magic) {
      throw .compressed(path: path, by: compression)
    }
    let reader: Reader =
      if let format = ClassicFormat(header: header) {
        .classic(try ClassicReader(format: format, source: source, path: path))
      } else {
        .libpcap(try LibpcapReader(source: source, magic: magic, path: path))
      }
    self.path = path
    self.source = source
    self.reader = reader
    decoder = PacketDecoder(linkType: reader.linkType)
  }

  public enum Progress: Sendable {
    case packet
    case end
    /// The file ends in the middle of a record. What came before it has been read.
    case cutOff
  }

  private var records: any RecordReader {
    switch reader {
    case .classic(let classic): classic
    case .libpcap(let libpcap): libpcap
    }
  }

  /// Reads the next record.
  public mutating func advance() throws(CaptureError) -> Progress { try records.advance() }

  /// Length of the current packet on the wire, in bytes.
  public var wireLength: Int { records.wireLength }
  /// When the current packet was captured; `nil` outside of the range of ``Stamp``.
  public var stamp: Stamp? { records.stamp }

  /// What was captured of the current packet, for as long as `body` runs.
  public func withFrame(_ body: (Span<UInt8>) throws -> Void) rethrows {
    try body(unsafe Span(_unsafeElements: records.frame))
  }

  /// Packets that are handed over in one call at most.
  public static let packetsTogether = 128

  /// Hands the current packet to `body`, and those that follow it up to a limit: some at a time, whose
  /// bytes lie in one piece of memory.
  mutating func forEachRun(
    upTo limit: RunLimit,
    _ body: (_ packets: Span<CapturedPacket>, _ bytes: Span<UInt8>) throws -> Void
  ) throws -> Progress {
    switch reader {
    case .classic(let classic): try classic.forEachRun(upTo: limit, body)
    case .libpcap(let libpcap): try libpcap.forEachRun(upTo: limit, body)
    }
  }

  public var bytesRead: UInt64 { source.offset }

  /// The bytes that the file is read from.
  var bytes: ByteSource { source }

  /// Reads what is left of the file, so that its digest is that of all its bytes.
  public mutating func finishDigest() throws(CaptureError) -> ContentDigest {
    try source.readToEnd()
    return source.digest
  }

  /// The digests of the file's first bytes, up to each of the marked offsets that lie within it.
  public var digestsAtMarkedOffsets: [ContentDigest] { source.digestsAtMarkedOffsets }
}

/// Where a run of one file's packets ends, because another file's are due.
struct RunLimit {
  var nanoseconds: Int64
  var includesEqual: Bool

  /// A packet without a usable stamp is due at once.
  @inline(__always)
  func admits(_ stamp: Stamp?) -> Bool {
    let time = stamp?.nanoseconds ?? .min
    return time < nanoseconds || (includesEqual && time == nanoseconds)
  }
}

extension RecordReader {
  fileprivate func forEachRun(
    upTo limit: RunLimit,
    _ body: (_ packets: Span<CapturedPacket>, _ bytes: Span<UInt8>) throws -> Void
  ) throws -> CaptureFile.Progress {
    var progress: CaptureFile.Progress
    repeat {
      let packet: [1 of CapturedPacket] = [
        CapturedPacket(
          start: 0, count: unsafe frame.count, wireLength: wireLength, stamp: stamp)
      ]
      // The reader is not touched while `body` runs.
      try body(packet.span, unsafe Span(_unsafeElements: frame))
      progress = try advance()
    } while progress == .packet && limit.admits(stamp)
    return progress
  }
}
