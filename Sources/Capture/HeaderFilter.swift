// The program that the kernel runs on each packet: it returns the length of the packet's headers, so
// that no payload is ever copied to us, and 0 for a packet that cannot count.
//
//   link header and tags │ IPv4 with its options, or IPv6 with its extension headers │ 20 of TCP, 8 of UDP
//   ◄──────────────────────────────── what is kept ──────────────────────────────────────────────►│ payload
//
// It goes the same way as `PacketDecoder`, and keeps as much of any packet as the decoder needs to
// come to the same answer. Two things differ. It cannot loop: what lies behind more than `tagLimit`
// tags or `extensionLimit` extension headers counts as headers cut short. And a packet that neither
// comes from an exit address nor goes to one is dropped here, uncounted: no other host's traffic
// reaches us at all.
//
// The kernel takes a tag off the frame before the program sees it (`skb_vlan_untag`), and libpcap puts
// it back: the program then works on the frame without the tag, and what it returns grows by it.

internal import Packets

struct HeaderFilter: Equatable, Sendable {
  static let tagLimit = 4
  static let extensionLimit = 8
  /// More ranges than this and the program lets every address pass, for `Flows` to tell apart: the
  /// kernel bounds the size of a program by `net.core.optmem_max`, 20 KiB on older ones.
  static let rangeLimit = 32

  let program: [FilterInstruction]
  /// Whether packets of other hosts are dropped.
  let selectsAddresses: Bool

  /// Drops everything.
  static let closed: [FilterInstruction] = [FilterInstruction(code: 0x06, operand: 0)]

  /// `nil` for a link type that there is no filter for. Interfaces of Linux have these three; where
  /// libpcap makes up a link header ("cooked"), the kernel's filter sees the packet without it, and
  /// what it returns grows by it.
  init?(linkType: LinkType, exitAddresses: [AddressRange]) {
    guard [.ethernet, .rawIP, .linuxCooked].contains(linkType) else { return nil }
    selectsAddresses = exitAddresses.count <= Self.rangeLimit
    var writer = HeaderFilterWriter(exitAddresses: selectsAddresses ? exitAddresses : nil)
    writer.write(linkType)
    program = writer.assembler.assemble()
  }
}

private struct HeaderFilterWriter {
  /// `nil`: every address passes.
  let exitAddresses: [AddressRange]?
  var assembler = FilterAssembler()
  private let version4: FilterAssembler.Label
  private let version6: FilterAssembler.Label
  /// Keeps all of a frame that ends before its headers do.
  private let runt: FilterAssembler.Label

  /// Scratch memory: the protocol number that follows, and where the header before it began.
  private static let nextHeader = 0
  private static let headerStart = 1

  init(exitAddresses: [AddressRange]?) {
    self.exitAddresses = exitAddresses
    version4 = assembler.label()
    version6 = assembler.label()
    runt = assembler.label()
  }

  mutating func write(_ linkType: LinkType) {
    switch linkType {
    case .ethernet:
      requireLength(14)
      assembler.load(.half, at: 12)
      writeTags(from: 14)
    case .linuxCooked:
      assembler.loadProtocol()
      writeTags(from: 0)
    default:
      requireLength(1)
      assembler.setIndex(to: 0)
      assembler.load(.byte, at: 0)
      assembler.calculate(.shiftRight, 4)
      assembler.jump(to: version4, if: .equal, 4)
      assembler.jump(to: version6, if: .equal, 6)
      assembler.keep(1)
    }
    writeVersion4()
    writeVersion6()
    assembler.place(runt)
    assembler.loadLength()
    assembler.keepAccumulator()
  }

  /// The accumulator holds the EtherType, and what it announces begins at `offset`.
  private mutating func writeTags(from offset: Int) {
    for tags in 0...HeaderFilter.tagLimit {
      let offset = offset + 4 * tags
      let (next, tag) = (assembler.label(), assembler.label())
      assembler.setIndex(to: offset)
      assembler.jump(to: version4, if: .equal, 0x0800)
      assembler.jump(to: version6, if: .equal, 0x86dd)
      assembler.jump(to: tag, if: .equal, 0x8100)
      assembler.jump(to: tag, if: .equal, 0x88a8)
      // Not nothing, which would drop it uncounted.
      assembler.keep(max(1, offset))
      assembler.place(tag)
      guard tags < HeaderFilter.tagLimit else {
        assembler.keep(offset)
        return
      }
      requireLength(offset + 4)
      assembler.load(.half, at: offset + 2)
      assembler.jump(to: next)
      assembler.place(next)
    }
  }

