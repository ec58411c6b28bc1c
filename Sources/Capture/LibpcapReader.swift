// Captures as libpcap reads them: pcapng, and classic files of every age.
//
// libpcap reads from a stdio stream whose bytes come from `ByteSource`.

internal import CPcap
internal import CSystem
internal import Glibc
internal import Packets

/// Closed once, by `deinit`.
@safe
final class LibpcapReader: RecordReader {
  let linkType: LinkType
  private let handle: OpaquePointer
  private let source: ByteSource
  private let path: String
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
  private(set) var wireLength = 0
  private(set) var stamp: Stamp?

  /// - Parameters:
  ///   - source: stands at its first byte, and has to live for as long as the reader.
  ///   - magic: the file's first four bytes.
  init(source: ByteSource, magic: [UInt8], path: String) throws(CaptureError) {
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
    self.linkType = linkType
    unsafe handle = opened
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

  func advance() throws(CaptureError) -> CaptureFile.Progress {
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

  var frame: UnsafeBufferPointer<UInt8> {
    unsafe UnsafeBufferPointer(start: frameStart, count: frameCount)
  }

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
