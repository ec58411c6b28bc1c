// What weir-mark check reads of others: a torrc, the kernel's list of sockets, a process's maps, a status
// file. The first byte chooses.
//
// Beyond not crashing: a torrc with a line feed at its end has the entries that it had without, and no
// more sockets come out of a datagram than it has room for.

import MarkCheck

@c(LLVMFuzzerTestOneInput)
public func fuzzMarkCheck(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let choice = input.first else { return 0 }
  let rest = Array(input[1...])
  switch choice % 4 {
  case 0:
    guard let lines = try? torrcLines(rest) else { break }
    let configuration = TorConfiguration([lines])
    _ = configuration.findings(nil)
    // A backslash at the very end would make the line feed its own.
    if !rest.contains(0), rest.last != UInt8(ascii: "\\") {
      precondition((try? torrcLines(rest + [10])) == lines, "a line feed at the end changes it")
    }
  case 1:
    var records: [SocketRecord] = []
    _ = readSockets(rest.span, into: &records)
    precondition(records.count <= rest.count / 88, "more sockets than there is room for")
  case 2: _ = MappedLibrary(maps: String(decoding: rest, as: UTF8.self))
  default: _ = Counters(rest)?.findings
  }
  return 0
}
