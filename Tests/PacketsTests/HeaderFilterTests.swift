// The kernel's program against the decoder: what it keeps is enough to decode, and no byte more.
//
// libpcap runs it here, whose interpreter is that of the kernel's first version of BPF.

import CPcap
import Packets
import Testing
import TestSupport

@testable import Capture

private let exitAddresses = ranges("192.0.2.10", "2001:db8:ffff::/60")

private func ranges(_ texts: String...) -> [AddressRange] {
  texts.compactMap { try? AddressRange($0) }
}

/// Link types that an interface can have.
private let linkTypes: [LinkType] = [.ethernet, .rawIP, .linuxCooked]

/// Bytes before the EtherType's end, of what the tests build frames of.
private func linkHeader(_ linkType: LinkType) -> Int { linkType == .linuxCooked ? 16 : 14 }

@Suite struct HeaderFilterTests {
  @Test("every frame of the fixtures is kept as far as the decoder needs it, or dropped")
  func fixtures() throws {
    var kept = 0
    for name in RuleCaptures.names {
      for frame in try RuleCaptures.frames(name) where linkTypes.contains(frame.linkType) {
        for length in stride(
          from: 0, through: frame.bytes.count, by: frame.bytes.count > 300 ? 13 : 1)
        {
          if check(Array(frame.bytes.prefix(length)), frame.linkType) { kept += 1 }
        }
      }
    }
    #expect(kept > 500)
  }

  @Test("damaged and shortened frames are kept as far as the decoder needs them, or dropped")
  func damaged() {
    var generator = SeededGenerator(seed: 5)
    for (linkType, sound) in framesOfEveryLinkType + framesWithExtensions
    where linkTypes.contains(linkType) {
      var headers = 0
      for _ in 0..<3000 {
        var frame = sound
        for _ in 0..<Int.random(in: 0..<4, using: &generator) {
          frame[Int.random(in: frame.indices, using: &generator)] = generator.bytes(1)[0]
        }
        let length =
          generator.chance(0.5) ? frame.count : Int.random(in: 0...frame.count, using: &generator)
        if check(Array(frame.prefix(length)), linkType) { headers += 1 }
      }
      #expect(headers > 100, "most damage is to bytes that decide nothing")
    }
  }

  @Test("random bytes are kept as far as the decoder needs them, or dropped", arguments: linkTypes)
  func random(linkType: LinkType) {
    var generator = SeededGenerator(seed: 20_262)
    let filter = TestFilter(linkType)
    for length in 0...200 {
      for _ in 0..<100 { check(generator.bytes(length), linkType, filter) }
    }
  }

  @Test("nothing of a payload is kept")
  func payload() {
    for (version, packet) in [
      (UInt16(0x0800), IPv4(payload: tcp(payload: 400)).packet),
      (0x0800, IPv4(protocolNumber: 17, payload: udp(payload: 400)).packet),
      (
        0x0800,
        IPv4(
          versionAndLength: 0x4f, options: [UInt8](repeating: 1, count: 40),
          payload: tcp(payload: 400)
        ).packet
      ),
      (0x86dd, IPv6(payload: tcp(payload: 400)).packet),
      (0x86dd, IPv6(nextHeader: 17, payload: udp(payload: 400)).packet),
      (
        0x86dd,
        IPv6(
          nextHeader: 0,
          payload: extensionHeader(next: 60, extra: 3) + extensionHeader(next: 6)
            + tcp(payload: 400)
        ).packet
      ),
    ] {
      for tags in [[], [0x8100], [0x88a8, 0x8100]] as [[UInt16]] {
        let frame = ethernet(version, tags: tags, packet)
        #expect(TestFilter(.ethernet).kept(frame) == frame.count - 400)
      }
    }
  }

  @Test("a fragment is kept without what it carries")
  func fragments() {
    let filter = TestFilter(.ethernet)
    for offset: UInt16 in [0x2000, 0x0010, 0x2010] {
      let frame = ethernet(0x0800, IPv4(fragment: offset, payload: tcp(payload: 100)).packet)
      #expect(filter.kept(frame) == 34)
    }
    let fragment: [UInt8] = [6, 0, 0, 1, 0, 0, 0, 7]
    let frame = ethernet(
      0x86dd, IPv6(nextHeader: 44, payload: fragment + tcp(payload: 100)).packet)
    #expect(filter.kept(frame) == 14 + 40 + 8)
  }

  @Test("a packet of other hosts is dropped, one with an exit address at either end is not")
  func addresses() {
    #expect(exitAddresses.count == 2)
    let ethernetFilter = TestFilter(.ethernet)
    for outbound in framesOfEveryLinkType where outbound.linkType == .ethernet {
      #expect(ethernetFilter.kept(outbound.frame) > 0)
      #expect(TestFilter(.ethernet, ranges("192.0.2.11")).kept(outbound.frame) == 0)
    }
    let remotes = ranges("198.51.100.0/24", "2001:db8:100::20")
    for (linkType, frame) in framesOfEveryLinkType where linkTypes.contains(linkType) {
      #expect(TestFilter(linkType, remotes).kept(frame) > 0)
    }
  }

