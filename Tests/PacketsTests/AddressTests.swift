// An address must not get into a log by accident.

import Packets
import Testing

@Suite struct AddressTests {
  @Test("neither printing nor dumping an address, alone or in a header, shows any of it")
  func silent() {
    let address = Address(high: 0x2001_0db8_dead_beef, low: 0xfeed_face_cafe_f00d)
    var dumped = ""
    dump(address, to: &dumped)
    for text in ["\(address)", String(reflecting: address), dumped, "\([address])"] {
      for digits in [String(address.high), String(address.low)] {
        #expect(!text.contains(digits))
      }
    }
  }
}
