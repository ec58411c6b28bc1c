// A whole capture file, through libpcap, the decoder and the meter, as `weir-collect read` does it.
//
// Beyond not crashing: every packet is either counted or left out for a reason, and the tallies hold
// exactly the packets that were counted.

import Capture
import Flows
import Glibc
import Packets
import Tallies

@c(LLVMFuzzerTestOneInput)
public func fuzzCaptures(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe InputFile.fill(start, count)
  var configuration = MeterConfiguration(exitAddresses: Everything.exitAddresses)
  configuration.maximumFlows = 16
  var meter = Meter(configuration) { _, _ in .unknown }
  do {
    let captures = try CaptureMerge(paths: [InputFile.path], knownSizes: [24, 100])
    try captures.forEachPacket { _ in
    } _: { frame, wireLength, stamp, decoder, _ in
      meter.count(frame, wireLength: wireLength, stamp: stamp, decoder: decoder)
    }
  } catch {
    // A file that is no capture, or a damaged one: what was read until then must add up all the same.
  }
  meter.endAllFlows()
  let tallies = meter.takeTallies()
  let record = meter.exchangeRecord(CaptureRecord())
  let tallied = tallies.values.reduce(0) { $0 + $1.packets }
  precondition(record.packets == record.packetsCounted + record.leftOut.total, "packets are lost")
  precondition(tallied == record.packetsCounted, "tallies don't hold what was counted")
  return 0
}

private enum Everything {
  /// Half of all addresses, so that both directions occur.
  static let exitAddresses: [AddressRange] = ["0.0.0.0/1", "::/1"].compactMap {
    try? AddressRange($0)
  }
}

/// The input as a file: one without a name, filled anew for each input. In shared memory, since
/// emptying a file on a disk takes longer than all the rest (1.7 ms each, measured on ext4).
private enum InputFile {
  static let descriptor: Int32 = {
    let name = "/weir-fuzz-\(getpid())"
    let descriptor = unsafe shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0o600)
    precondition(descriptor >= 0, "no shared memory")
    unsafe shm_unlink(name)
    return descriptor
  }()

  static let path = "/proc/self/fd/\(descriptor)"

  static func fill(_ start: UnsafePointer<UInt8>?, _ count: Int) {
    precondition(ftruncate(descriptor, 0) == 0, "the temporary file can't be emptied")
    unsafe precondition(
      count == 0 || pwrite(descriptor, start, count, 0) == count,
      "the temporary file can't be written")
  }
}