  @Test("every length of prefix selects as its range does", arguments: 0...128)
  func prefixes(length: Int) throws {
    var generator = SeededGenerator(seed: UInt64(length))
    var matches = 0
    for _ in 0..<40 {
      let source = generator.bytes(16)
      // The source with every bit beyond the prefix cleared, and now and then one inside flipped.
      var bits = source
      for bit in length..<128 { bits[bit / 8] &= ~(0x80 >> UInt8(bit % 8)) }
      if length > 0, generator.chance(0.5) {
        let bit = Int.random(in: 0..<length, using: &generator)
        bits[bit / 8] ^= 0x80 >> UInt8(bit % 8)
      }
      let text = stride(from: 0, to: 16, by: 2).map {
        String(UInt16(bits[$0]) << 8 | UInt16(bits[$0 + 1]), radix: 16)
      }
      let range = try AddressRange(text.joined(separator: ":") + "/\(length)")
      var packet = IPv6().packet
      packet.replaceSubrange(8..<24, with: source)
      let filter = TestFilter(.rawIP, [range])
      let header = try #require(Decoded(packet, .rawIP).header)
      let isSelected =
        range.contains(header.source, .v6) || range.contains(header.destination, .v6)
      #expect(filter.kept(packet) == (isSelected ? 60 : 0))
      if isSelected { matches += 1 }
    }
    #expect(matches > 5)
  }

  @Test("with more ranges than the program can hold, every address passes")
  func manyRanges() throws {
    let few = try (1...32).map { try AddressRange("203.0.113.\($0)") }
    let many = few + [try AddressRange("203.0.113.33")]
    let frame = ethernet(0x0800, IPv4().packet)
    #expect(TestFilter(.ethernet, few).kept(frame) == 0)
    #expect(TestFilter(.ethernet, many).kept(frame) == 54)
    #expect(HeaderFilter(linkType: .ethernet, exitAddresses: few)?.selectsAddresses == true)
    #expect(HeaderFilter(linkType: .ethernet, exitAddresses: many)?.selectsAddresses == false)
  }

  @Test("the largest program stays below what older kernels allow")
  func size() throws {
    let ranges = try (1...32).map { try AddressRange("2001:db8::\($0)") }
    let filter = try #require(HeaderFilter(linkType: .ethernet, exitAddresses: ranges))
    #expect(filter.program.count < 1400, "the kernel's own limit is 4096")
  }

  @Test("beyond its limits the program makes headers that are cut short")
  func limits() {
    let filter = TestFilter(.ethernet)
    for tags in 0...6 {
      let frame = ethernet(0x0800, tags: [UInt16](repeating: 0x8100, count: tags), IPv4().packet)
      let kept = Decoded(frame.prefix(filter.kept(frame)), .ethernet, wireLength: frame.count)
      #expect(
        kept == (tags <= 4 ? Decoded(frame, .ethernet) : .failure(.headerCut)), "\(tags) tags")
    }
    for headers in 0...10 {
      let payload = (0..<headers).flatMap {
        extensionHeader(next: $0 == headers - 1 ? 6 : 60)
      }
      let frame = ethernet(
        0x86dd, IPv6(nextHeader: headers == 0 ? 6 : 60, payload: payload + tcp()).packet)
      let kept = Decoded(frame.prefix(filter.kept(frame)), .ethernet, wireLength: frame.count)
      #expect(
        kept == (headers <= 8 ? Decoded(frame, .ethernet) : .failure(.headerCut)),
        "\(headers) extension headers")
    }
  }

  /// - Returns: whether the frame has a header, and is kept.
  @discardableResult
  private func check(
    _ frame: [UInt8], _ linkType: LinkType, _ filter: TestFilter? = nil
  ) -> Bool {
    let kept = (filter ?? TestFilter(linkType)).kept(frame)
    let whole = Decoded(frame, linkType)
    guard kept > 0 else {
      let isEmpty = frame.isEmpty || linkType == .linuxCooked && frame.count == 16
      #expect(isEmpty || isOfOtherHosts(frame, linkType), "\(linkType) \(frame)")
      return false
    }
    #expect(!isOfOtherHosts(frame, linkType), "\(linkType) \(frame)")
    let rest = Decoded(frame.prefix(kept), linkType, wireLength: frame.count)
    if linkType != .rawIP, hasTooManyTags(frame, linkType) || hasTooManyExtensions(frame, linkType)
    {
      #expect(rest == .failure(.headerCut) || rest == whole)
      return false
    }
    #expect(rest == whole, "\(linkType) \(frame)")
    guard whole.header != nil else { return false }
    #expect(
      Decoded(frame.prefix(kept - 1), linkType, wireLength: frame.count) == .failure(.headerCut),
      "a byte that the decoder does not need: \(linkType) \(frame)")
    return true
  }
}

private func hasTooManyTags(_ frame: [UInt8], _ linkType: LinkType) -> Bool {
  (0...HeaderFilter.tagLimit).allSatisfy {
    let at = linkHeader(linkType) - 2 + 4 * $0
    return frame.count > at + 1
      && [[0x81, 0x00], [0x88, 0xa8]].contains(Array(frame[at...at + 1]))
  }
}

