// Any sequence of packets between few hosts, in any order of time, through the meter: flows begin,
// end, begin anew, change their hour, find the table full.
//
// Each packet is four bytes: who, flags, and how far the time moves. Beyond not crashing: packets
// counted one by one and together come to the same; every packet is either counted or left out for a
// reason; the tallies, taken at any time, hold exactly those that were counted.

import Flows
import Packets
import Tallies

@c(LLVMFuzzerTestOneInput)
public func fuzzFlows(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = unsafe UnsafeBufferPointer(start: start, count: count)
  guard let size = unsafe input.first else { return 0 }
  var configuration = MeterConfiguration(exitAddresses: Exit.addresses)
  configuration.maximumFlows = 1 + Int(size & 15)
  if size & 0x80 != 0 { configuration.selection = .every }
  var oneByOne = Meter(configuration, resolve: network)
  var together = Meter(configuration, resolve: network)
  var sums: (TallyMap, TallyMap) = ([:], [:])
  let decoder = PacketDecoder(linkType: .rawIP)
  var frame = FuzzedFrame()
  var seconds: Int64 = 1_767_225_600
  for begin in stride(from: 1, to: input.count - 3, by: 4) {
    let (who, what, step) = unsafe (
      input[begin], input[begin + 1], Int16(input[begin + 2]) << 8 | Int16(input[begin + 3])
    )
    if what == 0xff {
      add(oneByOne.takeTallies(), to: &sums.0)
      add(together.takeFinishedTallies(), to: &sums.1)
      continue
    }
    // Mostly steps of seconds, in either direction; now and then of many minutes.
    seconds += Int64(step) >> (what & 0x40 == 0 ? 9 : 2)
    frame.set(who: who, what: what)
    let stamp = Stamp(seconds: seconds, nanoseconds: Int64(who) << 20)
    oneByOne.count(frame.bytes.span, wireLength: 60, stamp: stamp, decoder: decoder)
    together.countTogether(frame.bytes.span, wireLength: 60, stamp: stamp, decoder: decoder)
  }
  oneByOne.endAllFlows()
  together.endAllFlows()
  add(oneByOne.takeTallies(), to: &sums.0)
  add(together.takeTallies(), to: &sums.1)
  let record = oneByOne.exchangeRecord(CaptureRecord())
  precondition(sums.0 == sums.1, "the tallies depend on when they are taken, or how packets wait")
  precondition(
    record == together.exchangeRecord(CaptureRecord()), "the account depends on how packets wait")
  let tallied = sums.0.values.reduce(0) { $0 + $1.packets }
  precondition(record.packets == record.packetsCounted + record.leftOut.total, "packets are lost")
  precondition(tallied == record.packetsCounted, "tallies don't hold what was counted")
  return 0
}

private enum Exit {
  static let addresses: [AddressRange] = ["192.0.2.0/31"].compactMap { try? AddressRange($0) }
}

private func network(_ address: Address, _: IPVersion) -> Network {
  Network(asn: UInt32(address.low & 0xff), country: .unknown)
}

private func add(_ tallies: TallyMap, to sum: inout TallyMap) {
  for (key, counters) in tallies { sum[key, default: TallyCounters()] += counters }
}

/// An IPv4 packet between 192.0.2.0 to .2, of which two are exit addresses, and 198.51.100.0 to .7.
private struct FuzzedFrame {
  var bytes: [UInt8] =
    [0x45, 0, 0, 60, 0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, 0, 198, 51, 100, 0]
    + [0x9c, 0x40, 1, 187, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0, 0, 0, 0, 0, 0, 0]

  mutating func set(who: UInt8, what: UInt8) {
    // Byte by byte: arrays would be most of what a fuzzer's time goes to.
    let isInbound = what & 0x08 != 0
    let (exit, remote) = isInbound ? (16, 12) : (12, 16)
    (bytes[exit], bytes[exit + 1], bytes[exit + 2]) = (192, 0, 2)
    bytes[exit + 3] = min(who & 3, 2)
    (bytes[remote], bytes[remote + 1], bytes[remote + 2]) = (198, 51, 100)
    bytes[remote + 3] = who >> 2 & 7
    let (exitPort, servicePort) = isInbound ? (22, 20) : (20, 22)
    (bytes[exitPort], bytes[exitPort + 1]) = (0x9c, 0x40 | who >> 5)
    (bytes[servicePort], bytes[servicePort + 1]) = (1, 187)
    bytes[1] = what & 0x10 == 0 ? 0 : 7 << 2
    bytes[9] = what & 0x20 == 0 ? 6 : 17
    bytes[33] = what & 0x07
  }
}
