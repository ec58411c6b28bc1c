// Big-endian loads from packet bytes. Every access is bounds-checked by `Span`; after the length
// guard that each header begins with, the optimiser drops the checks and leaves a load and a swap.

extension Span<UInt8> {
  @inline(__always)
  func uint16(at offset: Int) -> UInt16 {
    UInt16(self[offset]) << 8 | UInt16(self[offset &+ 1])
  }

  @inline(__always)
  func uint32(at offset: Int) -> UInt32 {
    UInt32(uint16(at: offset)) << 16 | UInt32(uint16(at: offset &+ 2))
  }

  @inline(__always)
  func uint64(at offset: Int) -> UInt64 {
    UInt64(uint32(at: offset)) << 32 | UInt64(uint32(at: offset &+ 4))
  }
}
