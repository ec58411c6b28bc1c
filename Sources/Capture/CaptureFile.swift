// A capture file or a stream of one, read through libpcap: pcap (µs, ns, both byte orders), pcapng.
//
// libpcap reads from a stdio stream whose bytes pass through `ByteSource`, which digests them on
// their way. So a file is read once, and standard input is remembered as files are.

internal import CPcap
internal import CSystem
internal import Glibc
public import Packets

/// Closed once, by `deinit`.
@safe
public struct CaptureFile: ~Copyable {
  /// As the user wrote it; `-` for standard input.
  public let path: String
  public let decoder: PacketDecoder
  private let handle: OpaquePointer
  private let source: ByteSource
  /// Classic files have unsigned 32-bit stamps that libpcap hands on as signed.
  private let stampFormat: StampFormat

  private enum StampFormat {
    case classicMicroseconds
    case classicNanoseconds
    case pcapng
  }

  /// The packet that the last ``advance()`` read; its bytes are libpcap's until the next one.
  private var frameStart: UnsafePointer<UInt8>?
  private var frameCount = 0
  /// Length of the current packet on the wire, in bytes.
  public private(set) var wireLength = 0
  /// When the current packet was captured; `nil` outside of the range of ``Stamp``.
  public private(set) var stamp: Stamp?

  /// - Parameters:
  ///   - path: a file, or `-` for standard input.
  ///   - knownSizes: see ``ByteSource``.
  public init(path: String, knownSizes: [UInt64] = []) throws(CaptureError) {
    let source = try ByteSource(path: path, markedOffsets: knownSizes)
    let magic = source.peekMagic()
    if let compression = Compression(magic: magic) {
      throw .compressed(path: path, by: compression)
    }
    let cookie = unsafe Unmanaged.passUnretained(source).toOpaque()
    guard let stream = unsafe weir_fopencookie_reader(cookie, ByteSource.readCallback) else {
      throw .unreadable(path: path, errno: errno)
    }
    unsafe setvbuf(stream, nil, _IOFBF, 1 << 18)
    var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
    guard
      let opened = unsafe pcap_fopen_offline_with_tstamp_precision(
        stream, UInt32(PCAP_TSTAMP_PRECISION_NANO), &message)
    else {
      unsafe fclose(stream)
      if let error = source.readError { throw .unreadable(path: path, errno: error) }
      throw .notACapture(path: path, reason: messageText(message))
    }
    let number = unsafe pcap_datalink(opened)
    guard let linkType = LinkType(number: number) else {
      let name = unsafe pcap_datalink_val_to_name(number).map { unsafe String(cString: $0) }
      unsafe pcap_close(opened)
      throw .unsupportedLinkType(path: path, name: name ?? "number \(number)")
    }
    self.path = path
    self.source = source
    unsafe handle = opened
    decoder = PacketDecoder(linkType: linkType)
    stampFormat =
      switch magic {
      case [0x4d, 0x3c, 0xb2, 0xa1], [0xa1, 0xb2, 0x3c, 0x4d]: .classicNanoseconds
      case [0x0a, 0x0d, 0x0d, 0x0a]: .pcapng
      default: .classicMicroseconds
      }
  }

  deinit {
    // Also closes the stream; the source closes its descriptor.
    unsafe pcap_close(handle)
  }

  public enum Progress: Sendable {
    case packet
    case end
    /// The file ends in the middle of a record. What came before it has been read.
    case cutOff
  }

  /// Reads the next record.
  public mutating func advance() throws(CaptureError) -> Progress {
    var header: UnsafeMutablePointer<pcap_pkthdr>? = nil
    let status = unsafe pcap_next_ex(handle, &header, &frameStart)
    if status == 1, let header = unsafe header {
      frameCount = unsafe Int(header.pointee.caplen)
      wireLength = unsafe Int(header.pointee.len)
      stamp = unsafe stamp(of: header.pointee)
      return .packet
    }
    unsafe frameStart = nil
    frameCount = 0
    if status == PCAP_ERROR_BREAK { return .end }
    if let error = source.readError { throw .unreadable(path: path, errno: error) }
    // An error that reading beyond the end brought about is a cut-off record; any other is damage.
    if let stream = unsafe pcap_file(handle), unsafe feof(stream) != 0 { return .cutOff }
    throw .damaged(path: path, reason: unsafe String(cString: pcap_geterr(handle)))
  }

  /// What was captured of the current packet. libpcap keeps it until the next record is read.
  private var frame: UnsafeBufferPointer<UInt8> {
    unsafe UnsafeBufferPointer(start: frameStart, count: frameCount)
  }

  /// What was captured of the current packet, for as long as `body` runs.
  public func withFrame(_ body: (Span<UInt8>) throws -> Void) rethrows {
    try body(unsafe Span(_unsafeElements: frame))
  }

  /// Hands the current packet to `body`, and those that follow it for as long as `isDue` of their
  /// stamps. (One call for a run of packets: exclusive access to this file is checked once for all.)
  public mutating func forEachPacket(
    while isDue: (Stamp?) -> Bool,
    _ body: (_ frame: Span<UInt8>, _ wireLength: Int, _ stamp: Stamp?) throws -> Void
  ) throws -> Progress {
    var progress: Progress
    repeat {
      try body(unsafe Span(_unsafeElements: frame), wireLength, stamp)
      progress = try advance()
    } while progress == .packet && isDue(stamp)
    return progress
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

  private func stamp(of header: pcap_pkthdr) -> Stamp? {
    var seconds = Int64(header.ts.tv_sec)
    var nanoseconds = Int64(header.ts.tv_usec)
    switch stampFormat {
    // Simple packet blocks have no stamp. libpcap gives them the first moment of 1970, where their
    // tallies stand apart from all others.
    case .pcapng: break
    case .classicNanoseconds:
      seconds = Int64(UInt32(truncatingIfNeeded: seconds))
      nanoseconds = Int64(UInt32(truncatingIfNeeded: nanoseconds))
    case .classicMicroseconds:
      seconds = Int64(UInt32(truncatingIfNeeded: seconds))
      // libpcap has scaled the field up as a signed number.
      nanoseconds = Int64(UInt32(truncatingIfNeeded: nanoseconds / 1000)) * 1000
    }
    return Stamp(seconds: seconds, nanoseconds: nanoseconds)
  }
}

/// What libpcap wrote into its buffer for errors.
func messageText(_ message: [CChar]) -> String {
  String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
