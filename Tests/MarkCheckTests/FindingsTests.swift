import MarkCheck
import MarkPolicy
import Testing

private struct Host: HostAddresses {
  var addresses = ["192.0.2.1", "192.0.2.10", "2001:db8::1", "2001:db8::10"]
  var source = "192.0.2.1"

  func has(_ address: Address) -> Bool { addresses.contains(address.description) }

  func defaultSource(_ family: SocketFamily) -> Address? {
    family == .ipv4 ? MarkCheckTests.address(source) : nil
  }
}

private func settings(_ entries: String...) -> Settings {
  var reader = SettingsReader()
  for (index, entry) in entries.enumerated() { reader.read(Array(entry.utf8).span, at: index) }
  return reader.finish()
}

private let bindMode = settings(
  "WEIR_MARK_MODE=bind", "WEIR_MARK_EXIT_ADDRESS=192.0.2.10,2001:db8::10")
private let sentinelMode = settings(
  "WEIR_MARK_MODE=sentinel", "WEIR_MARK_SENTINEL=192.0.2.99", "WEIR_MARK_REAL_ADDRESS=192.0.2.10")

private let good = """
  ORPort 192.0.2.1:9001
  ExitRelay 1
  IPv6Exit 1
  OutboundBindAddressExit 192.0.2.10
  OutboundBindAddressExit [2001:db8::10]
  """

