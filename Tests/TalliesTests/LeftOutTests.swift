// Each reason for leaving a packet out has its own counter and its own name.

import Tallies
import Testing

@Suite struct LeftOutTests {
  @Test("counting one reason counts no other", arguments: LeftOutReason.allCases)
  func ownCounter(reason: LeftOutReason) {
    var leftOut = LeftOut()
    leftOut[reason] += 3
    leftOut[reason] += 4
    for other in LeftOutReason.allCases { #expect(leftOut[other] == (other == reason ? 7 : 0)) }
    #expect(leftOut.total == 7)
    #expect(leftOut.occurring.map(\.reason) == [reason])
    #expect(leftOut.occurring.map(\.packets) == [7])
  }

  @Test("all reasons are added up, each with its own")
  func addition() {
    var (one, other) = (LeftOut(), LeftOut())
    for (position, reason) in LeftOutReason.allCases.enumerated() {
      one[reason] = UInt64(1 << position)
      other[reason] = UInt64(1000 * position)
    }
    var sum = one
    sum += other
    for (position, reason) in LeftOutReason.allCases.enumerated() {
      #expect(sum[reason] == UInt64(1 << position + 1000 * position))
    }
    #expect(sum.total == one.total + other.total)
    #expect(one.occurring.map(\.reason) == LeftOutReason.allCases)
    #expect(LeftOut().occurring.isEmpty)
    #expect(one.byName.count == LeftOutReason.allCases.count)
    #expect(LeftOut(byName: one.byName) == one)
    #expect(LeftOut(byName: ["fragment": 3]).occurring.map(\.reason) == [.fragment])
    #expect(LeftOut() == LeftOut() && one != other)
  }

  @Test("the names in data are these, and the explanations differ")
  func names() {
    #expect(
      LeftOutReason.allCases.map(\.rawValue) == [
        "header_cut", "not_ip", "version_mismatch", "bad_header_length", "bad_total_length",
        "fragment", "not_tcp_udp", "bad_stamp", "other_host", "unmarked", "flow_table_full",
        "sealed_hour", "ledger_unavailable",
      ])
    #expect(Set(LeftOutReason.allCases.map(\.explanation)).count == LeftOutReason.allCases.count)
  }
}
