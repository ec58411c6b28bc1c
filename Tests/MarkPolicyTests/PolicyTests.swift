// Which calls belong to an exit connection, under right settings and under wrong ones.

import MarkPolicy
import Testing

@Suite struct PolicyTests {
  let bindMode = settings(
    "WEIR_MARK_MODE=bind", "WEIR_MARK_EXIT_ADDRESS=192.0.2.10,192.0.2.11,2001:db8::10")
  let sentinelMode = settings(
    "WEIR_MARK_MODE=sentinel", "WEIR_MARK_SENTINEL=192.0.2.1,2001:db8::1",
    "WEIR_MARK_REAL_ADDRESS=198.51.100.7")

  @Test("bind mode marks what binds to an exit address, as it was asked")
  func bindModeExits() throws {
    for (text, family) in [
      ("192.0.2.10", .ipv4), ("192.0.2.11", .ipv4), ("2001:db8::10", .ipv6),
      ("::ffff:192.0.2.10", .ipv4),
    ] as [(String, PacketFamily)] {
      let exit = ExitBind(family: family, isMarked: true, binding: .asAsked)
      #expect(bindMode.decide(bindTo: try name(text)) == .exit(exit), "\(text)")
    }
  }

  @Test(
    "nothing else is an exit connection",
    arguments: [
      ("192.0.2.12", 0), ("0.0.0.0", 0), ("::", 0), ("127.0.0.1", 0), ("2001:db8::11", 0),
      ("::192.0.2.10", 0), ("192.0.2.10", 9001), ("2001:db8::10", 443), ("0.0.0.0", 9001),
    ] as [(String, UInt16)])
  func passedBy(text: String, port: UInt16) throws {
    #expect(bindMode.decide(bindTo: try name(text, port: port)) == .passBy)
  }

  @Test("sentinel mode binds to the real address of the family, or to none")
  func sentinelModeExits() throws {
    let real = try name("198.51.100.7")
    #expect(
      sentinelMode.decide(bindTo: try name("192.0.2.1"))
        == .exit(ExitBind(family: .ipv4, isMarked: true, binding: .to(real))))
    #expect(
      sentinelMode.decide(bindTo: try name("2001:db8::1"))
        == .exit(ExitBind(family: .ipv6, isMarked: true, binding: .skip)))
    let mappedReal = try name("::ffff:198.51.100.7")
    #expect(
      sentinelMode.decide(bindTo: try name("::ffff:192.0.2.1"))
        == .exit(ExitBind(family: .ipv4, isMarked: true, binding: .to(mappedReal))))
    #expect(sentinelMode.decide(bindTo: real) == .passBy)
    #expect(sentinelMode.decide(bindTo: try name("192.0.2.1", port: 9001)) == .passBy)
  }

  @Test("a datagram to a DNS port is marked by the family of its packets")
  func dns() throws {
    #expect(bindMode.decide(sendTo: try name("198.51.100.53", port: 53)) == .mark(.ipv4))
    #expect(bindMode.decide(sendTo: try name("2001:db8::53", port: 53)) == .mark(.ipv6))
    #expect(bindMode.decide(sendTo: try name("::ffff:198.51.100.53", port: 53)) == .mark(.ipv4))
    #expect(bindMode.decide(sendTo: try name("198.51.100.53", port: 54)) == .passBy)
    #expect(bindMode.decide(sendTo: try name("192.0.2.10", port: 0)) == .passBy)
    let off = settings(
      "WEIR_MARK_MODE=bind", "WEIR_MARK_EXIT_ADDRESS=192.0.2.10", "WEIR_MARK_DNS_PORTS=")
    #expect(off.decide(sendTo: try name("198.51.100.53", port: 53)) == .passBy)
  }

  @Test("a wrong setting beside known exit addresses refuses these alone")
  func wrongWithKnownExits() throws {
    let wrong = settings(
      "WEIR_MARK_MODE=bind", "WEIR_MARK_EXIT_ADDRESS=192.0.2.10", "WEIR_MARK_DSCP=64")
    #expect(wrong.decide(bindTo: try name("192.0.2.10")) == .refuse)
    #expect(wrong.decide(bindTo: try name("192.0.2.10", port: 9001)) == .passBy)
    #expect(wrong.decide(bindTo: try name("192.0.2.20")) == .passBy)
    #expect(wrong.decide(bindTo: try name("0.0.0.0")) == .passBy)
    #expect(wrong.decide(sendTo: try name("198.51.100.53", port: 53)) == .refuse)
    #expect(wrong.decide(sendTo: try name("198.51.100.53", port: 123)) == .passBy)
  }

  @Test("where no exit address is known, whatever may be one is refused")
  func wrongWithUnknownExits() throws {
    for variables in [
      [], ["WEIR_MARK_MODE=bind"],
      ["WEIR_MARK_MODE=bind", "WEIR_MARK_EXIT_ADDRESS=192.0.2.10,192.0.2"],
      ["WEIR_MARK_MODE=sentinel", "WEIR_MARK_SENTINEL=0.0.0.0"],
    ] {
      let wrong = settings(variables)
      #expect(wrong.decide(bindTo: try name("203.0.113.5")) == .refuse)
      #expect(wrong.decide(bindTo: try name("2001:db8::5")) == .refuse)
      #expect(wrong.decide(bindTo: try name("203.0.113.5", port: 9001)) == .passBy)
      for other in ["0.0.0.0", "::", "127.0.0.1", "::1"] {
        #expect(wrong.decide(bindTo: try name(other)) == .passBy, "\(other)")
      }
    }
  }

  @Test("a mode that can't be read leaves both lists as exit addresses")
  func wrongMode() throws {
    let wrong = settings(
      "WEIR_MARK_EXIT_ADDRESS=192.0.2.10", "WEIR_MARK_SENTINEL=192.0.2.1", "WEIR_MARK_MODE=x")
    #expect(wrong.decide(bindTo: try name("192.0.2.10")) == .refuse)
    #expect(wrong.decide(bindTo: try name("192.0.2.1")) == .refuse)
    #expect(wrong.decide(bindTo: try name("192.0.2.20")) == .passBy)
  }

  @Test("with 'pass', wrong settings mark nothing and refuse nothing")
  func passing() throws {
    let wrongBind = settings("WEIR_MARK_MODE=bind", "WEIR_MARK_ON_ERROR=pass")
    #expect(wrongBind.decide(bindTo: try name("203.0.113.5")) == .passBy)
    #expect(wrongBind.decide(sendTo: try name("198.51.100.53", port: 53)) == .passBy)
    // A sentinel would not work as an address: it still stands for the real one.
    let wrongSentinel = settings(
      "WEIR_MARK_MODE=sentinel", "WEIR_MARK_SENTINEL=192.0.2.1", "WEIR_MARK_DSCP=64",
      "WEIR_MARK_ON_ERROR=pass")
    #expect(
      wrongSentinel.decide(bindTo: try name("192.0.2.1"))
        == .exit(ExitBind(family: .ipv4, isMarked: false, binding: .skip)))
  }
}
