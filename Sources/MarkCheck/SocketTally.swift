// Live sockets against what their local addresses say they should be. Holds counts alone.

public import MarkPolicy

/// What is known of a tor process that tells exit connections from others.
public struct SocketRule: Sendable {
  /// What exit connections, and nothing else, leave from.
  public var exitAddresses: [Address]
  /// What exit connections share with others: an address of these says nothing.
  public var sharedAddresses: [Address]
  /// Families whose exit connections leave from an address that nobody named.
  public var anySource: Set<SocketFamily>
  /// The ToS byte of the mark.
  public var mark: UInt8

  public init(
    exitAddresses: [Address], sharedAddresses: [Address] = [], anySource: Set<SocketFamily> = [],
    mark: UInt8
  ) {
    self.exitAddresses = exitAddresses
    self.sharedAddresses = sharedAddresses
    self.anySource = anySource
    self.mark = mark
  }
}

public struct MarkCount: Equatable, Sendable, Encodable {
  public var marked = 0
  public var unmarked = 0

  public init(marked: Int = 0, unmarked: Int = 0) {
    self.marked = marked
    self.unmarked = unmarked
  }

  public var total: Int { marked + unmarked }

  mutating func add(_ isMarked: Bool) {
    if isMarked { marked += 1 } else { unmarked += 1 }
  }
}

public struct SocketTally: Equatable, Sendable, Encodable {
  /// TCP connections from an exit address: all should be marked.
  public var exit = MarkCount()
  /// Other TCP connections, those that came in among them: none should be.
  public var other = MarkCount()
  /// TCP connections from an address that exit connections share with others.
  public var undecided = MarkCount()
  /// UDP sockets: tor's are for DNS queries, and get the mark with the first one.
  public var udp = MarkCount()
  /// Sockets of which the kernel told no ToS byte.
  public var untold = 0

  public init() {}
}

extension SocketRule {
  /// - Parameters:
  ///   - sockets: of one process.
  ///   - dnsListeners: UDP ports on which the process answers queries instead of asking.
  public func tally(tcp: [SocketRecord], udp: [SocketRecord], udpListeners: Set<UInt16> = [])
    -> SocketTally
  {
    var tally = SocketTally()
    let listeners = tcp.filter { $0.state == .listening }
    for socket in tcp where socket.state == .connected || socket.state == .connecting {
      guard let isMarked = isMarked(socket) else {
        tally.untold += 1
        continue
      }
      // What comes in has the address and the port of a listener.
      let cameIn = listeners.contains {
        $0.port == socket.port && ($0.address.isUnspecified || $0.address == socket.address)
      }
      if cameIn {
        tally.other.add(isMarked)
      } else if exitAddresses.contains(socket.address) {
        tally.exit.add(isMarked)
      } else if isShared(socket.address) {
        tally.undecided.add(isMarked)
      } else {
        tally.other.add(isMarked)
      }
    }
    for socket in udp where !udpListeners.contains(socket.port) && socket.port != 0 {
      guard let isMarked = isMarked(socket) else {
        tally.untold += 1
        continue
      }
      tally.udp.add(isMarked)
    }
    return tally
  }

  private func isShared(_ address: Address) -> Bool {
    guard !address.isLoopback else { return false }
    return sharedAddresses.contains(address)
      || anySource.contains(address.isIPv4 ? .ipv4 : .ipv6)
  }

  /// The lower two bits are the kernel's, for ECN.
  private func isMarked(_ socket: SocketRecord) -> Bool? {
    socket.trafficClass.map { $0 & 0xfc == mark & 0xfc }
  }
}
