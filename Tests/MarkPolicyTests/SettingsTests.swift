// Settings from the environment: right ones, and every way to get them wrong.

import MarkPolicy
import Testing

@Suite struct SettingsTests {
  @Test("bind mode, with its defaults")
  func bindMode() throws {
    let settings = settings(
      "PATH=/usr/bin", "WEIR_MARK_MODE=bind", "WEIR_MARK_EXIT_ADDRESS=192.0.2.10,2001:db8::10")
    #expect(settings.problem == nil)
    #expect(settings.mode == .bind)
    #expect(settings.exitAddresses.count == 2)
    #expect(settings.exitAddresses.contains(try #require(address("2001:db8::10"))))
    #expect(settings.trafficClass == 0x1c)
    #expect(settings.dnsPorts.count == 1 && settings.dnsPorts.contains(53))
    #expect(settings.onError == .refuse)
  }

  @Test("sentinel mode, with everything set")
  func sentinelMode() {
    let settings = settings(
      "WEIR_MARK_STATUS=/run/tor/weir-mark", "WEIR_MARK_ON_ERROR=pass",
      "WEIR_MARK_DNS_PORTS=53, 5353", "WEIR_MARK_DSCP=63",
      "WEIR_MARK_REAL_ADDRESS=198.51.100.7,[2001:db8:1::7]",
      "WEIR_MARK_SENTINEL= 192.0.2.1 ,\t[2001:db8::1]", "WEIR_MARK_MODE=sentinel")
    #expect(settings.problem == nil)
    #expect(settings.sentinels.count == 2)
    #expect(settings.realAddresses.count == 2)
    #expect(settings.trafficClass == 0xfc)
    #expect(settings.dnsPorts.contains(53) && settings.dnsPorts.contains(5353))
    #expect(settings.onError == .pass)
  }

  @Test("an empty list is no list, and no DNS port turns DNS marks off")
  func emptyLists() {
    let settings = settings(
      "WEIR_MARK_MODE=bind", "WEIR_MARK_EXIT_ADDRESS=192.0.2.10", "WEIR_MARK_SENTINEL=",
      "WEIR_MARK_REAL_ADDRESS=", "WEIR_MARK_DNS_PORTS=", "WEIR_MARK_STATUS=")
    #expect(settings.problem == nil)
    #expect(settings.dnsPorts.isEmpty)
  }

  @Test("an address that is named twice takes one place")
  func repeatedAddress() {
    let settings = settings(
      "WEIR_MARK_MODE=bind", "WEIR_MARK_EXIT_ADDRESS=192.0.2.10,192.0.2.10,::ffff:192.0.2.10")
    #expect(settings.problem == nil)
    #expect(settings.exitAddresses.count == 1)
  }

  @Test("no other variable is ours")
  func otherVariables() {
    let settings = settings(
      "WEIR_MARK_MODE=bind", "WEIR_MARK_EXIT_ADDRESS=192.0.2.10", "WEIR_MARK=1", "WEIR_=",
      "WEIR_MARKET=x", "XWEIR_MARK_DSCP=99", "", "=", "weir_mark_dscp=99")
    #expect(settings.problem == nil)
    #expect(settings.dscp == 7)
  }

  /// What is wrong with settings that are right but for one more variable.
  static let wrong: [(String, SettingsProblem.Reason)] = [
    ("WEIR_MARK_DSCP=", .badDSCP), ("WEIR_MARK_DSCP=64", .badDSCP), ("WEIR_MARK_DSCP=-1", .badDSCP),
    ("WEIR_MARK_DSCP=7 ", .badDSCP), ("WEIR_MARK_DSCP=0x1c", .badDSCP),
    ("WEIR_MARK_DSCP=99999999999999999999", .badDSCP), ("WEIR_MARK_DSCP=AF11", .badDSCP),
    ("WEIR_MARK_DNS_PORTS=0", .badPorts), ("WEIR_MARK_DNS_PORTS=65536", .badPorts),
    ("WEIR_MARK_DNS_PORTS=53,", .badPorts), ("WEIR_MARK_DNS_PORTS=,53", .badPorts),
    ("WEIR_MARK_DNS_PORTS=53 54", .badPorts), ("WEIR_MARK_DNS_PORTS=domain", .badPorts),
    ("WEIR_MARK_DNS_PORTS=1,2,3,4,5,6,7,8,9", .tooManyPorts),
    ("WEIR_MARK_ON_ERROR=", .badOnError), ("WEIR_MARK_ON_ERROR=Refuse", .badOnError),
    ("WEIR_MARK_ON_ERROR=refused", .badOnError),
    ("WEIR_MARK_STATUS=weir-mark.status", .badStatus),
    ("WEIR_MARK_SENTINEL=198.51.100.1", .onlyInSentinelMode),
    ("WEIR_MARK_REAL_ADDRESS=198.51.100.1", .onlyInSentinelMode),
    ("WEIR_MARK_EXIT_ADRESS=192.0.2.1", .unknownSetting), ("WEIR_MARK_=", .unknownSetting),
    ("WEIR_MARK_DSCP", .unknownSetting), ("WEIR_MARK_MODE=bind", .setTwice),
    ("WEIR_MARK_EXIT_ADDRESS=192.0.2.11", .setTwice),
  ]

