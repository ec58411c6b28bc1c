// An exit address as it is given: in an option or in a file.

import Packets

/// Why a text is no exit address.
struct NoExitAddress: Error {
  let reason: String
}

func exitRange(_ text: String) throws(NoExitAddress) -> AddressRange {
  let range: AddressRange
  do throws(AddressRange.ParseFailure) {
    range = try AddressRange(text)
  } catch {
    let reason =
      switch error {
      case .notAnAddress: "not an IPv4 or IPv6 address (a prefix is written 192.0.2.0/28)"
      case .badPrefixLength(let limit): "the prefix length must be 1 to \(limit)"
      case .hostBitsSet:
        "bits are set beyond the prefix length: clear them, or give the length that is meant"
      }
    throw NoExitAddress(reason: "\(text): \(reason)")
  }
  if range.prefixLength == 0 {
    throw NoExitAddress(
      reason: "\(text): not every address there is can be an exit address: name those that exit"
        + " connections come from")
  }
  return range
}
