// `measure-flows N…`: what N flows that are alive cost: memory of each, and the time of a flush.
//
// Every flow gets two packets. The flush is `Meter.takeTallies`, as the running collector calls it every
// ten seconds: once when every flow has something to tell, once when one in a hundred has.

import Flows
import Glibc
import Packets
import Tallies

@main
enum MeasureFlows {
  static func main() {
    let counts = CommandLine.arguments.dropFirst().compactMap { Int($0) }
    guard !counts.isEmpty, counts.allSatisfy({ (1...16_000_000).contains($0) }) else {
      print("usage: measure-flows N… (flows, up to 16 million)")
      exit(64)
    }
    print("| flows | bytes per flow | ns per packet | flush, all changed, ms | flush, 1 %, ms |")
    print("|---|---|---|---|---|")
    for count in counts { measure(count) }
  }

  private static func measure(_ flows: Int) {
    guard let exit = try? AddressRange("10.0.0.1") else { return }
    var configuration = MeterConfiguration(exitAddresses: [exit])
    configuration.maximumFlows = flows + flows / 2
    let before = residentBytes()
    var meter = Meter(configuration) { address, _ in
      Network(asn: UInt32(address.low & 0x3ff), country: .unknown)
    }
    let packets = seconds {
      for flow in 0..<flows { send(flow, to: &meter, at: 1) }
      for flow in 0..<flows { send(flow, to: &meter, at: 2) }
      meter.countWaiting()
    }
    let perFlow = Double(residentBytes() - before) / Double(flows)
    var tallies: TallyMap = [:]
    let flush = seconds { tallies = meter.takeTallies() }
    for flow in stride(from: 0, to: flows, by: 100) { send(flow, to: &meter, at: 3) }
    let smallFlush = seconds { tallies = meter.takeTallies() }
    precondition(tallies.values.reduce(0) { $0 + $1.packets } == UInt64((flows + 99) / 100))
    let figures = [
      perFlow, packets / Double(flows * 2) * 1e9, flush * 1e3, smallFlush * 1e3,
    ]
    let texts = figures.map { String(Double(Int($0 * 10)) / 10) }
    print("| \(flows) | \(texts.joined(separator: " | ")) |")
  }

  private static func send(_ flow: Int, to meter: inout Meter, at second: Int64) {
    // An order that has nothing to do with that of the flows' places.
    let number = UInt32(truncatingIfNeeded: flow) &* 2_654_435_761
    var frame: [40 of UInt8] = [
      0x45, 7 << 2, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 0, 0, 0, 0,
      0x9c, 0x40, 1, 187, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x10, 0, 0, 0, 0, 0, 0,
    ]
    for byte in 0..<4 {
      frame[16 + byte] = UInt8(truncatingIfNeeded: number >> UInt32(24 - 8 * byte))
    }
    meter.countTogether(
      frame.span, wireLength: 40, stamp: Stamp(nanoseconds: second * 1_000_000_000),
      decoder: PacketDecoder(linkType: .rawIP))
  }

  private static func seconds(_ work: () -> Void) -> Double {
    let clock = ContinuousClock()
    let duration = clock.measure(work)
    return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  }

  private static func residentBytes() -> Int {
    guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
    defer { unsafe fclose(file) }
    var line = [CChar](repeating: 0, count: 200)
    guard unsafe fgets(&line, 200, file) != nil else { return 0 }
    let fields = String(decoding: line.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
      separator: " ")
    return (Int(fields[1]) ?? 0) * 4096
  }
}
