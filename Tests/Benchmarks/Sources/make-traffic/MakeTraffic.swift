// `make-traffic`: a capture of invented exit traffic of any size, and the truth about it.

import Glibc

struct Options {
  var capture: String?
  var truth: String?
  var databases: String?
  var packets = 10_000_000
  var alive = 20_000
  var rate = 100_000
  var seed = 1
  var snapLength = 96

  static let usage = """
    usage: make-traffic [--capture FILE [--truth FILE]] [--databases FOLDER] [OPTION…]

    Writes a capture of invented exit traffic, the same for the same options: conversations with a heavy
    tail, replies, 15 % IPv6, flows that are marked from the start, late or never, and frames that are wrong
    in every way. It crosses a full hour after half a minute. Count it with
      --exit-address 192.0.2.10 --exit-address 2001:db8:ffff::10

      --capture FILE      the capture to write (classic pcap, Ethernet)
      --truth FILE        what there is to be found in it, for Tests/Truth/compare
      --databases FOLDER  write asn.mmdb and country.mmdb of 300,000 networks there
      --packets N         default: 10000000
      --alive N           conversations that are going on at any moment (default: 20000)
      --rate N            packets per second of the capture's time (default: 100000)
      --seed N            default: 1
      --snap-length N     bytes kept of a frame, 74 to 200 (default: 96)

    """

  init(_ arguments: ArraySlice<String>) throws(OutputFailure) {
    var arguments = arguments
    while let name = arguments.popFirst() {
      guard let value = arguments.popFirst() else { throw .init(description: "\(name): no value") }
      switch name {
      case "--capture": capture = value
      case "--truth": truth = value
      case "--databases": databases = value
      case "--packets": packets = try Self.number(name, value, 1...1_000_000_000)
      case "--alive": alive = try Self.number(name, value, 1...10_000_000)
      case "--rate": rate = try Self.number(name, value, 1...100_000_000)
      case "--seed": seed = try Self.number(name, value, 0...Int(Int32.max))
      case "--snap-length": snapLength = try Self.number(name, value, 74...200)
      default: throw .init(description: "unknown option \(name)")
      }
    }
    guard capture != nil || databases != nil, truth == nil || capture != nil else {
      throw .init(description: "nothing to write: give --capture or --databases")
    }
  }

  private static func number(
    _ name: String, _ text: String, _ range: ClosedRange<Int>
  ) throws(OutputFailure) -> Int {
    guard let number = Int(text), range.contains(number) else {
      throw .init(description: "\(name) takes \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }
}

@main
enum MakeTraffic {
  /// 2026-01-01T00:59:30Z, in microseconds.
  private static let start: Int64 = (1_767_225_600 + 3570) * 1_000_000

  /// In 1000 frames.
  private static let garbage = 20

  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    if arguments == ["--help"] {
      print(Options.usage, terminator: "")
      return
    }
    do throws(OutputFailure) {
      let options = try Options(arguments)
      if let folder = options.databases { try writeDatabases(folder: folder) }
      if let capture = options.capture { try writeCapture(capture, options) }
    } catch {
      print("make-traffic: \(error)")
      exit(64)
    }
  }

  private static func writeCapture(_ path: String, _ options: Options) throws(OutputFailure) {
    var random = Random(seed: UInt64(options.seed))
    var truth = Truth()
    let output = try Output(path: path)
    var frames = try FrameWriter(output: output, snapLength: options.snapLength)
    var begun = 0
    func begin() -> Conversation {
      begun += 1
      return Conversation(number: begun - 1, random: &random)
    }
    var conversations: [Conversation] = []
    conversations.reserveCapacity(options.alive)
    for _ in 0..<options.alive { conversations.append(begin()) }
    var position = 0
    for number in 0..<options.packets {
      let time = start + Int64(number) * 1_000_000 / Int64(options.rate)
      // Trains of packets of one conversation, and some that send more than others.
      if random.below(100) >= 35 {
        let fraction = random.fraction()
        position = Int(fraction * fraction * Double(options.alive))
      }
      if random.below(1000) < garbage {
        let reason = try frames.writeGarbage(
          kind: random.below(FrameWriter.kindsOfGarbage), of: conversations[position], at: time)
        truth.leaveOut(reason)
        continue
      }
      let packet = conversations[position].next(random: &random)
      try frames.write(packet, of: conversations[position], at: time)
      truth.count(packet, of: &conversations[position], at: time)
      if conversations[position].remaining == 0 {
        truth.end(&conversations[position])
        conversations[position] = begin()
      }
    }
    try output.flush()
    for position in conversations.indices { truth.end(&conversations[position]) }
    if let path = options.truth { try truth.write(to: try Output(path: path)) }
    print("\(path): \(truth.summary)")
  }
}
