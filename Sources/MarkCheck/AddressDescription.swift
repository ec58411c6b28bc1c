// Addresses of this host for people to read: RFC 5952. The mark itself writes none.

public import MarkPolicy

extension Address: CustomStringConvertible {
  public var description: String {
    if isIPv4 {
      return [24, 16, 8, 0].map { "\(low >> UInt64($0) & 0xff)" }.joined(separator: ".")
    }
    let groups = (0..<8).map { (index: Int) -> UInt64 in
      (index < 4 ? high : low) >> UInt64(48 - 16 * (index % 4)) & 0xffff
    }
    // The longest run of two or more zeros, the first of them.
    var best = 0..<0
    var start = 0
    for index in 0...8 where index == 8 || groups[index] != 0 {
      if index - start > max(best.count, 1) { best = start..<index }
      start = index + 1
    }
    let text = { (part: ArraySlice<UInt64>) in
      part.map { String($0, radix: 16) }.joined(separator: ":")
    }
    guard !best.isEmpty else { return text(groups[...]) }
    return "\(text(groups[..<best.lowerBound]))::\(text(groups[best.upperBound...]))"
  }
}
