import MarkCheck
import MarkPolicy
import Testing

private func socket(
  _ state: SocketRecord.State, _ text: String, _ port: UInt16, _ trafficClass: UInt8?
) -> SocketRecord {
  SocketRecord(
    state: state, address: address(text), port: port, inode: 1, trafficClass: trafficClass)
}

/// A message as the kernel writes it, with a remote address in it.
private func message(
  family: UInt8 = 2, state: UInt8 = 1, port: UInt16 = 0x1234, source: [UInt8],
  attributes: [(UInt16, UInt8)]
) -> [UInt8] {
  var body: [UInt8] = [family, state, 0, 0, UInt8(port >> 8), UInt8(port & 0xff), 0, 80]
  body += source + [UInt8](repeating: 0, count: 16 - source.count)
  body += [203, 0, 113, 77] + [UInt8](repeating: 0, count: 12)
  body += [UInt8](repeating: 0, count: 28)
  body += [0x78, 0x56, 0x34, 0x12]
  for (type, value) in attributes {
    body += [5, 0, UInt8(type & 0xff), UInt8(type >> 8), value, 0, 0, 0]
  }
  let length = 16 + body.count
  return [UInt8(length), 0, 0, 0, 20, 0, 2, 0] + [UInt8](repeating: 0, count: 8) + body
}

private let end: [UInt8] = [20, 0, 0, 0, 3, 0, 2, 0] + [UInt8](repeating: 0, count: 12)

@Suite("The kernel's list of sockets") struct SocketTests {
  @Test("is asked for with the ToS byte and the traffic class")
  func request() {
    let request = socketRequest(.ipv6, .tcp)
    #expect(request.count == 72 && request[0] == 72 && request[4] == 20)
    #expect(request[16..<20] == [10, 6, 0x30, 0])
  }

  @Test("is read, but for the remote addresses")
  func read() {
    let ipv6: [UInt8] = [0x20, 1, 0xd, 0xb8] + [UInt8](repeating: 0, count: 11) + [1]
    let mapped: [UInt8] = [UInt8](repeating: 0, count: 10) + [0xff, 0xff, 192, 0, 2, 3]
    let datagram =
      message(source: [192, 0, 2, 1], attributes: [(1, 9), (5, 28)])
      + message(family: 10, state: 2, source: ipv6, attributes: [(5, 0), (6, 29)])
      + message(family: 10, state: 10, source: mapped, attributes: [(5, 28), (6, 0)])
      + message(state: 7, source: [0, 0, 0, 0], attributes: [])
    var records: [SocketRecord] = []
    #expect(readSockets(datagram.span, into: &records) == .more)
    let states: [SocketRecord.State] = [.connected, .connecting, .listening, .unconnected]
    #expect(records.map(\.state) == states)
    #expect(records.map(\.trafficClass) == [28, 29, 28, nil])
    #expect(
      records.map(\.address.description) == ["192.0.2.1", "2001:db8::1", "192.0.2.3", "0.0.0.0"])
    #expect(records.allSatisfy { $0.port == 0x1234 && $0.inode == 0x1234_5678 })
    #expect(!"\(records)".contains("203"))
    #expect(readSockets((datagram + end).span, into: &records) == .end)
  }

  @Test("may end with an error")
  func failure() {
    var records: [SocketRecord] = []
    let refused: [UInt8] =
      [36, 0, 0, 0, 2, 0, 0, 0] + [UInt8](repeating: 0, count: 8) + [0xfe, 0xff, 0xff, 0xff]
      + [UInt8](repeating: 0, count: 16)
    #expect(readSockets(refused.span, into: &records) == .failed(2))
    #expect(readSockets(Array(refused[..<18]).span, into: &records) == .failed(74))
  }

  @Test("cut off anywhere has the sockets that were whole")
  func prefixes() {
    let one = message(source: [192, 0, 2, 1], attributes: [(5, 28)])
    let datagram = one + one + end
    for count in 0...datagram.count {
      let cut = Array(datagram[..<count])
      var records: [SocketRecord] = []
      let answer = readSockets(cut.span, into: &records)
      #expect(records.count == min(2, count / one.count))
      #expect((answer == .end) == (count == datagram.count))
    }
  }

  static let rule = SocketRule(
    exitAddresses: [address("192.0.2.10")], sharedAddresses: [address("192.0.2.20")],
    anySource: [.ipv6], mark: 28)

  @Test("is held against the addresses")
  func tally() {
    let tcp = [
      socket(.listening, "192.0.2.1", 9001, 0), socket(.listening, "0.0.0.0", 9030, 0),
      socket(.connected, "192.0.2.10", 40_000, 28), socket(.connecting, "192.0.2.10", 40_001, 30),
      socket(.connected, "192.0.2.10", 40_002, 0), socket(.connected, "192.0.2.10", 40_003, 32),
      // These came in.
      socket(.connected, "192.0.2.1", 9001, 0), socket(.connected, "192.0.2.10", 9030, 0),
      socket(.connected, "192.0.2.1", 40_004, 4), socket(.connected, "192.0.2.1", 40_005, 28),
      socket(.connected, "192.0.2.20", 40_006, 28), socket(.connected, "192.0.2.20", 40_007, 0),
      socket(.connected, "2001:db8::1", 40_008, 28), socket(.connected, "::1", 40_009, 0),
      socket(.unconnected, "192.0.2.10", 40_010, 0), socket(.connected, "192.0.2.10", 40_011, nil),
    ]
    let udp = [
      socket(.unconnected, "0.0.0.0", 40_000, 28), socket(.unconnected, "0.0.0.0", 40_001, 0),
      socket(.unconnected, "127.0.0.1", 5353, 0), socket(.unconnected, "0.0.0.0", 0, 0),
    ]
    let tally = Self.rule.tally(tcp: tcp, udp: udp, udpListeners: [5353])
    #expect(tally.exit == MarkCount(marked: 2, unmarked: 2))
    #expect(tally.other == MarkCount(marked: 1, unmarked: 4))
    #expect(tally.undecided == MarkCount(marked: 2, unmarked: 1))
    #expect(tally.udp == MarkCount(marked: 1, unmarked: 1))
    #expect(tally.untold == 1)
    let levels = tally.findings(Self.rule, marksDNS: true).map { "\($0.subject) \($0.level)" }
    #expect(
      levels == [
        "exit-sockets fail", "other-sockets fail", "shared-sockets ok", "dns-sockets warn",
        "sockets warn",
      ])
  }

  @Test("without exit connections is no fault")
  func nothingOpen() {
    let findings = Self.rule.tally(tcp: [], udp: []).findings(Self.rule, marksDNS: true)
    #expect(findings.worst == .ok && findings.first?.text == "no exit connection is open now")
  }

  @Test("of addresses, each is written as people write it")
  func descriptions() {
    for text in [
      "0.0.0.0", "192.0.2.255", "::", "::1", "2001:db8::1", "2001:db8:0:1:1:1:1:1", "1::",
      "2001:0:0:1::1", "fe80::1:0:0:2",
    ] {
      #expect(address(text).description == text)
    }
  }
}

