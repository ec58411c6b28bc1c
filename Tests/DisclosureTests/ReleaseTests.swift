// The rules of release at their limits.

import Tallies
import Testing

@testable import Disclosure

@Suite struct ReleaseTests {
  @Test("a policy has at least the floor of flows", arguments: [0, 1, 19] as [UInt64])
  func belowFloor(minimum: UInt64) {
    #expect(ReleasePolicy(minimumFlows: minimum) == nil)
  }

  @Test("the floor is 20 flows, the default 100")
  func floor() {
    #expect(ReleasePolicy.floorOfMinimumFlows == 20)
    #expect(ReleasePolicy()?.minimumFlows == 100)
    #expect(ReleasePolicy(minimumFlows: 20)?.minimumFlows == 20)
    #expect(ReleasePolicy(minimumFlows: 21)?.minimumFlows == 21)
  }

  private func tables(_ month: TestMonth, minimum: UInt64 = 20) throws -> [ReleasedTable] {
    month.exact.release(policy: try #require(ReleasePolicy(minimumFlows: minimum))).tables
  }

  @Test("a month is published from the minimum of flows on, as a whole")
  func wholeMonth() throws {
    let policy = try #require(ReleasePolicy(minimumFlows: 20))
    var month = TestMonth()
    month.add(flows: 19)
    #expect(month.exact.release(policy: policy).total == nil)
    #expect(month.exact.release(policy: policy).tables.isEmpty)
    month.add(flows: 1)
    #expect(month.exact.release(policy: policy).total?.flows == 20)
    #expect(try tables(month).allSatisfy { $0.rows.count == 1 && $0.other == nil })
  }

  @Test("an empty month is not published")
  func empty() throws {
    let released = TestMonth().exact.release(policy: try #require(ReleasePolicy(minimumFlows: 20)))
    #expect(released.total == nil)
    #expect(released.month == TestMonth.month)
    #expect(released.coverage.secondsObserved == 0)
  }

  @Test("a row with exactly the minimum is shown, one with less is not")
  func limit() throws {
    var month = TestMonth()
    month.add(port: 80, flows: 20, bytes: 1)
    month.add(port: 443, flows: 100, bytes: 2)
    #expect(try tables(month)[0].rows.map(\.figures.flows) == [100, 20])
    #expect(try tables(month)[0].other == nil)
    // With one flow less the fold needs a second member: the next smallest.
    month.tallies[0].counters.flows = 19
    month.add(port: 22, flows: 50, bytes: 3)
    #expect(try tables(month)[0].rows.map(\.figures.flows) == [100])
    #expect(try tables(month)[0].other?.rows == 2)
    #expect(try tables(month)[0].other?.figures.flows == 69)
  }

  @Test("a fold too small for itself takes rows in until it is not")
  func growingFold() throws {
    var month = TestMonth()
    for port in UInt16(1)...3 { month.add(port: port, flows: 2) }
    for port in UInt16(11)...14 { month.add(port: port, flows: UInt64(port) * 10) }
    let table = try tables(month, minimum: 120)[0]
    // 1, 2, 3 and 11 have less than 120; together they have 116, so that 12 has to go too.
    #expect(Set(table.rows.map(\.figures.flows)) == [130, 140])
    #expect(table.other?.rows == 5)
    #expect(table.other?.figures.flows == 236)
  }

  @Test("rows without any flow are folded like others")
  func noFlows() throws {
    var month = TestMonth()
    month.add(port: 80, flows: 0, bytes: 900)
    month.add(port: 443, flows: 100, bytes: 1)
    let table = try tables(month)[0]
    #expect(table.rows.isEmpty)
    #expect(table.other?.rows == 2)
    #expect(table.other?.figures.bytes == 901)
  }

  @Test("ties are broken by the subject")
  func ties() throws {
    var month = TestMonth()
    for port: UInt16 in [443, 22, 80] {
      month.add(port: port, transport: 17, asn: UInt32(port), flows: 50, bytes: 7)
      month.add(port: port, transport: 6, asn: UInt32(port), flows: 50, bytes: 7)
    }
    let ports = try tables(month)[0].rows.map { row in
      if case .servicePort(let service) = row.subject {
        "\(service.port)/\(service.transportName)"
      } else {
        ""
      }
    }
    #expect(ports == ["22/tcp", "22/udp", "80/tcp", "80/udp", "443/tcp", "443/udp"])
    let systems = try tables(month)[1].rows.map(\.subject)
    #expect(
      systems == [22, 80, 443].map { ReleasedSubject.autonomousSystem(asn: $0, name: "") })
  }

  @Test("a port is another service over another transport")
  func transports() throws {
    var month = TestMonth()
    month.add(port: 53, transport: 6, flows: 30)
    month.add(port: 53, transport: 17, flows: 40)
    #expect(try tables(month)[0].rows.count == 2)
    #expect(try tables(month)[1].rows.count == 1)
    #expect(ServicePort(transport: 132, port: 9).transportName == "protocol-132")
  }

  @Test("names are the first given, and none where there is none")
  func names() throws {
    var tallies = TestMonth()
    tallies.add(asn: 1, flows: 40, bytes: 2)
    tallies.add(asn: 2, flows: 40, bytes: 1)
    var month = tallies.exact
    month.name(asn: 1, "One")
    month.name(asn: 1, "Another")
    month.name(asn: 3, "Three")
    let released = month.release(policy: try #require(ReleasePolicy(minimumFlows: 20)))
    #expect(
      released.tables[1].rows.map(\.subject) == [
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
    #expect(
      month.release(policy: try #require(ReleasePolicy(minimumFlows: 20))).databases == ordered)
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
