// Numbers for people to read. Data files have plain digits.

/// With a comma between thousands.
public func grouped(_ number: UInt64) -> String {
  var text = ""
  for (position, digit) in String(number).reversed().enumerated() {
    if position > 0, position % 3 == 0 { text.append(",") }
    text.append(digit)
  }
  return String(text.reversed())
}

/// A number of things: `1 flow`, `1,013 flows`.
public func counted(_ number: UInt64, _ noun: String, plural: String? = nil) -> String {
  "\(grouped(number)) \(number == 1 ? noun : plural ?? noun + "s")"
}

/// In IEC units with three significant digits: `1.17 GiB` (IEC 80000-13).
public func iecBytes(_ count: UInt64) -> String {
  if count < 1024 { return "\(count) B" }
  var size = Double(count) / 1024
  for unit in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] {
    let decimals = size < 9.995 ? 2 : size < 99.95 ? 1 : 0
    let scale = [1.0, 10, 100][decimals]
    let scaled = UInt64((size * scale).rounded())
    // What rounds up to 1024 is one of the next unit; there is none beyond the last.
    if scaled < 1024 || decimals > 0 {
      if decimals == 0 { return "\(scaled) \(unit)" }
      let tail = String(scaled % UInt64(scale))
      return "\(scaled / UInt64(scale))."
        + "\(String(repeating: "0", count: decimals - tail.count))\(tail) \(unit)"
    }
    size /= 1024
  }
  return "\(count) B"
}
