// Memory for a piece of a capture, with room before it for what is left of the piece before: so a
// record that lies across two pieces is put together, and everything else stays where it was read.

/// Bytes of a block, for as long as it has them.
@safe
struct Piece {
  let start: UnsafeRawPointer
  let count: Int

  /// - Precondition: it has as many.
  func dropFirst(_ taken: Int) -> Piece {
    precondition(taken >= 0 && taken <= count)
    return unsafe Piece(start: start + taken, count: count - taken)
  }
}

/// Owns its memory.
@safe
final class Block {
  /// What one read(2) is asked for: it fits the processor's second-level cache.
  static let length = 1 << 18
  /// The longest record.
  static let headroom = ClassicReader.longestRecord

  private let memory: UnsafeMutableRawPointer

  init() {
    unsafe memory = .allocate(byteCount: Self.headroom + Self.length, alignment: 64)
  }

  deinit { unsafe memory.deallocate() }

  /// Where a piece is read to.
  var room: UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(start: memory + Self.headroom, count: Self.length)
  }

  /// The first bytes of what was read, with others put before them: of this block or of another one.
  func piece(_ count: Int, after rest: Piece? = nil) -> Piece {
    let before = rest?.count ?? 0
    precondition(before <= Self.headroom && count <= Self.length)
    let start = unsafe memory + (Self.headroom - before)
    if let rest { unsafe start.copyMemory(from: rest.start, byteCount: before) }
    return unsafe Piece(start: start, count: before + count)
  }
}
