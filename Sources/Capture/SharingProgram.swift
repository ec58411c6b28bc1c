// The program by which the kernel gives each packet to one of several captures (PACKET_FANOUT_CBPF):
// by its two addresses, whatever their order, so that both directions of a flow meet.
//
// The kernel's own hash (PACKET_FANOUT_HASH) is symmetric too, but takes the ports in where it finds
// them: a packet of a flow that has a fragment header (RFC 6946) went to another capture than the
// rest of its flow.

enum SharingProgram {
  static let instructions: [FilterInstruction] = {
    var assembler = FilterAssembler()
    let mix = assembler.label()
    assembler.loadProtocol()
    // The kernel has taken the first tag off; further ones stand before the IP header.
    for tags in 0...HeaderFilter.tagLimit {
      let offset = 4 * tags
      let (version4, version6, next) = (assembler.label(), assembler.label(), assembler.label())
      assembler.jump(to: version4, if: .equal, 0x0800)
      assembler.jump(to: version6, if: .equal, 0x86dd)
      assembler.jump(to: next, if: .equal, 0x8100)
      assembler.jump(to: next, if: .equal, 0x88a8)
      assembler.keep(0)
      for (label, words) in [(version4, 12..<20), (version6, 8..<40)] {
        assembler.place(label)
        assembler.setIndex(to: 0)
        for word in stride(from: words.lowerBound, to: words.upperBound, by: 4) {
          assembler.load(.word, atNetworkPlus: offset + word)
          assembler.calculateWithIndex(.exclusiveOr)
          assembler.setIndex()
        }
        assembler.jump(to: mix)
      }
      assembler.place(next)
      if tags == HeaderFilter.tagLimit { break }
      assembler.load(.half, atNetworkPlus: offset + 2)
    }
    assembler.keep(0)
    // Fibonacci hashing (D. E. Knuth, The Art of Computer Programming, volume 3, 6.4).
    assembler.place(mix)
    assembler.loadIndex()
    assembler.calculate(.multiply, 0x9e37_79b1)
    assembler.calculate(.shiftRight, 16)
    assembler.keepAccumulator()
    return assembler.assemble()
  }()
}
