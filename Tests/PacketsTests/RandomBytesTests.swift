// Bytes that nobody meant as a packet: an answer that can be true, or a failure, and no crash.

import Packets
import Testing
import TestSupport

@Suite struct RandomBytesTests {
  @Test("random bytes are decoded or refused", arguments: LinkType.allCases)
  func random(linkType: LinkType) {
    var generator = SeededGenerator(seed: 20_261)
    for length in 0...200 {
      for _ in 0..<40 {
        check(generator.bytes(length), linkType, wireLength: length)
      }
    }
  }

  @Test(
    "frames with some random bytes are decoded or refused",
    arguments: framesOfEveryLinkType.indices)
  func damaged(position: Int) {
    var generator = SeededGenerator(seed: UInt64(position))
    let (linkType, sound) = framesOfEveryLinkType[position]
    var decoded = 0
    for _ in 0..<4000 {
      var frame = sound
      for _ in 0...Int.random(in: 0..<3, using: &generator) {
        frame[Int.random(in: frame.indices, using: &generator)] = generator.bytes(1)[0]
      }
      let length = Int.random(in: 0...frame.count, using: &generator)
      if check(Array(frame.prefix(length)), linkType, wireLength: sound.count) { decoded += 1 }
      if check(frame, linkType, wireLength: frame.count) { decoded += 1 }
    }
    #expect(decoded > 100, "most damage is to bytes that decide nothing")
  }

  @discardableResult
  private func check(_ frame: [UInt8], _ linkType: LinkType, wireLength: Int) -> Bool {
    guard let header = Decoded(frame, linkType, wireLength: wireLength).header else { return false }
    let networkHeader: UInt32 = header.ipVersion == .v4 ? 20 : 40
    let transportHeader: UInt32 = header.transport == .tcp ? 20 : 8
    #expect(header.length >= networkHeader + transportHeader)
    #expect(header.length <= max(frame.count, wireLength))
    #expect(header.dscp < 64)
    if header.ipVersion == .v4 {
      #expect(header.source.high == 0 && header.source.low <= UInt32.max)
      #expect(header.destination.high == 0 && header.destination.low <= UInt32.max)
    }
    if header.transport == .udp { #expect(header.tcpFlags == []) }
    return true
  }
}
