// Frames for the decoder: written field by field, read from the fixtures, or drawn at random.

import Capture
import Foundation
import Packets

/// The decoder's answer; comparable, unlike a thrown error.
enum Decoded: Equatable {
  case header(PacketHeader)
  case failure(DecodeFailure)

  /// - Parameter wireLength: what was captured, where `nil`.
  init(_ frame: some Collection<UInt8>, _ linkType: LinkType, wireLength: Int? = nil) {
    let bytes = Array(frame)
    do throws(DecodeFailure) {
      self = .header(
        try PacketDecoder(linkType: linkType)
          .header(of: bytes.span, wireLength: wireLength ?? bytes.count))
    } catch {
      self = .failure(error)
    }
  }

  var header: PacketHeader? {
    if case .header(let header) = self { header } else { nil }
  }
}

/// Big-endian bytes.
func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
  (1...value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (value.bitWidth - 8 * $0)) }
}

/// A TCP segment from port 1025 to port 443.
func tcp(flags: UInt8 = 0x10, payload: Int = 0) -> [UInt8] {
  bytes(UInt16(1025)) + bytes(UInt16(443)) + bytes(UInt32(7)) + bytes(UInt32(9))
    + [0x50, flags, 0xff, 0xff, 0, 0, 0, 0] + [UInt8](repeating: 0xaa, count: payload)
}

/// A UDP datagram from port 1025 to port 53.
func udp(payload: Int = 0) -> [UInt8] {
  bytes(UInt16(1025)) + bytes(UInt16(53)) + bytes(UInt16(8 + payload)) + [0, 0]
    + [UInt8](repeating: 0xaa, count: payload)
}

struct IPv4 {
  var versionAndLength: UInt8 = 0x45
  var trafficClass: UInt8 = 7 << 2
  /// `nil`: the true one.
  var totalLength: UInt16?
  var fragment: UInt16 = 0x4000
  var protocolNumber: UInt8 = 6
  var options: [UInt8] = []
  var payload = tcp()

  var packet: [UInt8] {
    let length = totalLength ?? UInt16(20 + options.count + payload.count)
    return [versionAndLength, trafficClass] + bytes(length) + [0, 1] + bytes(fragment)
      + [64, protocolNumber, 0, 0, 192, 0, 2, 10, 198, 51, 100, 20] + options + payload
  }
}

struct IPv6 {
  var version: UInt8 = 6
  var trafficClass: UInt8 = 7 << 2
  var flowLabel: UInt32 = 0xabcde
  /// `nil`: the true one.
  var payloadLength: UInt16?
  var nextHeader: UInt8 = 6
  var payload = tcp()

  static let source = bytes(UInt64(0x2001_0db8_ffff_0000)) + bytes(UInt64(0x10))
  static let destination = bytes(UInt64(0x2001_0db8_0100_0000)) + bytes(UInt64(0x20))

  var packet: [UInt8] {
    let first = UInt32(version) << 28 | UInt32(trafficClass) << 20 | flowLabel
    return bytes(first) + bytes(payloadLength ?? UInt16(payload.count)) + [nextHeader, 64]
      + Self.source + Self.destination + payload
  }
}

/// An extension header of `8 + 8 * extra` bytes.
func extensionHeader(next: UInt8, extra: UInt8 = 0) -> [UInt8] {
  [next, extra] + [UInt8](repeating: 0, count: 6 + 8 * Int(extra))
}

func ethernet(_ etherType: UInt16, tags: [UInt16] = [], _ packet: [UInt8]) -> [UInt8] {
  [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2] + tags.flatMap { bytes($0) + [0x20, 5] }
    + bytes(etherType) + packet
}

/// Every link type with an IPv4 and an IPv6 packet below it.
let framesOfEveryLinkType: [(linkType: LinkType, frame: [UInt8])] = {
  let (v4, v6) = (IPv4().packet, IPv6().packet)
  let cooked = [UInt8](repeating: 0, count: 14)
  let cooked2 = [UInt8](repeating: 0, count: 18)
  return [
    (.ethernet, ethernet(0x0800, v4)), (.ethernet, ethernet(0x86dd, v6)),
    (.ethernet, ethernet(0x0800, tags: [0x88a8, 0x8100], v4)),
    (.linuxCooked, cooked + bytes(UInt16(0x0800)) + v4),
    (.linuxCooked, cooked + bytes(UInt16(0x86dd)) + v6),
    (.linuxCooked2, bytes(UInt16(0x0800)) + cooked2 + v4),
    (.linuxCooked2, bytes(UInt16(0x86dd)) + cooked2 + v6),
    (.rawIP, v4), (.rawIP, v6), (.rawIPv4, v4), (.rawIPv6, v6),
    (.null, bytes(UInt32(2).byteSwapped) + v4), (.null, bytes(UInt32(30).byteSwapped) + v6),
    (.null, bytes(UInt32(2)) + v4), (.null, bytes(UInt32(30)) + v6),
    (.loop, bytes(UInt32(2)) + v4), (.loop, bytes(UInt32(24)) + v6),
  ]
}()

/// The captures of the counting rules.
enum RuleCaptures {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/rules")

  static let names: [String] = {
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
    return (names ?? []).filter { !$0.hasSuffix(".json") }.sorted()
  }()

  struct Frame {
    var linkType: LinkType
    var bytes: [UInt8]
    var wireLength: Int
  }

  static func frames(_ name: String) throws -> [Frame] {
    var file = try CaptureFile(path: folder.appending(path: name).path)
    var frames: [Frame] = []
    while try file.advance() == .packet {
      var bytes: [UInt8] = []
      file.withFrame { for position in $0.indices { bytes.append($0[position]) } }
      frames.append(
        Frame(linkType: file.decoder.linkType, bytes: bytes, wireLength: file.wireLength))
    }
    return frames
  }
}
