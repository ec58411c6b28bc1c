// The values that are counted in.

import Tallies
import Testing

@Suite struct TallyTests {
  @Test("a country code is two ASCII letters, whatever their case, and nothing else is")
  func countryCode() {
    var wrong = 0
    for first in UInt8.min...UInt8.max {
      for second in UInt8.min...UInt8.max {
        let isCode = [first, second].allSatisfy {
          (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
        }
        let code = CountryCode([first, second])
        let text = String(decoding: [first, second], as: UTF8.self)
        if (code != nil) != isCode || (isCode && code?.description != text.uppercased()) {
          wrong += 1
        }
      }
    }
    #expect(wrong == 0)
  }

  @Test(
    "too few and too many letters are no code",
    arguments: ["", "D", "DEU", "DE ", "Germany", "ÄÖ", "é"])
  func notACode(text: String) {
    #expect(CountryCode(text) == nil)
  }

  @Test("the unknown country is ZZ")
  func unknown() {
    #expect(CountryCode("zz") == .unknown)
    #expect(CountryCode.unknown.description == "ZZ")
    #expect(Network.unknown == Network(asn: 0, country: .unknown))
  }

  @Test("counters are added column by column, but for the largest flow")
  func addition() {
    var sum = TallyCounters()
    var counters = TallyCounters()
    counters.flows = 1
    counters.flowsAnswered = 2
    counters.packetsOut = 3
    counters.packetsIn = 5
    counters.bytesOut = 7
    counters.bytesIn = 11
    counters.largestFlow = 13
    sum += counters
    #expect(sum == counters)
    sum += counters
    #expect([sum.flows, sum.flowsAnswered] == [2, 4])
    #expect([sum.packetsOut, sum.packetsIn, sum.packets] == [6, 10, 16])
    #expect([sum.bytesOut, sum.bytesIn, sum.bytes] == [14, 22, 36])
    #expect(sum.largestFlow == 13)
    counters.largestFlow = 12
    sum += counters
    #expect(sum.largestFlow == 13)
    counters.largestFlow = 14
    sum += counters
    #expect(sum.largestFlow == 14)
  }
}
