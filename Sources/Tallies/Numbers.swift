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

/// In IEC units with three significant digits: `1.17 GiB` (IEC 80000-13).
public func iecBytes(_ count: UInt64) -> String {
  let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
  var unit = 0
  var divisor: UInt64 = 1
  while unit < units.count - 1, count / divisor >= 1024 {
    divisor *= 1024
    unit += 1
  }
  if unit == 0 { return "\(count) B" }
  let whole = count / divisor
  let decimals = whole >= 100 ? 0 : whole >= 10 ? 1 : 2
  let scale: UInt64 = [1, 10, 100][decimals]
  let fraction = UInt64((Double(count % divisor) / Double(divisor) * Double(scale)).rounded())
  let total = whole * scale + fraction
  if decimals == 0 { return "\(total) \(units[unit])" }
  let tail = String(total % scale)
  return "\(total / scale).\(String(repeating: "0", count: decimals - tail.count))\(tail)"
    + " \(units[unit])"
}
