// A snap length may cut a frame anywhere: a prefix gives the whole frame's header, or none.

import Packets
import Testing

@Suite struct PrefixTests {
  @Test("there are captures to cut")
  func captures() {
    #expect(RuleCaptures.names.count > 250)
  }

  @Test(
    "every prefix of every packet gives the same header or a failure that is not another one",
    arguments: RuleCaptures.names)
  func prefixes(name: String) throws {
    for frame in try RuleCaptures.frames(name) {
      // A frame can't have been shorter than what was captured of it.
      let wireLength = max(frame.wireLength, frame.bytes.count)
      check(frame.bytes, frame.linkType, wireLength: wireLength)
    }
  }

  @Test("the same for a frame of every link type", arguments: framesOfEveryLinkType.indices)
  func everyLinkType(position: Int) throws {
    let (linkType, frame) = framesOfEveryLinkType[position]
    try #require(Decoded(frame, linkType).header != nil)
    check(frame, linkType, wireLength: frame.count)
  }

  private func check(_ frame: [UInt8], _ linkType: LinkType, wireLength: Int) {
    let whole = Decoded(frame, linkType, wireLength: wireLength)
    for length in 0...frame.count {
      let prefix = frame.prefix(length)
      let cut = Decoded(prefix, linkType, wireLength: wireLength)
      // Only the bytes are fewer, so that is all that can be found fault with.
      #expect(
        cut == whole || (cut == .failure(.headerCut) && length < frame.count),
        "\(length) of \(frame.count) bytes")

      // What the record says of the length on the wire may be anything.
      for claimed in [Int.min, -1, 0, length, Int(UInt32.max), Int.max] {
        let cut = Decoded(prefix, linkType, wireLength: claimed)
        let whole = Decoded(frame, linkType, wireLength: claimed)
        if cut.header != nil {
          #expect(cut == whole, "\(length) of \(frame.count) bytes, \(claimed) claimed")
        }
      }
    }
  }

  @Test("a length on the wire below what was captured is not believed")
  func shortWireLength() {
    for (linkType, frame) in framesOfEveryLinkType {
      let whole = Decoded(frame, linkType)
      for claimed in 0..<frame.count {
        #expect(Decoded(frame, linkType, wireLength: claimed) == whole)
      }
    }
  }
}
