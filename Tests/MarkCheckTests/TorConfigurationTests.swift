import MarkCheck
import MarkPolicy
import Testing

func address(_ text: String) -> Address {
  guard let address = Address(Array(text.utf8).span) else { preconditionFailure(text) }
  return address
}

func configuration(_ texts: String...) throws -> TorConfiguration {
  TorConfiguration(try texts.map { try torrcLines(Array($0.utf8)) })
}

@Suite("tor's configuration") struct TorConfigurationTests {
  static let exits: [(String, Bool)] = [
    ("ORPort 9001\nExitRelay 1", true),
    ("orport 9001\nEXITRELAY 1", true),
    ("ORPort 0\nExitRelay 1", false),
    ("ExitRelay 1", false),
    ("ORPort 9001", false),
    ("ORPort 9001\nExitPolicy accept *:80", true),
    ("ORPort 9001\nReducedExitPolicy 1", true),
    ("ORPort 9001\nIPv6Exit 1", true),
    ("ORPort 9001\nIPv6Exit 1\nExitRelay 0", false),
    ("ORPort 9001\nExitRelay 1\nBridgeRelay 1", false),
    ("ORPort 9001\nExitRelay 1\nExitRelay 0", false),
  ]

  @Test("tells an exit relay", arguments: exits)
  func exit(text: String, isExit: Bool) throws {
    #expect(try configuration(text).isExit == isExit)
  }

  @Test("has the addresses of ports and binds, in every form")
  func addresses() throws {
    let read = try configuration(
      """
      ORPort 9001
      ORPort 192.0.2.1:9001 NoAdvertise
      ORPort [2001:db8::1]:9001 IPv6Only
      DirPort 192.0.2.2:9030
      OutboundBindAddress 192.0.2.3
      OutboundBindAddressExit [2001:db8::4]
      OutboundBindAddressExit 192.0.2.4
      OutboundBindAddressOR 2001:db8::5
      """)
    #expect(
      read.listenerAddresses == ["192.0.2.1", "2001:db8::1", "192.0.2.2"].map(address))
    #expect(read.bindAddresses == [address("192.0.2.3")])
    #expect(read.exitBindAddresses == ["2001:db8::4", "192.0.2.4"].map(address))
    #expect(read.orBindAddresses == [address("2001:db8::5")])
    #expect(read.unreadable.isEmpty)
  }

  static let layers: [([String], [String])] = [
    (["OutboundBindAddressExit 192.0.2.1", ""], ["192.0.2.1"]),
    (["OutboundBindAddressExit 192.0.2.1", "OutboundBindAddressExit 192.0.2.2"], ["192.0.2.2"]),
    (
      ["OutboundBindAddressExit 192.0.2.1", "+OutboundBindAddressExit 2001:db8::1"],
      ["192.0.2.1", "2001:db8::1"]
    ),
    (["OutboundBindAddressExit 192.0.2.1", "/OutboundBindAddressExit"], []),
    (
      [
        "",
        "OutboundBindAddressExit 192.0.2.1\n/OutboundBindAddressExit\nOutboundBindAddressExit 192.0.2.2",
      ],
      ["192.0.2.2"]
    ),
    (
      ["OutboundBindAddressExit 192.0.2.1", "", "OutboundBindAddressExit 192.0.2.3"],
      ["192.0.2.3"]
    ),
  ]

  @Test("is put together from its sources", arguments: layers)
  func sources(texts: [String], expected: [String]) throws {
    let lines = try texts.map { try torrcLines(Array($0.utf8)) }
    #expect(TorConfiguration(lines).exitBindAddresses == expected.map(address))
  }

  static let backends: [(String, Bool)] = [
    ("80", false), ("80 8080", false), ("80 127.0.0.1:8080", false), ("80 127.0.0.1", false),
    ("80 [::1]:8080", false), ("80 unix:/run/web", false), ("80 unix:\"/run/web x\"", false),
    ("80 localhost:80", false), ("80 192.168.1.2:80", true), ("80 192.168.1.2", true),
    ("80 [2001:db8::1]:80", true), ("80 backend.example:80", true),
  ]

  @Test("tells an onion service's target that is elsewhere", arguments: backends)
  func onionServices(value: String, isDistant: Bool) throws {
    #expect(try configuration("HiddenServicePort \(value)").distantBackends.isEmpty != isDistant)
  }

  @Test("names what is no address")
  func unreadable() throws {
    let read = try configuration("OutboundBindAddressExit exit.example")
    #expect(read.unreadable == ["OutboundBindAddressExit exit.example"])
    #expect(read.findings(nil).worst == .fail)
  }

  @Test("comes with the command line")
  func commandLine() {
    let line = TorCommandLine([
      "--defaults-torrc", "/d", "-f", "/t", "--RunAsDaemon", "0", "--hush", "+ORPort", "9002",
      "/ExitPolicy", "ExitRelay", "1", "--Sandbox", "--quiet",
    ])
    #expect(line.torrc == "/t")
    #expect(line.defaults == "/d")
    #expect(
      line.options == [
        TorrcLine(name: "RunAsDaemon", value: "0"),
        TorrcLine(command: .append, name: "ORPort", value: "9002"),
        TorrcLine(command: .clear, name: "ExitPolicy", value: ""),
        TorrcLine(name: "ExitRelay", value: "1"), TorrcLine(name: "Sandbox", value: ""),
      ])
  }
}
