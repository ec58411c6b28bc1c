// From a captured packet to its flow's key: which end is ours, which way it goes, whether it carries
// the mark. Needs nothing that packets change, and so can be done in another thread than counting.
// (The name is that of RFC 5470, which has classifying before the flow records.)

internal import KeyedHash
public import Packets
internal import Tallies

/// One for all packets of a meter: flows are told apart by its secret key.
public final class PacketClassifier: @unchecked Sendable {
  // Nothing here changes, the key's memory included.
  private let exitAddresses: ExitAddresses
  private let selectsEvery: Bool
  private let dscp: UInt8
  private let key = HashKey.random()

  init(_ configuration: MeterConfiguration) {
    exitAddresses = ExitAddresses(configuration.exitAddresses)
    switch configuration.selection {
    case .marked(let dscp): (selectsEvery, self.dscp) = (false, dscp)
    case .every: (selectsEvery, dscp) = (true, 0)
    }
  }

  /// Classifies packets whose bytes lie in one piece of memory, and notes those that belong to no flow.
  /// - Precondition: the batch has room for all of them.
  public func classify(
    _ packets: Span<CapturedPacket>, of bytes: Span<UInt8>, decoder: PacketDecoder, source: Int,
    into batch: inout PacketBatch, _ account: inout SourceAccount
  ) {
    precondition(packets.count <= batch.room)
    for index in packets.indices {
      let packet = packets[index]
      classify(
        bytes.extracting(packet.start..<packet.start &+ packet.count),
        wireLength: packet.wireLength, stamp: packet.stamp, decoder: decoder, into: &batch, &account
      )
    }
    finishKeys(of: &batch)
    batch.endPart(source: source)
  }

  /// Classifies one packet, whose flow is known after ``finishKeys(of:)``.
  @inline(__always)
  func classify(
    _ frame: Span<UInt8>, wireLength: Int, stamp: Stamp?, decoder: PacketDecoder,
    into batch: inout PacketBatch, _ account: inout SourceAccount
  ) {
    account.record.packets += 1
    guard let stamp else { return account.leaveOut(.badStamp) }
    account.observe(stamp)
    do throws(DecodeFailure) {
      let packet = try decoder.header(of: frame, wireLength: wireLength)
      // If both ends are exit addresses the source decides. Both are asked for either way: which one it
      // will be, no processor can guess.
      let isOutbound: UInt64 = exitAddresses.contains(packet.source, packet.ipVersion) ? 1 : 0
      let isTheirs: UInt64 = exitAddresses.contains(packet.destination, packet.ipVersion) ? 1 : 0
      guard isOutbound | isTheirs != 0 else { return account.leaveOut(.otherHost) }
      append(packet, stamp, inbound: 1 &- isOutbound, to: &batch)
    } catch {
      account.leaveOut(LeftOutReason(error))
    }
  }

  func finishKeys(of batch: inout PacketBatch) { batch.finishKeys(key) }

  /// - Parameter inbound: 1 for a packet that comes from the remote, else 0.
  @inline(__always)
  private func append(
    _ packet: PacketHeader, _ stamp: Stamp, inbound: UInt64, to batch: inout PacketBatch
  ) {
    // What the two ends differ in is taken from one and given to the other if it is inbound.
    let all = 0 &- inbound
    let high = (packet.source.high ^ packet.destination.high) & all
    let low = (packet.source.low ^ packet.destination.low) & all
    let port = (packet.sourcePort ^ packet.destinationPort) & UInt16(truncatingIfNeeded: all)
    let ends = FlowEnds(
      exit: Address(high: packet.source.high ^ high, low: packet.source.low ^ low),
      exitPort: packet.sourcePort ^ port,
      remote: Address(high: packet.destination.high ^ high, low: packet.destination.low ^ low),
      servicePort: packet.destinationPort ^ port, ipVersion: packet.ipVersion,
      transport: packet.transport)
    let flowPacket = FlowPacket(
      key: FlowKey(
        hash: 0, servicePort: ends.servicePort, ipVersion: ends.ipVersion,
        transport: ends.transport),
      length: packet.length, stamp: stamp, remote: ends.remote, tcpFlags: packet.tcpFlags,
      isInbound: inbound != 0,
      isSelected: selectsEvery || (packet.dscp == dscp && inbound == 0))
    batch.append(flowPacket, ends: ends, key: key)
  }
}

extension LeftOutReason {
  fileprivate init(_ failure: DecodeFailure) {
    self =
      switch failure {
      case .headerCut: .headerCut
      case .notIP: .notIP
      case .versionMismatch: .versionMismatch
      case .badHeaderLength: .badHeaderLength
      case .badTotalLength: .badTotalLength
      case .fragment: .fragment
      case .notTCPOrUDP: .notTCPOrUDP
      }
  }
}
