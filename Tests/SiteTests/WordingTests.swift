// Shares and durations never claim more than is true.

import Testing

@testable import Site

@Suite struct WordingTests {
  @Test(
    "A share has one decimal, and only the whole is 100%",
    arguments: [
      (0, 100, "0.0%"), (1, 100_000, "<0.1%"), (1, 1000, "0.1%"), (1, 3, "33.3%"), (2, 3, "66.7%"),
      (99_999, 100_000, "99.9%"), (100, 100, "100.0%"), (0, 0, "0.0%"),
      (UInt64.max - 1, UInt64.max, "99.9%"), (UInt64.max, UInt64.max, "100.0%"),
      (UInt64.max / 2, UInt64.max, "50.0%"),
    ] as [(UInt64, UInt64, String)])
  func share(_ part: UInt64, _ whole: UInt64, _ expected: String) {
    #expect(percentage(part, of: whole) == expected)
  }

  @Test(
    "A bar is as long as its share, to the nearest percent",
    arguments: [(0, 7, 0), (1, 200, 1), (1, 201, 0), (7, 7, 100), (UInt64.max, UInt64.max, 100)]
      as [(UInt64, UInt64, UInt64)])
  func bar(_ part: UInt64, _ whole: UInt64, _ expected: UInt64) {
    #expect(wholePercentage(part, of: whole) == expected)
  }

  @Test(
    "A duration is in its two largest units",
    arguments: [
      (0, "0 seconds"), (1, "1 second"), (61, "1 minute 1 second"), (3600, "1 hour"),
      (86_400 * 31, "31 days"), (86_400 * 2 + 3600 * 3 + 59, "2 days 3 hours"),
    ] as [(Int64, String)])
  func durations(_ seconds: Int64, _ expected: String) {
    #expect(duration(seconds) == expected)
  }

  @Test("CSV fields are quoted after RFC 4180, and read back as they were")
  func csvRoundTrip() throws {
    let fields = ["plain", "a,b", "say \"so\"", "two\r\nlines", "", " space", "semi;colon"]
    var csv = CSVWriter(header: ["a", "b", "c", "d", "e", "f", "g"])
    csv.append(fields)
    #expect(
      csv.text.hasSuffix(
        "plain,\"a,b\",\"say \"\"so\"\"\",\"two\r\nlines\",,\" space\",\"semi;colon\"\r\n"))
    #expect(try parseCSV(csv.text).last?.fields == fields)
  }
}
