// One line of text in place, so that it can be written where nothing may allocate.

public struct MessageLine: Sendable {
  public static let capacity = 320

  private var storage = InlineArray<320, UInt8>(repeating: 0)
  public private(set) var count = 0

  public init() {}

  public var bytes: InlineArray<320, UInt8> { storage }

  public mutating func append(_ text: StaticString) {
    // A static string's bytes last as long as the program, and the index stays below their count.
    for index in 0..<text.utf8CodeUnitCount { unsafe append(text.utf8Start[index]) }
  }

  /// Text of somebody else: at most 80 bytes of it, and none that a terminal would obey.
  public mutating func append(foreign text: Span<UInt8>) {
    for index in 0..<min(text.count, 80) {
      append((0x20...0x7e).contains(text[index]) ? text[index] : UInt8(ascii: "?"))
    }
    if text.count > 80 { append("...") }
  }

  public mutating func append(_ number: Int32) {
    if number < 0 { append(UInt8(ascii: "-")) }
    let magnitude = number.magnitude
    var divisor: UInt32 = 1
    while magnitude / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
      append(UInt8(ascii: "0") + UInt8(magnitude / divisor % 10))
      divisor /= 10
    }
  }

  /// What does not fit is cut off; the end of the line always fits.
  public mutating func end() {
    storage[count] = UInt8(ascii: "\n")
    count += 1
  }

  private mutating func append(_ byte: UInt8) {
    guard count < Self.capacity - 1 else { return }
    storage[count] = byte
    count += 1
  }
}

extension MessageLine {
  /// What is wrong: "NAME=value: reason", or "NAME: reason" where the variable is not there.
  public mutating func append(_ problem: SettingsProblem, entry: Span<UInt8>?) {
    if let entry {
      append(foreign: entry)
    } else if let setting = problem.setting {
      append(setting.name)
    }
    append(": ")
    append(problem.explanation)
  }
}