  @Test("one wrong variable is the problem, and is pointed at", arguments: wrong)
  func wrongVariable(variable: String, reason: SettingsProblem.Reason) {
    let settings = settings(
      "WEIR_MARK_MODE=bind", "WEIR_MARK_EXIT_ADDRESS=192.0.2.10", variable)
    #expect(settings.problem?.reason == reason)
    #expect(settings.problem?.entry == 2)
    #expect((settings.problem?.setting == nil) == (reason == .unknownSetting))
    #expect(settings.knowsExits == (variable != "WEIR_MARK_EXIT_ADDRESS=192.0.2.11"))
    #expect(settings.onError == .refuse)
    #expect(settings.dscp == 7)
    #expect(settings.dnsPorts.contains(53))
  }

  @Test(
    "a list of addresses with one wrong is wrong",
    arguments: [
      ("192.0.2.10,", .badAddress), (",", .badAddress), ("192.0.2.10;192.0.2.11", .badAddress),
      ("192.0.2.10 192.0.2.11", .badAddress), ("192.0.2.0/28", .badAddress),
      ("exit.example", .badAddress), ("192.0.2.10,0.0.0.0", .notASource), ("::", .notASource),
      ("224.0.0.1", .notASource), ("ff02::1", .notASource), ("255.255.255.255", .notASource),
      ((1...17).map { "192.0.2.\($0)" }.joined(separator: ","), .tooManyAddresses),
    ] as [(String, SettingsProblem.Reason)])
  func wrongAddresses(list: String, reason: SettingsProblem.Reason) {
    let inBindMode = settings("WEIR_MARK_MODE=bind", "WEIR_MARK_EXIT_ADDRESS=\(list)")
    #expect(
      inBindMode.problem == SettingsProblem(reason: reason, setting: .exitAddress, entry: 1))
    #expect(!inBindMode.knowsExits)
    let inSentinelMode = settings("WEIR_MARK_SENTINEL=\(list)", "WEIR_MARK_MODE=sentinel")
    #expect(inSentinelMode.problem == SettingsProblem(reason: reason, setting: .sentinel, entry: 0))
    #expect(!inSentinelMode.knowsExits)
  }

  @Test(
    "settings that say nothing or contradict each other",
    arguments: [
      ([], .missingMode, false), (["WEIR_MARK_MODE="], .badMode, false),
      (["WEIR_MARK_MODE=both"], .badMode, false), (["WEIR_MARK_MODE=bin"], .badMode, false),
      (["WEIR_MARK_EXIT_ADDRESS=192.0.2.1"], .missingMode, true),
      (["WEIR_MARK_MODE=x", "WEIR_MARK_SENTINEL=192.0.2.1"], .badMode, true),
      (["WEIR_MARK_MODE=bind"], .missingExitAddress, false),
      (["WEIR_MARK_MODE=bind", "WEIR_MARK_EXIT_ADDRESS="], .missingExitAddress, false),
      (["WEIR_MARK_MODE=bind", "WEIR_MARK_SENTINEL=192.0.2.1"], .onlyInSentinelMode, false),
      (["WEIR_MARK_MODE=sentinel"], .missingSentinel, false),
      (["WEIR_MARK_MODE=sentinel", "WEIR_MARK_EXIT_ADDRESS=192.0.2.1"], .onlyInBindMode, false),
      (
        [
          "WEIR_MARK_MODE=sentinel", "WEIR_MARK_SENTINEL=192.0.2.1",
          "WEIR_MARK_REAL_ADDRESS=2001:db8::1",
        ], .realAddressWithoutSentinel, true
      ),
      (
        [
          "WEIR_MARK_MODE=sentinel", "WEIR_MARK_SENTINEL=192.0.2.1",
          "WEIR_MARK_REAL_ADDRESS=192.0.2.1",
        ], .realAddressIsSentinel, true
      ),
      (
        [
          "WEIR_MARK_MODE=sentinel", "WEIR_MARK_SENTINEL=192.0.2.1",
          "WEIR_MARK_REAL_ADDRESS=192.0.2.2,192.0.2.3",
        ], .tooManyRealAddresses, true
      ),
    ] as [([String], SettingsProblem.Reason, Bool)])
  func wrongTogether(variables: [String], reason: SettingsProblem.Reason, knowsExits: Bool) {
    let settings = settings(variables)
    #expect(settings.problem?.reason == reason)
    #expect(settings.knowsExits == knowsExits)
  }

  @Test("only the first problem is told")
  func firstProblem() {
    let settings = settings("WEIR_MARK_DSCP=64", "WEIR_MARK_MODE=x", "WEIR_MARK_ON_ERROR=y")
    #expect(settings.problem == SettingsProblem(reason: .badDSCP, setting: .dscp, entry: 0))
  }

  @Test("no bytes are too odd to be read")
  func oddBytes() {
    let names = ["MODE=", "EXIT_ADDRESS=", "DSCP=", "DNS_PORTS=", "STATUS=", "REAL_ADDRESS=", ""]
    let alphabet = Array(":.,0123456789abcdef[] /=\u{0}".utf8) + [0xff]
    var seed: UInt64 = 7
    func random(below limit: Int) -> Int {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(seed >> 33) % limit
    }
    for _ in 0..<2000 {
      var bytes = Array("WEIR_MARK_\(names[random(below: names.count)])".utf8)
      for _ in 0..<random(below: 40) { bytes.append(alphabet[random(below: alphabet.count)]) }
      var reader = SettingsReader()
      reader.read(bytes.span, at: 0)
      // Whatever it was, it was no complete set of settings.
      #expect(reader.finish().problem != nil)
    }
  }
}