@Suite("A process's files") struct ProcessFilesTests {
  static let maps = """
    00400000-00452000 r-xp 00000000 08:02 173521      /usr/bin/tor
    7f0000000000-7f0000001000 r-xp 00000000 fe:00 16525355                   /usr/lib/a b/libweirmark.so\(" ")
    7f0000002000-7f0000003000 rw-p 00000000 00:00 0
    """

  @Test("tell the library that is mapped")
  func maps() {
    let text = Self.maps.replacing("libweirmark.so ", with: "libweirmark.so")
    let library = MappedLibrary(
      path: "/usr/lib/a b/libweirmark.so", file: "fe:00 16525355", isDeleted: false)
    #expect(MappedLibrary(maps: text) == library)
    let gone = text.replacing("libweirmark.so", with: "libweirmark.so (deleted)")
    #expect(MappedLibrary(maps: gone)?.isDeleted == true)
    #expect(MappedLibrary(maps: gone)?.path == library.path)
    #expect(MappedLibrary(maps: text.replacing("libweirmark", with: "xlibweirmark")) == nil)
    for count in 0..<text.count { _ = MappedLibrary(maps: String(text.prefix(count))) }
    #expect(MappedLibrary(maps: "") == nil)
  }

  @Test("tell the counters")
  func counters() {
    var bytes = [UInt8](repeating: 0, count: 4096)
    bytes.replaceSubrange(0..<16, with: Array("WEIRMARK".utf8) + [1, 0, 0, 0, 5, 0, 0, 0])
    bytes[16] = 3
    bytes[25] = 1
    #expect(Counters(bytes)?.marked == 3 && Counters(bytes)?.dnsMarked == 256)
    #expect(Counters(bytes)?.findings.worst == .ok)
    bytes[32] = 2
    #expect(Counters(bytes)?.failed == 2 && Counters(bytes)?.findings.worst == .warn)
    for count in [0, 16, 4095, 4097] {
      #expect(Counters(Array((bytes + [0]).prefix(count))) == nil)
    }
    for offset in [0, 8, 12] {
      var wrong = bytes
      wrong[offset] ^= 1
      #expect(Counters(wrong) == nil)
    }
  }
}
