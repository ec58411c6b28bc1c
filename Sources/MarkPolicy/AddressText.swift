// Addresses as people write them: RFC 4291 section 2.2, and dotted quads as inet_pton(3) takes them.

extension Address {
  /// - Parameter text: the address alone; an IPv6 address may stand in brackets, as torrc has it.
  public init?(_ text: Span<UInt8>) {
    if text.count >= 2, text[0] == UInt8(ascii: "["), text[text.count - 1] == UInt8(ascii: "]") {
      self.init(ipv6: text.extracting(1..<(text.count - 1)))
    } else if let ipv4 = dottedQuad(text) {
      self.init(ipv4: ipv4)
    } else {
      self.init(ipv6: text)
    }
  }

  private init?(ipv6 text: Span<UInt8>) {
    var groups = InlineArray<8, UInt16>(repeating: 0)
    var count = 0
    /// Where '::' stands, as an index of a group.
    var gap: Int?
    var position = 0
    if text.count >= 2, text[0] == colon, text[1] == colon {
      gap = 0
      position = 2
    }
    while position < text.count {
      guard count < 8 else { return nil }
      var end = position
      while end < text.count, text[end] != colon { end += 1 }
      if end == text.count, count <= 6, let ipv4 = dottedQuad(text.extracting(position..<end)) {
        groups[count] = UInt16(ipv4 >> 16)
        groups[count + 1] = UInt16(truncatingIfNeeded: ipv4)
        count += 2
        break
      }
      guard let group = hexadecimal(text.extracting(position..<end)) else { return nil }
      groups[count] = group
      count += 1
      position = end + 1
      if end == text.count { break }
      // A colon was here: a group must follow, or a second colon.
      guard position < text.count else { return nil }
      if text[position] == colon {
        guard gap == nil else { return nil }
        gap = count
        position += 1
      }
    }
    if let gap {
      guard count < 8 else { return nil }
      let shift = 8 - count
      var index = count
      while index > gap {
        index -= 1
        groups[index + shift] = groups[index]
      }
      for index in gap..<(gap + shift) { groups[index] = 0 }
    } else if count != 8 {
      return nil
    }
    var high: UInt64 = 0
    var low: UInt64 = 0
    for index in 0..<4 {
      high = high << 16 | UInt64(groups[index])
      low = low << 16 | UInt64(groups[index + 4])
    }
    self.init(high: high, low: low)
  }
}

private var colon: UInt8 { UInt8(ascii: ":") }

/// One to four hexadecimal digits.
private func hexadecimal(_ text: Span<UInt8>) -> UInt16? {
  guard (1...4).contains(text.count) else { return nil }
  var value: UInt16 = 0
  for index in 0..<text.count {
    let digit: UInt8
    switch text[index] {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = text[index] - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = text[index] - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = text[index] - UInt8(ascii: "A") + 10
    default: return nil
    }
    value = value << 4 | UInt16(digit)
  }
  return value
}

/// Four decimal numbers. No leading zeros, which some programs read as octal.
private func dottedQuad(_ text: Span<UInt8>) -> UInt32? {
  var address: UInt32 = 0
  var start = 0
  for part in 0..<4 {
    var end = start
    while end < text.count, text[end] != UInt8(ascii: ".") { end += 1 }
    guard end > start, end - start == 1 || text[start] != UInt8(ascii: "0"),
      let value = decimal(text.extracting(start..<end)), value <= 255
    else { return nil }
    address = address << 8 | UInt32(value)
    guard (end == text.count) == (part == 3) else { return nil }
    start = end + 1
  }
  return address
}

/// One to five decimal digits.
func decimal(_ text: Span<UInt8>) -> Int? {
  guard (1...5).contains(text.count) else { return nil }
  var value = 0
  for index in 0..<text.count {
    guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[index]) else { return nil }
    value = value * 10 + Int(text[index] - UInt8(ascii: "0"))
  }
  return value
}
