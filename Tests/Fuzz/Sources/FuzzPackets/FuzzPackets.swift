// One frame, of any link type: the first byte chooses it, the second and third say how much longer
// the frame was on the wire than what was captured of it.
//
// Beyond not crashing: what is decoded from a frame is the same when more of it was captured, and a
// decoded length is one that the frame on the wire has room for.

import Packets

@c(LLVMFuzzerTestOneInput)
public func fuzzPackets(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = unsafe UnsafeBufferPointer(start: start, count: count)
  guard input.count >= 3 else { return 0 }
  let linkTypes = LinkType.allCases
  let linkType = unsafe linkTypes[Int(input[0]) % linkTypes.count]
  let beyond = unsafe Int(input[1]) << 8 | Int(input[2])
  let frame = unsafe Array(input[3...])
  let decoder = PacketDecoder(linkType: linkType)
  let wireLength = frame.count + beyond
  guard let header = try? decoder.header(of: frame.span, wireLength: wireLength) else { return 0 }
  precondition(Int(header.length) <= wireLength, "longer than the frame")
  precondition(header.length >= 28, "shorter than its headers")
  let extended = frame + [0xff, 0x00, 0x55]
  let again = try? decoder.header(of: extended.span, wireLength: max(wireLength, extended.count))
  // A datagram without a true length takes the frame's, which has grown.
  precondition(again == header || header.length > 65_535, "depends on what follows")
  return 0
}