private func hasTooManyExtensions(_ frame: [UInt8], _ linkType: LinkType) -> Bool {
  let start = linkHeader(linkType)
  guard frame.count >= start + 40, frame[start - 2] == 0x86, frame[start - 1] == 0xdd else {
    return false
  }
  var (next, offset, headers) = (frame[start + 6], start + 40, 0)
  while [0, 43, 44, 60].contains(next) {
    headers += 1
    guard offset + 8 <= frame.count else { break }
    (next, offset) = (frame[offset], offset + (next == 44 ? 8 : 8 * (Int(frame[offset + 1]) + 1)))
  }
  return headers > HeaderFilter.extensionLimit
}

/// Whether this is IP of the announced version with a whole header, and no end is an exit address.
private func isOfOtherHosts(_ frame: [UInt8], _ linkType: LinkType) -> Bool {
  var offset: Int
  var type: UInt16
  let half = { (at: Int) in UInt16(frame[at]) << 8 | UInt16(frame[at + 1]) }
  switch linkType {
  case .rawIP:
    guard let first = frame.first else { return false }
    (offset, type) = (0, first >> 4 == 4 ? 0x0800 : first >> 4 == 6 ? 0x86dd : 0)
  default:
    offset = linkHeader(linkType)
    guard frame.count >= offset else { return false }
    type = half(offset - 2)
  }
  while type == 0x8100 || type == 0x88a8 {
    guard frame.count >= offset + 4 else { return false }
    type = half(offset + 2)
    offset += 4
  }
  let packet = frame[offset...]
  let version: IPVersion = type == 0x0800 ? .v4 : .v6
  let (length, at) = version == .v4 ? (20, [12, 16]) : (40, [8, 24])
  guard type == 0x0800 || type == 0x86dd, packet.count >= length,
    packet[offset] >> 4 == version.rawValue
  else { return false }
  let word = { (at: Int) in (0..<4).reduce(UInt64(0)) { $0 << 8 | UInt64(packet[offset + at + $1]) }
  }
  return !at.contains { at in
    let address =
      version == .v4
      ? Address(ipv4: UInt32(word(at)))
      : Address(high: word(at) << 32 | word(at + 4), low: word(at + 8) << 32 | word(at + 12))
    return exitAddresses.contains { $0.contains(address, version) }
  }
}

private let framesWithExtensions: [(linkType: LinkType, frame: [UInt8])] = [
  extensionHeader(next: 60, extra: 2) + extensionHeader(next: 43) + extensionHeader(next: 6)
    + tcp(),
  extensionHeader(next: 44) + [6, 0, 0, 0, 0, 0, 0, 7] + tcp(payload: 20),
].flatMap { payload in
  let packet = IPv6(nextHeader: 0, payload: payload).packet
  return [
    (LinkType.ethernet, ethernet(0x86dd, packet)),
    (.ethernet, ethernet(0x86dd, tags: [0x88a8, 0x8100], packet)), (.rawIP, packet),
    (.linuxCooked, [UInt8](repeating: 0, count: 14) + bytes(UInt16(0x86dd)) + packet),
  ]
}

/// A program, run by libpcap.
private struct TestFilter {
  private let instructions: [bpf_insn]
  private let isCooked: Bool

  init(_ linkType: LinkType, _ addresses: [AddressRange] = exitAddresses) {
    isCooked = linkType == .linuxCooked
    instructions = (HeaderFilter(linkType: linkType, exitAddresses: addresses)?.program ?? []).map {
      bpf_insn(code: $0.code, jt: $0.jumpTrue, jf: $0.jumpFalse, k: $0.operand)
    }
  }

  /// Bytes of the frame that are kept.
  func kept(_ frame: [UInt8]) -> Int {
    guard isCooked else { return run(instructions, frame) }
    // libpcap always has the whole of the header that it makes up. The program sees what follows it, and the
    // protocol in it where the kernel has it, which this interpreter does not know.
    guard frame.count >= 16 else { return frame.count }
    let announced = UInt32(frame[14]) << 8 | UInt32(frame[15])
    let instructions = instructions.map {
      $0.code == 0x20 && $0.k == 0xffff_f000 ? bpf_insn(code: 0, jt: 0, jf: 0, k: announced) : $0
    }
    let kept = run(instructions, Array(frame.dropFirst(16)))
    return kept == 0 ? 0 : 16 + kept
  }

  private func run(_ instructions: [bpf_insn], _ frame: [UInt8]) -> Int {
    var header = pcap_pkthdr()
    header.caplen = UInt32(frame.count)
    header.len = UInt32(frame.count)
    var instructions = instructions
    return unsafe instructions.withUnsafeMutableBufferPointer { buffer in
      // libpcap only reads the program.
      var program = unsafe bpf_program(bf_len: UInt32(buffer.count), bf_insns: buffer.baseAddress)
      // An empty array has no address, and libpcap asks for none of its bytes.
      return unsafe min(frame.count, Int(pcap_offline_filter(&program, &header, frame + [0])))
    }
  }
}
