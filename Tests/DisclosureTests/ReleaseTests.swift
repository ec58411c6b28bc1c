// The rules of release at their limits.

import Tallies
import TestSupport
import Testing

@testable import Disclosure

@Suite struct ReleaseTests {
  private func release(
    _ month: TestMonth, minimum: UInt64 = 20, rows: Int = 50
  ) throws -> ReleasedMonth {
    month.exact.release(policy: try .test(minimumFlows: minimum, rows: rows))
  }

  private func ports(_ month: TestMonth, minimum: UInt64 = 20) throws -> ReleasedTable {
    try #require(try release(month, minimum: minimum)[.servicePort])
  }

  @Test("a month whose days were folded into one is published without days")
  func foldedDays() throws {
    var month = TestMonth()
    month.add(flows: 200, day: 1)
    #expect(try release(month)[.day] != nil)
    var exact = month.exact
    exact.forgetDays()
    let released = exact.release(policy: try .test(minimumFlows: 20, rows: 50))
    #expect(released[.day] == nil)
    #expect(released.tables.count == (try release(month).tables.count) - 1)
    #expect(released.total?.flows == 200)
  }

  // MARK: Minimum of flows

  @Test("a month is published from the minimum of flows on, as a whole")
  func wholeMonth() throws {
    var month = TestMonth()
    month.add(flows: 19)
    #expect(try release(month).total == nil)
    #expect(try release(month).tables.isEmpty)
    month.add(flows: 1)
    #expect(try release(month).total?.flows == 20)
    #expect(try release(month).tables.allSatisfy { $0.rows.count == 1 && $0.other == nil })
  }

  @Test("an empty month is not published")
  func empty() throws {
    let released = try release(TestMonth())
    #expect(released.total == nil)
    #expect(released.month == TestMonth.month)
    #expect(released.coverage.secondsObserved == 0)
  }

  @Test("a row with exactly the minimum is shown, one with less is not")
  func limit() throws {
    var month = TestMonth()
    month.add(port: 80, flows: 20)
    month.add(port: 443, flows: 100, bytes: 2_000_000)
    #expect(try release(month).flows(.servicePort) == [.tcp(80): 20, .tcp(443): 100])
    #expect(try ports(month).other == nil)
    // With one flow less the fold needs a second member: the next smallest.
    month.tallies[0].counters.flows = 19
    month.add(port: 22, flows: 50)
    #expect(try release(month).flows(.servicePort) == [.tcp(443): 100])
    #expect(try ports(month).other?.figures.flows == 70)
  }

