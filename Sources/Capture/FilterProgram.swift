// Classic BPF (S. McCanne, V. Jacobson: "The BSD Packet Filter", 1993), as the kernel runs it on a
// packet socket: an instruction, and an assembler whose jumps go to labels.
//
// Conditional jumps of classic BPF reach 255 instructions. Here each only skips an unconditional one,
// which reaches any; the kernel's compiler makes one jump of both.

/// One instruction, laid out as `struct bpf_insn` and `struct sock_filter` are.
struct FilterInstruction: Equatable, Sendable {
  var code: UInt16
  var jumpTrue: UInt8 = 0
  var jumpFalse: UInt8 = 0
  var operand: UInt32 = 0
}

struct FilterAssembler {
  /// A place in the program, given by ``label()`` and settled by ``place(_:)``.
  struct Label: Hashable {
    fileprivate let number: Int
  }

  enum Width: UInt16 {
    case word = 0x00
    case half = 0x08
    case byte = 0x10
  }

  enum Condition: UInt16 {
    case equal = 0x10
    case greater = 0x20
    case greaterOrEqual = 0x30
  }

  enum Operation: UInt16 {
    case add = 0x00
    case subtract = 0x10
    case multiply = 0x20
    case and = 0x50
    case shiftLeft = 0x60
    case shiftRight = 0x70
    case exclusiveOr = 0xa0
  }

  private var instructions: [FilterInstruction] = []
  private var places: [Label: Int] = [:]
  private var jumps: [(from: Int, to: Label)] = []
  private var labels = 0

  mutating func label() -> Label {
    labels += 1
    return Label(number: labels)
  }

  mutating func place(_ label: Label) { places[label] = instructions.count }

  // MARK: Into the accumulator

  mutating func load(_ width: Width, at offset: Int) { emit(0x20 | width.rawValue, offset) }
  mutating func load(_ width: Width, atIndexPlus offset: Int) {
    emit(0x40 | width.rawValue, offset)
  }
  /// From the network header on, wherever the packet begins for the program (`SKF_NET_OFF`).
  mutating func load(_ width: Width, atNetworkPlus offset: Int) {
    instructions.append(
      FilterInstruction(
        code: 0x20 | width.rawValue, operand: 0xfff0_0000 + UInt32(offset)))
  }
  /// The protocol that the link layer announces (`SKF_AD_PROTOCOL`).
  mutating func loadProtocol() {
    instructions.append(FilterInstruction(code: 0x20, operand: 0xffff_f000))
  }
  mutating func loadLength() { emit(0x80) }
  mutating func load(memory slot: Int) { emit(0x60, slot) }
  mutating func loadIndex() { emit(0x87) }

  // MARK: From the accumulator

  mutating func store(memory slot: Int) { emit(0x02, slot) }
  mutating func storeIndex(memory slot: Int) { emit(0x03, slot) }
  mutating func setIndex() { emit(0x07) }
  mutating func setIndex(to number: Int) { emit(0x01, number) }
  mutating func setIndex(memory slot: Int) { emit(0x61, slot) }
  mutating func calculate(_ operation: Operation, _ number: UInt32) {
    instructions.append(FilterInstruction(code: 0x04 | operation.rawValue, operand: number))
  }
  mutating func calculateWithIndex(_ operation: Operation) { emit(0x0c | operation.rawValue) }

  // MARK: Elsewhere

  mutating func jump(to label: Label) {
    jumps.append((instructions.count, label))
    emit(0x05)
  }

  mutating func jump(to label: Label, if condition: Condition, _ number: UInt32) {
    instructions.append(
      FilterInstruction(code: 0x05 | condition.rawValue, jumpFalse: 1, operand: number))
    jump(to: label)
  }

  mutating func jump(to label: Label, unless condition: Condition, _ number: UInt32) {
    instructions.append(
      FilterInstruction(code: 0x05 | condition.rawValue, jumpTrue: 1, operand: number))
    jump(to: label)
  }

  mutating func jump(to label: Label, unlessIndex condition: Condition) {
    instructions.append(FilterInstruction(code: 0x0d | condition.rawValue, jumpTrue: 1))
    jump(to: label)
  }

  /// Ends with this many bytes of the packet kept; 0 drops it.
  mutating func keep(_ length: Int) { emit(0x06, length) }
  mutating func keepAccumulator() { emit(0x16) }

  private mutating func emit(_ code: UInt16, _ operand: Int = 0) {
    instructions.append(FilterInstruction(code: code, operand: UInt32(operand)))
  }

  /// The program with every jump resolved. Jumps go forward, as the kernel demands.
  func assemble() -> [FilterInstruction] {
    var program = instructions
    for (from, label) in jumps {
      guard let place = places[label], place > from else {
        preconditionFailure("a jump that goes back or nowhere")
      }
      program[from].operand = UInt32(place - from - 1)
    }
    return program
  }
}
