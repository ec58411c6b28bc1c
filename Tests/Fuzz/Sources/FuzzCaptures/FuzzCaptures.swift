// A whole capture file, through its reader, the decoder and the meter, as `weir-collect read` does it.
//
// Beyond not crashing: every packet is either counted or left out for a reason, the tallies hold
// exactly the packets that were counted, and libpcap finds the same packets in the file.

import CPcap
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
  var batch = PacketBatch(capacity: CaptureFile.packetsTogether)
  var account = SourceAccount()
  var read = PacketSum()
  do {
    let captures = try CaptureMerge(paths: [InputFile.path], knownSizes: [24, 100])
    try captures.forEachRun { _ in
    } _: { packets, bytes, decoder, source in
      meter.classifier.classify(
        packets, of: bytes, decoder: decoder, source: source, into: &batch, &account)
      meter.count(batch, 0..<batch.count)
      batch.removeAll()
      for index in packets.indices {
        let packet = packets[index]
        let frame = bytes.extracting(packet.start..<packet.start + packet.count)
        unsafe frame.withUnsafeBufferPointer {
          unsafe read.add($0, wireLength: packet.wireLength)
        }
      }
    }
  } catch {
    // A file that is no capture, or a damaged one: what was read until then must add up all the same.
  }
  meter.endAllFlows()
  let tallies = meter.takeTallies()
  var record = account.record
  record.add(meter.record)
  let tallied = tallies.values.reduce(0) { $0 + $1.packets }
  precondition(record.packets == record.packetsCounted + record.leftOut.total, "packets are lost")
  precondition(tallied == record.packetsCounted, "tallies don't hold what was counted")
  precondition(read == PacketSum.ofLibpcap(InputFile.path), "libpcap reads it differently")
  return 0
}

/// What tells the packets of one reading from those of another.
private struct PacketSum: Equatable {
  var packets = 0
  var sum: UInt64 = 0

  mutating func add(_ frame: UnsafeBufferPointer<UInt8>, wireLength: Int) {
    packets += 1
    mix(UInt64(frame.count) << 32 | UInt64(wireLength))
    for position in frame.indices { mix(UInt64(unsafe frame[position])) }
  }

  /// FNV's step.
  private mutating func mix(_ value: UInt64) { sum = (sum ^ value) &* 0x100_0000_01b3 }

  static func ofLibpcap(_ path: String) -> PacketSum {
    var read = PacketSum()
    var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
    guard let handle = unsafe pcap_open_offline(path, &message) else { return read }
    defer { unsafe pcap_close(handle) }
    guard LinkType(number: unsafe pcap_datalink(handle)) != nil else { return read }
    var header: UnsafeMutablePointer<pcap_pkthdr>?
    var bytes: UnsafePointer<UInt8>?
    while unsafe pcap_next_ex(handle, &header, &bytes) == 1, let header = unsafe header {
      let frame = unsafe UnsafeBufferPointer(start: bytes, count: Int(header.pointee.caplen))
      unsafe read.add(frame, wireLength: Int(header.pointee.len))
    }
    return read
  }
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
