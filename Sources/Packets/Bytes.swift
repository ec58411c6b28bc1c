// Big-endian loads from packet bytes: each is checked once against the span's bounds, and is then a
// load and a swap. (Bytes that are checked one by one are not put together by the optimiser.)
//
// Decoding is inlinable as a whole: called for each packet of a batch, it has no call left.

extension Span<UInt8> {
  @inlinable @inline(__always)
  func uint16(at offset: Int) -> UInt16 { load(at: offset) }

  @inlinable @inline(__always)
  func uint32(at offset: Int) -> UInt32 { load(at: offset) }

  @inlinable @inline(__always)
  func uint64(at offset: Int) -> UInt64 { load(at: offset) }

  @inlinable @inline(__always)
  func load<Word: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Word {
    precondition(offset >= 0 && offset <= count &- MemoryLayout<Word>.size)
    // All of the word lies inside of the span.
    return Word(
      bigEndian: unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: Word.self))
  }
}