@Suite("What the check finds") struct FindingsTests {
  @Test("nothing wrong with a good torrc")
  func goodTorrc() throws {
    let findings = try configuration(good).findings(bindMode)
    #expect(
      findings == [Finding(.ok, "torrc", "OutboundBindAddressExit 192.0.2.10, 2001:db8::10")])
  }

  static let mistakes: [(String, Level, String)] = [
    (
      "/OutboundBindAddressExit\nOutboundBindAddressExit 192.0.2.10", .fail,
      "no OutboundBindAddressExit for IPv6, and IPv6Exit is 1"
    ),
    ("/OutboundBindAddressExit", .fail, "no OutboundBindAddressExit for IPv4"),
    (
      "/OutboundBindAddressExit\nOutboundBindAddress 192.0.2.1", .fail,
      "OutboundBindAddress alone for IPv4"
    ),
    ("OutboundBindAddressExit 192.0.2.11", .fail, "more than one OutboundBindAddressExit for IPv4"),
    ("OutboundBindAddress 192.0.2.10", .fail, "192.0.2.10 is OutboundBindAddress too"),
    ("OutboundBindAddressOR [2001:db8::10]", .fail, "2001:db8::10 is OutboundBindAddressOR too"),
    ("ORPort 192.0.2.10:9001", .fail, "192.0.2.10 is the address of an ORPort"),
    ("DirPort [2001:db8::10]:9030", .fail, "2001:db8::10 is the address of an ORPort"),
    (
      "/OutboundBindAddressExit\nOutboundBindAddressExit 192.0.2.11\nIPv6Exit 0", .fail,
      "192.0.2.11 is not in WEIR_MARK_EXIT_ADDRESS"
    ),
    (
      "/OutboundBindAddressExit\nOutboundBindAddressExit 192.0.2.10\nIPv6Exit 0", .warn,
      "WEIR_MARK_EXIT_ADDRESS has 2001:db8::10, which is no"
    ),
    (
      "HiddenServicePort 80 192.168.1.2:80", .warn,
      "1 HiddenServicePort with a target that is not on loopback"
    ),
    ("ExitRelay 0", .warn, "this is no exit relay"),
    ("/ORPort", .warn, "this is no relay"),
    ("OutboundBindAddressExit x", .fail, "OutboundBindAddressExit x: this is no address"),
  ]

  @Test("each mistake of a torrc", arguments: mistakes)
  func torrcMistakes(text: String, level: Level, says: String) throws {
    let findings = try configuration("\(good)\n\(text)").findings(bindMode)
    #expect(findings.contains { $0.level == level && $0.text.contains(says) }, "\(findings)")
    #expect(findings.worst == level)
  }

  @Test("a plain bind address beside one for relay connections is none of exit's")
  func overriddenBind() throws {
    let text = "\(good)\nOutboundBindAddress 192.0.2.10\nOutboundBindAddressOR 192.0.2.1"
    #expect(try configuration(text).findings(bindMode).worst == .ok)
  }

  @Test("that the sandbox is on")
  func sandbox() throws {
    let findings = try configuration("\(good)\nSandbox 1").findings(bindMode)
    #expect(findings.worst == .ok && findings.contains { $0.text.hasPrefix("Sandbox 1") })
  }

  @Test("an onion service's target stays untold")
  func targets() throws {
    let findings = try configuration("\(good)\nHiddenServicePort 80 192.168.77.2:80").findings(
      bindMode)
    #expect(!findings.contains { $0.text.contains("192.168.77.2") })
  }

  @Test("addresses that the host has and lacks")
  func hostAddresses() {
    #expect(bindMode.findings(on: Host()).worst == .ok)
    #expect(sentinelMode.findings(on: Host()).worst == .ok)
    let poor = Host(addresses: ["192.0.2.10"])
    #expect(
      bindMode.findings(on: poor).map(\.level) == [.fail])
    #expect(
      sentinelMode.findings(on: Host(addresses: ["192.0.2.99", "192.0.2.10"])).worst == .fail)
    #expect(sentinelMode.findings(on: Host(addresses: [])).worst == .fail)
  }

  @Test("settings in words")
  func settingsInWords() {
    #expect(
      bindMode.findings.map(\.text) == [
        "bind mode, exit address 192.0.2.10, 2001:db8::10, DSCP 7, DNS queries to port 53, refuse on error"
      ])
    let other = settings(
      "WEIR_MARK_MODE=sentinel", "WEIR_MARK_SENTINEL=192.0.2.99", "WEIR_MARK_DNS_PORTS=",
      "WEIR_MARK_ON_ERROR=pass", "WEIR_MARK_DSCP=9")
    #expect(
      other.findings.map(\.text) == [
        "sentinel mode, sentinel 192.0.2.99, DSCP 9, no DNS queries, pass on error"
      ])
  }

  @Test("which addresses tell exit connections")
  func rules() throws {
    let host = Host()
    let exit = address("192.0.2.10")
    let bind = SocketRule(settings: bindMode, configuration: nil, host: host)
    #expect(bind.exitAddresses == [exit, address("2001:db8::10")] && bind.mark == 28)
    // The kernel takes another address for relay connections, so the real address tells exits.
    let apart = SocketRule(
      settings: sentinelMode, configuration: try configuration(good), host: host)
    #expect(apart.exitAddresses == [exit] && apart.sharedAddresses.isEmpty)
    // The only address: it tells nothing.
    let one = SocketRule(
      settings: sentinelMode, configuration: try configuration(good),
      host: Host(source: "192.0.2.10"))
    #expect(one.exitAddresses.isEmpty && one.sharedAddresses == [exit])
    let orElsewhere = try configuration("\(good)\nOutboundBindAddressOR 192.0.2.1")
    let told = SocketRule(
      settings: sentinelMode, configuration: orElsewhere, host: Host(source: "192.0.2.10"))
    #expect(told.exitAddresses == [exit])
    let unread = SocketRule(settings: sentinelMode, configuration: nil, host: host)
    #expect(unread.exitAddresses.isEmpty && unread.sharedAddresses == [exit])
    let chosen = SocketRule(
      settings: settings("WEIR_MARK_MODE=sentinel", "WEIR_MARK_SENTINEL=192.0.2.99"),
      configuration: nil, host: host)
    #expect(chosen.anySource == [.ipv4])
    let none = SocketRule(settings: nil, configuration: try configuration(good), host: host)
    #expect(none.exitAddresses == [exit, address("2001:db8::10")] && none.mark == 28)
  }
}
