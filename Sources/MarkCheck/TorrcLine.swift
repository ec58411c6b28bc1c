// The text of one torrc into its entries, as tor reads it ("THE CONFIGURATION FILE FORMAT" in tor(1)).
// Not what the entries mean, and not what they include.

public struct TorrcLine: Equatable, Sendable {
  public enum Command: Equatable, Sendable {
    case set
    /// "+Option": after what an earlier source has set.
    case append
    /// "/Option": away with it.
    case clear
  }

  public var command: Command
  /// As it is written, without the sign of its command.
  public var name: String
  public var value: String
  /// Where it begins; the first is 1.
  public var number: Int

  public init(command: Command = .set, name: String, value: String, number: Int = 1) {
    self.command = command
    self.name = name
    self.value = value
    self.number = number
  }

  public func isNamed(_ other: String) -> Bool { name.lowercased() == other.lowercased() }
}

public struct TorrcError: Error, Equatable, Sendable {
  public enum Reason: Equatable, Sendable {
    case badEscape, excessAfterQuote
    case tooDeep
    /// errno
    case unreadable(Int32)
  }

  public var reason: Reason
  /// Of the text that was given; empty where the text has no name.
  public var file: String
  public var line: Int

  public init(reason: Reason, file: String = "", line: Int) {
    self.reason = reason
    self.file = file
    self.line = line
  }

  public var explanation: String {
    switch reason {
    case .badEscape: "a quoted value has no end, or an escape that tor does not know"
    case .excessAfterQuote: "something follows a quoted value"
    case .tooDeep: "more than 31 files include each other"
    case .unreadable(let number): "can't be read: errno \(number)"
    }
  }
}

/// Any bytes have entries, or an error: tor refuses a text for its quotes alone.
public func torrcLines(_ text: [UInt8]) throws(TorrcError) -> [TorrcLine] {
  var scanner = TorrcScanner(text)
  var lines: [TorrcLine] = []
  while let line = try scanner.next() { lines.append(line) }
  return lines
}

/// Text that isn't UTF-8 keeps its meaning where it matters here: names and addresses are ASCII.
private func string(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

private struct TorrcScanner {
  private let text: [UInt8]
  /// The text ends at its first zero, as a string in C does.
  private let end: Int
  private var position = 0
  private var lineNumber = 1

  init(_ text: [UInt8]) {
    self.text = text
    end = text.firstIndex(of: 0) ?? text.count
  }

  mutating func next() throws(TorrcError) -> TorrcLine? {
    skipToEntry()
    guard position < end else { return nil }
    let number = lineNumber
    var name: [UInt8] = []
    while let byte = peek(), !isSpace(byte), byte != hash, !isContinuation {
      name.append(byte)
      advance()
    }
    skipBlanks()
    var value = peek() == quote ? try quoted() : plain()
    skipComment()
    var command = TorrcLine.Command.set
    switch name.first {
    case UInt8(ascii: "+"):
      command = .append
      name.removeFirst()
    case UInt8(ascii: "/"):
      command = .clear
      name.removeFirst()
      value = []
    default: break
    }
    return TorrcLine(command: command, name: string(name), value: string(value), number: number)
  }

  private mutating func skipToEntry() {
    while let byte = peek() {
      if isSpace(byte) {
        advance()
      } else if byte == hash {
        skipComment()
      } else {
        return
      }
    }
  }

  /// To the end of the line; with a backslash before it, the next line goes on. A line of comment
  /// among those lines does not end them.
  private mutating func plain() -> [UInt8] {
    var value: [UInt8] = []
    /// How much of the value is kept when blanks at the end go.
    var kept = 0
    var continues = false
    while let byte = peek(), byte != newline {
      if isContinuation {
        continues = true
        advance()
        advance()
      } else if byte == hash {
        guard continues else { break }
        skipComment()
        if peek() == newline { advance() }
      } else {
        value.append(byte)
        if !isSpace(byte) { kept = value.count }
        advance()
      }
    }
    return Array(value[..<kept])
  }

  private mutating func quoted() throws(TorrcError) -> [UInt8] {
    let number = lineNumber
    var value: [UInt8] = []
    advance()
    while true {
      guard let byte = peek(), byte != newline else {
        throw TorrcError(reason: .badEscape, line: number)
      }
      advance()
      if byte == quote { break }
      guard byte == backslash else {
        value.append(byte)
        continue
      }
      guard let escaped = escape() else { throw TorrcError(reason: .badEscape, line: number) }
      value.append(escaped)
    }
    skipBlanks()
    if peek() == carriageReturn { advance() }
    if let byte = peek(), byte != hash, byte != newline {
      throw TorrcError(reason: .excessAfterQuote, line: number)
    }
    return value
  }

  /// What follows a backslash: a letter, "x" and two hexadecimal digits, or up to three octal ones.
  private mutating func escape() -> UInt8? {
    guard let byte = peek() else { return nil }
    advance()
    switch byte {
    case UInt8(ascii: "n"): return newline
    case UInt8(ascii: "t"): return UInt8(ascii: "\t")
    case UInt8(ascii: "r"): return carriageReturn
    case quote, backslash, UInt8(ascii: "'"): return byte
    case UInt8(ascii: "x"):
      guard let high = digit(base: 16), let low = digit(base: 16) else { return nil }
      return UInt8(high << 4 | low)
    case UInt8(ascii: "0")...UInt8(ascii: "7"):
      var number = Int(byte - UInt8(ascii: "0"))
      for _ in 0..<2 {
        guard let next = digit(base: 8) else { break }
        number = number << 3 | next
      }
      return UInt8(exactly: number)
    default: return nil
    }
  }

  private mutating func digit(base: Int) -> Int? {
    guard let byte = peek() else { return nil }
    let character = Character(Unicode.Scalar(byte))
    guard let value = character.hexDigitValue, value < base else { return nil }
    advance()
    return value
  }

  private mutating func skipBlanks() {
    while let byte = peek(), byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { advance() }
  }

  /// Up to the end of the line, which stays.
  private mutating func skipComment() {
    guard peek() == hash else { return }
    while let byte = peek(), byte != newline { advance() }
  }

  private var isContinuation: Bool {
    peek() == backslash && position + 1 < end && text[position + 1] == newline
  }

  private func peek() -> UInt8? { position < end ? text[position] : nil }

  private mutating func advance() {
    if text[position] == newline { lineNumber += 1 }
    position += 1
  }
}

private var hash: UInt8 { UInt8(ascii: "#") }
private var quote: UInt8 { UInt8(ascii: "\"") }
private var backslash: UInt8 { UInt8(ascii: "\\") }
private var newline: UInt8 { UInt8(ascii: "\n") }
private var carriageReturn: UInt8 { UInt8(ascii: "\r") }

private func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || (9...13).contains(byte) }
