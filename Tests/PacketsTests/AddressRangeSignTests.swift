// Addresses that look right at their beginning.

import Packets
import Testing

@Suite struct AddressRangeSignTests {
  @Test("a prefix length is digits, without a sign", arguments: ["0.0.0.0/-0", "::/-0"])
  func sign(text: String) {
    #expect(throws: AddressRange.ParseFailure.self) { try AddressRange(text) }
  }

  @Test("text after a null character is no part of an address that may be ignored")
  func nullCharacter() {
    #expect(throws: AddressRange.ParseFailure.self) { try AddressRange("192.0.2.10\0.example") }
  }
}
