// Numbers for people to read.

import Tallies
import Testing

@Suite struct NumberTests {
  @Test(
    "thousands are grouped",
    arguments: [
      (0, "0"), (9, "9"), (999, "999"), (1000, "1,000"), (12_345, "12,345"), (123_456, "123,456"),
      (1_000_000, "1,000,000"), (.max, "18,446,744,073,709,551,615"),
    ] as [(UInt64, String)])
  func thousands(number: UInt64, text: String) {
    #expect(grouped(number) == text)
  }

  @Test(
    "bytes have three significant digits in IEC units",
    arguments: [
      (0, "0 B"), (1, "1 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (1025, "1.00 KiB"),
      (1536, "1.50 KiB"), (10_239, "10.0 KiB"), (10_240, "10.0 KiB"), (15_770, "15.4 KiB"),
      (102_400, "100 KiB"), (1_048_576, "1.00 MiB"), (1_256_277_934, "1.17 GiB"),
      (1 << 40, "1.00 TiB"), (1 << 50, "1.00 PiB"), (1 << 60, "1.00 EiB"), (.max, "16.0 EiB"),
      (1_034_240, "1010 KiB"), (1_048_575, "1.00 MiB"), (102_399, "100 KiB"), (102_348, "99.9 KiB"),
    ] as [(UInt64, String)])
  func bytes(count: UInt64, text: String) {
    #expect(iecBytes(count) == text)
  }
}
