// The header of a classic capture file, where it is the plain kind that Weir reads by itself.
//
//   0   magic: a1b2c3d4 with stamps in µs, a1b23c4d in ns; its byte order is the file's
//   4   version, 2 and 4
//   8   reserved
//   16  snap length: of no packet are more bytes kept
//   20  link type in the low 16 bits; above them, what is known of frame check sequences
//
// Source: draft-ietf-opsawg-pcap. Whatever is not exactly this is left to libpcap.

internal import Packets

struct ClassicFormat {
  static let headerLength = 24
  /// libpcap's limit for every link type that is read here.
  static let longestCapture: UInt32 = 262_144

  let isByteSwapped: Bool
  let nanosecondsPerFraction: Int64
  let snapLength: UInt32
  let linkType: LinkType

  /// `nil` unless it is the plain kind.
  init?(header: [UInt8]) {
    guard header.count == Self.headerLength else { return nil }
    let bytes = header.span
    let isLittle = bytes[0] == 0xd4 || bytes[0] == 0x4d
    func word(_ offset: Int) -> UInt32 {
      let big = bytes.uint32(at: offset)
      return isLittle ? big.byteSwapped : big
    }
    switch word(0) {
    case 0xa1b2_c3d4: nanosecondsPerFraction = 1000
    case 0xa1b2_3c4d: nanosecondsPerFraction = 1
    default: return nil
    }
    let version: [UInt8] = isLittle ? [2, 0, 4, 0] : [0, 2, 0, 4]
    guard header[4..<8].elementsEqual(version) else { return nil }
    // Numbers that only some systems use for raw IP (12, 14) are libpcap's to translate.
    let number = word(20)
    guard let linkType = Int32(exactly: number).flatMap({ LinkType(number: $0) }),
      linkType != .rawIP || number == 101
    else { return nil }
    self.linkType = linkType
    let given = word(16)
    snapLength = (1...Self.longestCapture).contains(given) ? given : Self.longestCapture
    isByteSwapped = isLittle == (UInt32(1).littleEndian != 1)
  }
}

extension Span<UInt8> {
  @inline(__always)
  fileprivate func uint32(at offset: Int) -> UInt32 {
    UInt32(self[offset]) << 24 | UInt32(self[offset + 1]) << 16 | UInt32(self[offset + 2]) << 8
      | UInt32(self[offset + 3])
  }
}
