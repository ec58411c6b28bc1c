// Messages made in place.

import MarkPolicy
import Testing

@Suite struct MessageLineTests {
  @Test("a problem is told with the variable as it is")
  func problem() {
    let problem = SettingsProblem(reason: .badDSCP, setting: .dscp, entry: 3)
    var line = MessageLine()
    line.append(problem, entry: Array("WEIR_MARK_DSCP=64".utf8).span)
    #expect(text(line) == "WEIR_MARK_DSCP=64: takes a number from 0 to 63")
  }

  @Test("a missing variable is told by its name")
  func missing() {
    let problem = SettingsProblem(reason: .missingMode, setting: .mode, entry: nil)
    var line = MessageLine()
    line.append(problem, entry: nil)
    line.end()
    #expect(text(line) == "WEIR_MARK_MODE: is not set: it takes 'bind' or 'sentinel'\n")
  }

  @Test("foreign text is cut off, and moves no terminal")
  func foreign() {
    var line = MessageLine()
    line.append(foreign: Array("a\u{1b}[2Jé\n".utf8).span)
    #expect(text(line) == "a?[2J???")
    line = MessageLine()
    line.append(foreign: [UInt8](repeating: 0x78, count: 200).span)
    #expect(text(line) == String(repeating: "x", count: 80) + "...")
  }

  @Test("a line that is too long still ends")
  func tooLong() {
    var line = MessageLine()
    for _ in 0..<200 { line.append("abc") }
    line.end()
    #expect(line.count == MessageLine.capacity)
    #expect(text(line).hasSuffix("\n"))
  }

  @Test(
    "numbers are written in decimal", arguments: [0, 7, 10, 99, 1000, -1, Int32.max, Int32.min])
  func numbers(number: Int32) {
    var line = MessageLine()
    line.append(number)
    #expect(text(line) == "\(number)")
  }
}
