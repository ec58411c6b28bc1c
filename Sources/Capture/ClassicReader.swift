// The records of a classic capture file, walked where they lie in a block: no call, no copy and no
// lock per packet.
//
//   0  stamp: seconds, then µs or ns, unsigned
//   8  captured length: bytes that follow
//   12 length on the wire
//   16 the packet
//
// The blocks are filled by read(2). Measured against mapping the file, that is as fast (a block stays
// in the processor's cache, and no page has to be mapped), it works for pipes, and a file that is cut
// off while it is read ends early instead of raising SIGBUS.

internal import Packets

@safe
final class ClassicReader: RecordReader {
  let format: ClassicFormat
  private let source: ByteSource
  private let path: String

  private static let recordHeaderLength = 16
  static let longestRecord = recordHeaderLength + Int(ClassicFormat.longestCapture)

  /// What the source has, and how much of that has been walked.
  private var bytes: Piece
  private var position = 0

  /// Packets that are handed over together.
  private let run = UnsafeMutableBufferPointer<CapturedPacket>.allocate(
    capacity: CaptureFile.packetsTogether)

  // The current packet.
  private var frameStart = 0
  private var frameCount = 0
  private(set) var wireLength = 0
  private(set) var stamp: Stamp?

  /// - Parameter source: stands at the file's header.
  init(format: ClassicFormat, source: ByteSource, path: String) throws(CaptureError) {
    self.format = format
    self.source = source
    self.path = path
    bytes = source.unread
    unsafe run.initialize(
      repeating: CapturedPacket(start: 0, count: 0, wireLength: 0, stamp: nil))
    if try hasBytes(ClassicFormat.headerLength) { position = ClassicFormat.headerLength }
  }

  deinit { unsafe run.deallocate() }

  var frame: UnsafeBufferPointer<UInt8> {
    unsafe UnsafeBufferPointer(
      start: (bytes.start + frameStart).assumingMemoryBound(to: UInt8.self), count: frameCount)
  }

  func advance() throws(CaptureError) -> CaptureFile.Progress {
    frameCount = 0
    guard try hasBytes(Self.recordHeaderLength) else {
      return position == bytes.count ? .end : .cutOff
    }
    let captured = word(position + 8)
    guard captured <= ClassicFormat.longestCapture else {
      throw .damaged(
        path: path,
        reason: "invalid packet capture length \(captured), bigger than maximum of "
          + "\(ClassicFormat.longestCapture)")
    }
    guard try hasBytes(Self.recordHeaderLength + Int(captured)) else { return .cutOff }
    take(captured)
    return .packet
  }

  /// Hands the current packet to `body`, and those that follow it up to a limit, some at a time.
  func forEachRun(
    upTo limit: RunLimit,
    _ body: (_ packets: Span<CapturedPacket>, _ bytes: Span<UInt8>) throws -> Void
  ) throws -> CaptureFile.Progress {
    repeat {
      var count = 0
      var isInBlock: Bool
      repeat {
        unsafe run[count] = CapturedPacket(
          start: frameStart, count: frameCount, wireLength: wireLength, stamp: stamp)
        count &+= 1
        isInBlock = takeNextInBlock()
      } while isInBlock && limit.admits(stamp) && count < CaptureFile.packetsTogether
      // Neither is touched while `body` runs.
      let packets = unsafe UnsafeBufferPointer(rebasing: run[..<count])
      let block = unsafe UnsafeBufferPointer(
        start: bytes.start.assumingMemoryBound(to: UInt8.self), count: bytes.count)
      try body(unsafe Span(_unsafeElements: packets), unsafe Span(_unsafeElements: block))
      if !isInBlock {
        // Beyond the block, or not a record.
        let progress = try advance()
        guard progress == .packet else { return progress }
      }
    } while limit.admits(stamp)
    return .packet
  }

  /// Makes the next record the current packet, if all of it lies in the block.
  @inline(__always)
  private func takeNextInBlock() -> Bool {
    let waiting = bytes.count &- position
    guard waiting >= Self.recordHeaderLength else { return false }
    let captured = word(position &+ 8)
    guard captured <= ClassicFormat.longestCapture,
      waiting >= Self.recordHeaderLength &+ Int(captured)
    else { return false }
    take(captured)
    return true
  }

  /// Makes the record at `position`, which lies in the block, the current packet.
  @inline(__always)
  private func take(_ captured: UInt32) {
    let (seconds, fraction) = (word(position), word(position &+ 4))
    wireLength = Int(word(position &+ 12))
    frameStart = position &+ Self.recordHeaderLength
    frameCount = Int(min(captured, format.snapLength))
    // At most 2³² s and 2³² µs: far from the limits of `Int64`, and inside of those of `Stamp`.
    stamp = Stamp(
      nanoseconds: Int64(seconds) &* 1_000_000_000
        &+ Int64(fraction) &* format.nanosecondsPerFraction)
    position = frameStart &+ Int(captured)
  }

  /// Whether the file has this many bytes from `position` on. If so they are in the block.
  @inline(__always)
  private func hasBytes(_ count: Int) throws(CaptureError) -> Bool {
    bytes.count - position >= count ? true : try readOn(to: count)
  }

  @inline(never)
  private func readOn(to count: Int) throws(CaptureError) -> Bool {
    source.take(position)
    position = 0
    defer { bytes = source.unread }
    while source.unread.count < count { guard try source.readOn() else { return false } }
    return true
  }

  /// - Precondition: the four bytes lie in the block.
  @inline(__always)
  private func word(_ offset: Int) -> UInt32 {
    let word = unsafe (bytes.start + offset).loadUnaligned(as: UInt32.self)
    return format.isByteSwapped ? word.byteSwapped : word
  }
}