  @Test("a fold too small for itself takes rows in until it is not")
  func growingFold() throws {
    var month = TestMonth()
    for port in UInt16(1)...3 { month.add(port: port, flows: 2) }
    for port in UInt16(11)...14 { month.add(port: port, flows: UInt64(port) * 10) }
    // 1, 2, 3 and 11 have less than 120; together they have 116, so that 12 has to go too.
    #expect(
      try release(month, minimum: 120).flows(.servicePort) == [.tcp(13): 130, .tcp(14): 140])
    #expect(try ports(month, minimum: 120).other?.figures.flows == 240)
  }

  @Test("rows without any flow are folded like others, and a table of nothing else isn't there")
  func noFlows() throws {
    var month = TestMonth()
    month.add(port: 80, flows: 0, bytes: 900)
    month.add(port: 443, flows: 100, bytes: 1)
    #expect(try release(month)[.servicePort] == nil)
    #expect(try release(month).total?.flows == 100)
  }

  // MARK: Dominance

  @Test("a row is shown if its largest flow leaves twice itself and p percent to the others")
  func dominance() throws {
    for (p, largest, bytes, isShown) in [
      (10, 1000, 2100, true), (10, 1000, 2099, false), (5, 1000, 2050, true),
      (5, 1000, 2049, false), (100, 1000, 3000, true), (100, 1000, 2999, false), (10, 0, 0, true),
      (10, 1, 2, false), (10, UInt64.max / 4, UInt64.max / 2, false),
    ] as [(UInt64, UInt64, UInt64, Bool)] {
      let safety = Safety(policy: try .test(dominance: p), leftOut: nil)
      var counters = TallyCounters()
      counters.flows = 20
      counters.bytesIn = bytes
      counters.largestFlow = largest
      #expect(safety.allows(counters) == isShown, "\(p) \(largest) \(bytes)")
    }
  }

  @Test("each direction is dominated by itself, unless rounding hides the largest flow")
  func dominatedDirection() throws {
    let mebibyte: UInt64 = 1 << 20
    for (out, into, largest, isShown) in [
      // One upload of 50 MiB among many downloads.
      (60, 10_000, 50, false), (104, 10_000, 50, false), (105, 10_000, 50, true),
      (10_000, 104, 50, false), (10_000, 105, 50, true),
      // All that went out is less than the largest flow: it may be all its own.
      (40, 10_000, 50, false), (6, 10_000, 50, false),
      // To within half a MiB nobody can tell more of 5 MiB than to within 10 %.
      (5, 10_000, 50, true), (0, 10_000, 50, true), (6, 10_000, 5, true), (10_000, 5, 5, true),
    ] as [(UInt64, UInt64, UInt64, Bool)] {
      let safety = Safety(policy: try .test(), leftOut: nil)
      var counters = TallyCounters()
      counters.flows = 100
      counters.bytesOut = out * mebibyte
      counters.bytesIn = into * mebibyte
      counters.largestFlow = largest * mebibyte
      #expect(safety.allows(counters) == isShown, "\(out) \(into) \(largest)")
    }
  }

  @Test("no folded row is nearly all of the fold in one direction")
  func nearlyAllOfADirection() throws {
    var month = TestMonth()
    func add(_ port: UInt16, flows: UInt64, out: UInt64, into: UInt64) {
      month.add(port: port, flows: flows, bytes: out << 20)
      month.tallies[month.tallies.count - 1].counters.bytesIn = into << 20
    }
    add(22, flows: 19, out: 100, into: 1)
    add(23, flows: 100, out: 5, into: 100)
    add(80, flows: 100, out: 50, into: 100)
    add(443, flows: 100, out: 200, into: 200)
    #expect(try release(month).flows(.servicePort) == [.tcp(443): 100])
  }

  @Test("the fold is not dominated either, and takes rows in until it isn't")
  func dominatedFold() throws {
    var month = TestMonth()
    month.add(port: 22, flows: 500, bytes: 100 << 20, largest: 90 << 20)
    for port: UInt16 in [80, 443, 993] {
      month.add(port: port, flows: 500, bytes: UInt64(port) << 20, largest: 1 << 20)
    }
    // 100 and 80 MiB are less than 2.1 times 90 MiB; with 443 MiB it is more.
    #expect(try release(month).flows(.servicePort) == [.tcp(993): 500])
    #expect(try ports(month).other?.figures.bytes == 623 << 20)
  }

  @Test("a month whose bytes are one flow's is not published")
  func dominatedMonth() throws {
    var month = TestMonth()
    month.add(flows: 1000, bytes: 1 << 40, largest: 1 << 39)
    #expect(try release(month).total == nil)
    #expect(try release(month).coverage.account == nil)
  }

  @Test("no folded row is nearly all of the fold")
  func nearlyAll() throws {
    // The flows of 22 are few, its bytes nearly all of those of 23; only with 80 is that hidden.
    var month = TestMonth()
    month.add(port: 22, flows: 19, bytes: 100 << 20, largest: 10 << 20)
    month.add(port: 23, flows: 100, bytes: 5 << 20)
    month.add(port: 80, flows: 100, bytes: 50 << 20)
    month.add(port: 443, flows: 100, bytes: 200 << 20)
    #expect(try release(month).flows(.servicePort) == [.tcp(443): 100])
  }

  // MARK: Top rows

  @Test("the largest rows are shown, by bytes; the others are one")
  func topRows() throws {
    var month = TestMonth()
    for port in UInt16(1)...9 { month.add(port: port, flows: 50, bytes: UInt64(port) << 20) }
    let released = try release(month, rows: 3)
    #expect(released[.servicePort]?.rows.map(\.subject) == [.tcp(9), .tcp(8), .tcp(7)])
    #expect(released[.servicePort]?.other?.figures.flows == 300)
    // A single row that is not shown would stand in "other" by itself.
    let all = try release(month, rows: 8)
    #expect(all[.servicePort]?.rows.count == 7)
    #expect(all[.servicePort]?.other?.figures.flows == 100)
    #expect(try release(month, rows: 9)[.servicePort]?.other == nil)
    // Classes and days are no matter of how many.
    #expect(try release(month, rows: 1)[.ipVersion]?.rows.count == 1)
  }

  @Test(
    "how many rows are folded is told in tens, from twenty on",
    arguments: [(2, nil), (19, nil), (20, 20), (29, 20), (30, 30)] as [(UInt16, Int?)])
  func foldedRows(count: UInt16, told: Int?) throws {
    var month = TestMonth()
    month.add(port: 443, flows: 100, bytes: 1 << 30)
    for port in 1...count { month.add(port: port, flows: 15) }
    #expect(try ports(month).other?.rows == told)
  }

  // MARK: Several tables

  @Test("classes are told of ports that are safe; the others are one, without a class")
  func classes() throws {
    var month = TestMonth()
    month.add(port: 443, flows: 1000, bytes: 9 << 20)
    month.add(port: 993, flows: 500, bytes: 8 << 20)
    month.add(port: 80, flows: 300, bytes: 7 << 20)
    month.add(port: 21, flows: 7)
    month.add(port: 23, flows: 15)
    let usually = EncryptionClass.usuallyEncrypted
    let released = month.exact.release(
      policy: try .test(),
      classes: EncryptionClasses([
        ServicePort(transport: 6, port: 443): usually,
        ServicePort(transport: 6, port: 993): usually,
        ServicePort(transport: 6, port: 80): .usuallyCleartext,
        ServicePort(transport: 6, port: 21): .usuallyCleartext,
      ]))
    #expect(
      released.flows(.encryptionClass)
        == [.encryptionClass(usually): 1500, .encryptionClass(.usuallyCleartext): 300])
    #expect(released[.encryptionClass]?.other?.figures.flows == 20)
  }

  @Test("protocols are told unless that would split the fold of ports")
  func protocols() throws {
    var month = TestMonth()
    month.add(port: 443, flows: 1000, bytes: 9 << 20)
    month.add(port: 53, transport: 17, flows: 500, bytes: 8 << 20)
    month.add(port: 21, flows: 10)
    month.add(port: 23, flows: 15)
    #expect(try release(month).flows(.transport) == [.transport(6): 1030, .transport(17): 500])
    // All UDP less port 53 would be port 123.
    month.add(port: 123, transport: 17, flows: 5)
    #expect(try release(month)[.transport] == nil)
    #expect(try release(month).flows(.servicePort)?.count == 2)
    // With another one of its own kind beside it, it would not.
    month.add(port: 137, transport: 17, flows: 19)
    #expect(try release(month)[.transport] != nil)
  }

  @Test("IP versions are told together or not at all")
  func ipVersions() throws {
    var month = TestMonth()
    month.add(flows: 1000)
    month.add(flows: 19, ipVersion: 6)
    #expect(try release(month)[.ipVersion] == nil)
    month.add(flows: 1, ipVersion: 6)
    #expect(try release(month).flows(.ipVersion) == [.ipVersion(4): 1000, .ipVersion(6): 20])
  }

  @Test("a day with little traffic takes the next smallest day with it")
  func days() throws {
    var month = TestMonth()
    for day in Int64(1)...5 {
      month.add(flows: UInt64(day) * 100, bytes: UInt64(day) << 20, day: day)
    }
    #expect(try release(month)[.day]?.rows.map(\.subject) == (1...5).map { .january($0) })
    month.add(flows: 19, day: 9)
    let released = try release(month)
    #expect(released[.day]?.rows.map(\.subject) == (2...5).map { .january($0) })
    #expect(released[.day]?.other?.figures.flows == 120)
  }

  @Test("relays are told if each has enough, and there are several")
  func relays() throws {
    func released(_ flows: [UInt64]) throws -> ReleasedMonth {
      var exact = MonthTallies(month: TestMonth.month)
      for (number, flows) in flows.enumerated() {
        var tallies = TestMonth()
        tallies.add(flows: flows, bytes: UInt64(number) << 20)
        exact.begin(relay: "relay \(number)")
        for (key, counters) in tallies.tallies { exact.add(key, counters) }
      }
      return exact.release(policy: try .test())
    }
    #expect(try released([50, 60])[.relay]?.rows.map(\.figures.flows) == [60, 50])
    #expect(try released([50, 60])[.relay]?.rows.first?.subject == .relay("relay 1"))
    #expect(try released([50, 19, 60])[.relay] == nil)
    #expect(try released([50])[.relay] == nil)
    #expect(try released([50, 19, 60]).total?.flows == 130)
  }

  @Test("a country's systems don't give away the one that is folded")
  func networks() throws {
    // FR is 64500 and 64501; the latter has too few flows, and would be FR less 64500.
    var month = TestMonth()
    month.add(asn: 64_500, country: "FR", flows: 100, bytes: 5 << 20)
    month.add(asn: 64_501, country: "FR", flows: 19, bytes: 1 << 20)
    month.add(asn: 64_502, country: "DE", flows: 100, bytes: 1 << 20)
    month.add(asn: 64_503, country: "DE", flows: 100, bytes: 9 << 20)
    let apart = try release(month)
    #expect(apart.flows(.autonomousSystem)?.keys.contains(.system(64_500)) == false)
    #expect(apart.flows(.country) == [.country("FR"): 120, .country("DE"): 200])
    // One system in both countries, and nobody can tell which of its flows were where.
    month.add(asn: 64_503, country: "FR", flows: 100, bytes: 9 << 20)
    #expect(try release(month).flows(.autonomousSystem)?.keys.contains(.system(64_500)) == true)
  }

  @Test("the same network is folded in both tables, under whatever name")
  func sameNetwork() throws {
    var month = TestMonth()
    for (asn, country, flows) in [(1, "FR", 19), (2, "DE", 50), (3, "NL", 60), (4, "SE", 70)]
      as [(UInt32, String, UInt64)]
    {
      month.add(asn: asn, country: country, flows: flows, bytes: flows << 20)
    }
    // NL would be smaller than DE, but for a system that is not only there.
    month.add(asn: 9, country: "DE", flows: 100, bytes: 100 << 20)
    let released = try release(month)
    let systems = try #require(released.flows(.autonomousSystem))
    let countries = try #require(released.flows(.country))
    // FR is system 1, so what is folded with it must not be shown in the other table.
    if countries[.country("NL")] != nil { #expect(systems[.system(3)] != nil) }
    #expect(systems[.system(1)] == nil)
    #expect(countries[.country("FR")] == nil)
  }

  // MARK: Figures

  @Test("figures are the nearest multiple of their unit, wherever they are")
  func rounding() throws {
    var month = TestMonth()
    month.add(port: 80, flows: 104, bytes: 3 << 19)
    month.add(port: 443, flows: 105, bytes: 3 << 19 - 1)
    month.tallies[0].counters.packetsIn = 1499
    month.tallies[1].counters.packetsIn = 1500
    month.tallies[1].counters.flowsAnswered = 14
    let released = try release(month)
    let rows = try #require(released[.servicePort]).rows
    #expect(rows.map(\.figures.flows) == [100, 110])
    #expect(rows.map(\.figures.flowsAnswered) == [0, 10])
    #expect(rows.map(\.figures.packetsIn) == [1000, 2000])
    #expect(rows.map(\.figures.bytesOut) == [2 << 20, 1 << 20])
    #expect(released.total?.flows == 210)
    #expect(released.total?.bytes == 3 << 20)
  }

  @Test("packets of the account are rounded too, so that they don't give totals away")
  func account() throws {
    var month = TestMonth()
    month.add(flows: 100)
    var exact = month.exact
    var capture = CaptureRecord()
    capture.packets = 12_345
    capture.packetsCounted = 11_111
    capture.leftOut[.unmarked] = 1234
    exact.add(capture)
    let account = try #require(exact.release(policy: try .test()).coverage.account)
    #expect([account.read, account.counted, account.leftOut[.unmarked]] == [12_000, 11_000, 1000])
  }

  @Test("ties are broken by the subject, and the order is that of published bytes")
  func ties() throws {
    var month = TestMonth()
    for (number, port) in ([443, 22, 80] as [UInt16]).enumerated() {
      // Differences that rounding takes away must not show in the order.
      month.add(port: port, transport: 17, asn: UInt32(port), flows: 50, bytes: UInt64(number))
      month.add(port: port, transport: 6, asn: UInt32(port), flows: 50, bytes: UInt64(number))
    }
    let ports = try ports(month).rows.map { row in
      if case .servicePort(let service) = row.subject {
        "\(service.port)/\(service.transportName)"
      } else {
        ""
      }
    }
    #expect(ports == ["22/tcp", "22/udp", "80/tcp", "80/udp", "443/tcp", "443/udp"])
    #expect(
      try release(month)[.autonomousSystem]?.rows.map(\.subject)
        == [.system(22), .system(80), .system(443)])
  }

  @Test("a port is another service over another transport")
  func transports() throws {
    var month = TestMonth()
    month.add(port: 53, transport: 6, flows: 30)
    month.add(port: 53, transport: 17, flows: 40)
    #expect(try ports(month).rows.count == 2)
    #expect(try release(month)[.autonomousSystem]?.rows.count == 1)
    #expect(ServicePort(transport: 132, port: 9).transportName == "protocol-132")
  }

  @Test("names are the first given, and none where there is none")
  func names() throws {
    var tallies = TestMonth()
    tallies.add(asn: 1, flows: 40, bytes: 2 << 20)
    tallies.add(asn: 2, flows: 40, bytes: 1 << 20)
    var month = tallies.exact
    month.name(asn: 1, "One")
    month.name(asn: 1, "Another")
    month.name(asn: 3, "Three")
    #expect(
      month.release(policy: try .test())[.autonomousSystem]?.rows.map(\.subject) == [
        .autonomousSystem(asn: 1, name: "One"), .autonomousSystem(asn: 2, name: ""),
      ])
  }

  @Test("databases are listed once, by kind, age and digest")
  func databases() throws {
    func database(_ kind: DatabaseRecord.Kind, _ builtAt: Int64, _ digest: String) -> DatabaseRecord
    {
      DatabaseRecord(
        sha256: digest, kind: kind, type: "", builtAt: builtAt, licence: "", attribution: "")
    }
    let ordered = [
      database(.asn, 1, "b"), database(.asn, 2, "a"), database(.asn, 2, "c"),
      database(.country, 0, "d"),
    ]
    var month = TestMonth().exact
    for record in ordered.reversed() + ordered { month.add(record) }
    #expect(month.release(policy: try .test()).databases == ordered)
  }

  @Test(
    "a tally of another month is a mistake that stops the program", arguments: [-1, 0] as [Int64])
  func otherMonth(offset: Int64) async {
    await #expect(processExitsWith: .failure) { [offset = offset as Int64] in
      let seconds = TestMonth.month.seconds
      var month = MonthTallies(month: TestMonth.month)
      let key = TallyKey(
        hour: offset < 0 ? seconds.lowerBound - 3600 : seconds.upperBound, ipVersion: 4,
        transport: 6, servicePort: 1, network: .unknown)
      month.add(key, TallyCounters())
    }
  }
}
