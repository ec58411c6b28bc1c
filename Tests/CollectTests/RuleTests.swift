// Every counting rule has a capture and a right answer, written by hand: the whole command has to
// come to it.

import ArgumentParser
import Foundation
import Tallies
import Testing
import TestSupport

@testable import weir_collect

@Suite struct RuleTests {
  @Test(
    "every rule's capture is tallied as the rule says",
    arguments: Fixtures.cases(in: Fixtures.rules))
  func rule(name: String) throws {
    let rule = try FixtureCase(name, in: Fixtures.rules)
    try withTemporaryFolder { folder in
      let ledger = folder.appending(path: "ledger").path
      let arguments = rule.arguments(in: Fixtures.rules, ledger: ledger) + ["--quiet"]
      try ReadCommand.parse(arguments).read {}

      let contents = try LedgerContents(path: ledger)
      let about = Comment(rawValue: rule.about)
      let tallies = try #require(rule.tallies).map { tally in
        [
          "\(tally.hour)", "\(tally.ipVersion)", "\(tally.protocol)", "\(tally.port)",
          "\(tally.asn)", tally.country, "\(tally.flows)", "\(tally.flowsAnswered)",
          "\(tally.packetsOut)", "\(tally.packetsIn)", "\(tally.bytesOut)", "\(tally.bytesIn)",
        ]
      }
      #expect(contents.tallies == tallies, about)
      for (tally, largest) in zip(rule.tallies ?? [], contents.largestFlows) {
        #expect(tally.largestFlow ?? largest == largest, about)
        #expect(largest > 0)
      }
      #expect(contents.captures.count == rule.files.count, about)
      #expect(contents.sum("packets") == rule.packets, about)
      #expect(contents.sum("cut_off") == rule.truncated, about)
      #expect(contents.sum("unmarked_flows") == rule.unmarkedFlows, about)
      let leftOut = LeftOutReason.allCases.map { reason in
        (reason.rawValue, contents.sum("left_out_\(reason.rawValue)"))
      }
      #expect(
        Dictionary(uniqueKeysWithValues: leftOut).filter { $0.value > 0 } == rule.leftOut, about)
      let counted = contents.tallySum(8) + contents.tallySum(9)
      #expect(contents.sum("packets_counted") == counted, about)
      #expect(counted + leftOut.reduce(0) { $0 + $1.1 } == rule.packets, about)
    }
  }

  @Test("every capture among the rules belongs to a case")
  func noCaptureWithoutCase() throws {
    let names = Fixtures.cases(in: Fixtures.rules)
    let used = try names.flatMap { try FixtureCase($0, in: Fixtures.rules).files }
    let captures = Fixtures.files(in: Fixtures.rules).filter { !$0.hasSuffix(".json") }
    #expect(!captures.isEmpty)
    #expect(Set(used) == Set(captures))
  }
}