  /// The index register holds where the IP header begins.
  private mutating func writeVersion4() {
    let (headerOnly, isExit, tcp, udp) = (
      assembler.label(), assembler.label(), assembler.label(), assembler.label()
    )
    assembler.place(version4)
    requireLength(20, fromIndex: true)
    assembler.load(.byte, atIndexPlus: 0)
    assembler.calculate(.shiftRight, 4)
    assembler.jump(to: headerOnly, unless: .equal, 4)
    writeSelection(of: .v4, at: [12, 16], isExit)

    assembler.load(.byte, atIndexPlus: 0)
    assembler.calculate(.and, 0x0f)
    assembler.jump(to: headerOnly, unless: .greaterOrEqual, 5)
    assembler.load(.half, atIndexPlus: 6)
    assembler.calculate(.and, 0x3fff)
    assembler.jump(to: headerOnly, unless: .equal, 0)
    assembler.load(.byte, atIndexPlus: 9)
    assembler.jump(to: tcp, if: .equal, 6)
    assembler.jump(to: udp, if: .equal, 17)
    assembler.place(headerOnly)
    keepIndex(plus: 20)
    for (label, length) in [(tcp, 20), (udp, 8)] {
      assembler.place(label)
      assembler.load(.byte, atIndexPlus: 0)
      assembler.calculate(.and, 0x0f)
      assembler.calculate(.shiftLeft, 2)
      assembler.calculateWithIndex(.add)
      assembler.calculate(.add, UInt32(length))
      assembler.keepAccumulator()
    }
  }

  private mutating func writeVersion6() {
    let (headerOnly, isExit, tcp, udp, other) = (
      assembler.label(), assembler.label(), assembler.label(), assembler.label(), assembler.label()
    )
    let beyond = assembler.label()
    assembler.place(version6)
    requireLength(40, fromIndex: true)
    assembler.load(.byte, atIndexPlus: 0)
    assembler.calculate(.shiftRight, 4)
    assembler.jump(to: headerOnly, unless: .equal, 6)
    writeSelection(of: .v6, at: [8, 24], isExit)

    assembler.load(.byte, atIndexPlus: 6)
    assembler.store(memory: Self.nextHeader)
    moveIndex(by: 40)
    for headers in 0...HeaderFilter.extensionLimit {
      let (options, fragment, next) = (assembler.label(), assembler.label(), assembler.label())
      assembler.load(memory: Self.nextHeader)
      assembler.jump(to: tcp, if: .equal, 6)
      assembler.jump(to: udp, if: .equal, 17)
      // Beyond the limit, keeping nothing of a further header makes it one that is cut short.
      guard headers < HeaderFilter.extensionLimit else { break }
      assembler.jump(to: fragment, if: .equal, 44)
      for number: UInt32 in [0, 43, 60] { assembler.jump(to: options, if: .equal, number) }
      assembler.jump(to: other)

      assembler.place(fragment)
      requireLength(8, fromIndex: true)
      assembler.load(.half, atIndexPlus: 2)
      assembler.calculate(.and, 0xfff9)
      assembler.storeIndex(memory: Self.headerStart)
      assembler.jump(to: beyond, unless: .equal, 0)
      assembler.load(.byte, atIndexPlus: 0)
      assembler.store(memory: Self.nextHeader)
      moveIndex(by: 8)
      assembler.jump(to: next)

      assembler.place(options)
      requireLength(8, fromIndex: true)
      assembler.storeIndex(memory: Self.headerStart)
      assembler.load(.byte, atIndexPlus: 0)
      assembler.store(memory: Self.nextHeader)
      assembler.load(.byte, atIndexPlus: 1)
      assembler.calculate(.add, 1)
      assembler.calculate(.shiftLeft, 3)
      assembler.calculateWithIndex(.add)
      assembler.setIndex()
      assembler.place(next)
    }
    assembler.jump(to: other)
    // An extension header that ends the walk: itself, and nothing that follows it. (It stands here
    // because the kernel takes memory for unwritten behind a return that was reached without it.)
    assembler.place(beyond)
    assembler.setIndex(memory: Self.headerStart)
    keepIndex(plus: 8)
    assembler.place(other)
    keepIndex(plus: 0)
    assembler.place(tcp)
    keepIndex(plus: 20)
    assembler.place(udp)
    keepIndex(plus: 8)
    assembler.place(headerOnly)
    keepIndex(plus: 40)
  }

  /// Drops the packet unless one of its addresses, at these offsets in the IP header, is an exit's.
  private mutating func writeSelection(
    of version: IPVersion, at offsets: [Int], _ isExit: FilterAssembler.Label
  ) {
    defer { assembler.place(isExit) }
    guard let exitAddresses else { return }
    for offset in offsets {
      for range in exitAddresses where range.ipVersion == version {
        let other = assembler.label()
        for (word, (bits, mask)) in range.words.enumerated() where mask != 0 {
          assembler.load(.word, atIndexPlus: offset + 4 * word)
          if mask != .max { assembler.calculate(.and, mask) }
          assembler.jump(to: other, unless: .equal, bits)
        }
        assembler.jump(to: isExit)
        assembler.place(other)
      }
    }
    assembler.keep(0)
  }

  /// Goes on only where the packet has this many bytes: a load beyond its end would drop it.
  private mutating func requireLength(_ length: Int, fromIndex: Bool = false) {
    assembler.loadLength()
    if fromIndex {
      assembler.jump(to: runt, unlessIndex: .greaterOrEqual)
      assembler.calculateWithIndex(.subtract)
    }
    assembler.jump(to: runt, unless: .greaterOrEqual, UInt32(length))
  }

  private mutating func moveIndex(by length: UInt32) {
    assembler.loadIndex()
    assembler.calculate(.add, length)
    assembler.setIndex()
  }

  private mutating func keepIndex(plus length: UInt32) {
    assembler.loadIndex()
    assembler.calculate(.add, length)
    assembler.keepAccumulator()
  }
}
