// Packets from an interface as they come: libpcap's ring (packet(7), TPACKET_V3), shared with the
// kernel, into which the kernel copies headers alone.
//
// The order of opening keeps payload out of the ring from its first packet on, and gives each packet
// to one of several captures only:
//   1. libpcap makes the ring on a socket for a protocol that nobody speaks: it hears nothing.
//   2. A filter that drops everything is attached.
//   3. The socket is bound to every protocol, and joins the others (PACKET_FANOUT).
//   4. Once all have joined, each filter is replaced by the one for headers, and locked
//      (SO_LOCK_FILTER): nothing that this process may become can take it off again.
// What is needed later needs no privilege: reading, statistics, and following an interface that was
// removed and made anew, by bind(2) to its new number. (A socket that shares packets with others
// cannot be bound again: packet(7) refuses. Then the program ends, to be started again.)
//
// libpcap's own filter and statistics are not used: it would look at the program and change it, and
// its statistics open files.

internal import CPcap
internal import CSystem
internal import Glibc
public import Packets

/// Whether an interface can bring packets.
public enum LinkState: Equatable, Sendable {
  case up
  /// Not set up, or without a carrier.
  case down
  case missing
}

/// Stays open until the process ends. To close it libpcap takes its ring down by a system call that a
/// confined process does not have, and the number of its descriptor, which confinement is about, must
/// not become that of another file.
@safe
public struct LiveCapture: ~Copyable {
  public let decoder: PacketDecoder
  private let handle: OpaquePointer
  private let socket: PacketSocket
  private let filter: HeaderFilter
  private let hardwareType: Int32?
  /// The interface's number when it was last bound to.
  private var index: Int32
  private var sharesPackets = false

  /// Of a captured packet, in bytes. It is the filter that bounds what is captured; this bounds what
  /// libpcap would take of it.
  private static let snapLength: Int32 = 65_536
  /// Milliseconds after which the kernel hands over a block of the ring that is not full.
  private static let blockTimeout: Int32 = 100

  /// Opens an interface; no packet is captured before ``start()``.
  /// - Parameter ringBytes: room for packets that wait, in bytes.
  public init(
    interface: String, ringBytes: Int, isPromiscuous: Bool, exitAddresses: [AddressRange]
  ) throws(LiveCaptureError) {
    if interface == "any" { throw .everyInterface }
    var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
    guard let created = unsafe pcap_create(interface, &message) else {
      throw .failed(interface: interface, reason: messageText(message))
    }
    var isOpen = false
    defer { if !isOpen { unsafe pcap_close(created) } }
    unsafe pcap_set_snaplen(created, Self.snapLength)
    unsafe pcap_set_buffer_size(created, Int32(clamping: ringBytes))
    unsafe pcap_set_timeout(created, Self.blockTimeout)
    unsafe pcap_set_tstamp_precision(created, PCAP_TSTAMP_PRECISION_NANO)
    unsafe pcap_set_protocol_linux(created, weir_silent_protocol)
    let status = unsafe pcap_activate(created)
    guard status >= 0 else {
      switch status {
      case PCAP_ERROR_NO_SUCH_DEVICE: throw .noInterface(interface)
      case PCAP_ERROR_IFACE_NOT_UP: throw .interfaceDown(interface)
      case PCAP_ERROR_PERM_DENIED: throw .noPermission(interface)
      default:
        throw .failed(interface: interface, reason: unsafe String(cString: pcap_geterr(created)))
      }
    }
    guard unsafe pcap_setnonblock(created, 1, &message) == 0 else {
      throw .failed(interface: interface, reason: messageText(message))
    }
    let number = unsafe pcap_datalink(created)
    guard let linkType = LinkType(number: number),
      let filter = HeaderFilter(linkType: linkType, exitAddresses: exitAddresses)
    else {
      let name = unsafe pcap_datalink_val_to_name(number).map { unsafe String(cString: $0) }
      throw .unsupportedLinkType(interface: interface, name: name ?? "number \(number)")
    }
    let socket = PacketSocket(
      descriptor: unsafe pcap_fileno(created), interface: interface, isPromiscuous: isPromiscuous)
    guard let index = socket.interfaceIndex else { throw .noInterface(interface) }
    try socket.attach(HeaderFilter.closed)
    try socket.bind(to: index)
    isOpen = true
    unsafe handle = created
    decoder = PacketDecoder(linkType: linkType)
    hardwareType = socket.hardwareType
    self.filter = filter
    self.socket = socket
    self.index = index
  }

  public var interface: String { socket.interface }
  /// Readable when packets are waiting, for poll(2).
  public var descriptor: Int32 { socket.descriptor }

  /// Whether the kernel drops packets of other hosts; else they are counted as left out.
  public var selectsAddresses: Bool { filter.selectsAddresses }

  /// Shares the packets of the interface with other captures, each flow with one of them.
  /// - Parameter group: what the first of them returned, for the others.
  /// - Returns: the group, for the others.
  public mutating func sharePackets(group: Int32?) throws(LiveCaptureError) -> Int32 {
    let joined = weir_join_fanout(descriptor, group ?? -1)
    guard joined >= 0 else { throw socket.failure("can't share its packets between threads") }
    if group == nil { try socket.attachSharing(SharingProgram.instructions) }
    sharesPackets = true
    return joined
  }

  /// Lets packets in. What came before is in no count.
  public mutating func start() throws(LiveCaptureError) {
    try socket.attach(filter.program)
    guard weir_lock_filter(descriptor) == 0 else { throw socket.failure("can't lock the filter") }
    _ = takeStatistics()
  }

  /// Hands packets that wait to `body`, at most `limit`, without waiting for any.
  /// - Returns: how many there were.
  public mutating func forEachPacket(
    limit: Int32, _ body: (_ frame: Span<UInt8>, _ wireLength: Int, _ stamp: Stamp?) -> Void
  ) throws(LiveCaptureError) -> Int {
    let handle = unsafe self.handle
    // The compiler writes the length of this file's path into the program, whatever -file-prefix-map makes
    // of the path itself: with a name of its own, the program is the same wherever it is built.
    #sourceLocation(file:"LiveCapture.forEachPacket",line:1)
    let status = withoutActuallyEscaping(body) { body in
      var visitor = Visitor(body: body)
      // libpcap calls back before it returns, and keeps nothing.
      return unsafe withUnsafeMutablePointer(to: &visitor) { visitor in
        unsafe pcap_dispatch(
          handle, limit, Visitor.callback,
          UnsafeMutableRawPointer(visitor).assumingMemoryBound(to: UInt8.self))
      }
    }
    #sourceLocation()
    if status >= 0 { return Int(status) }
    // An interface that goes away or down is no failure: ``linkState`` tells, and it may come back.
    if linkState != .up || weir_take_socket_error(descriptor) == ENETDOWN { return 0 }
    throw .failed(interface: interface, reason: unsafe String(cString: pcap_geterr(handle)))
  }

  private struct Visitor {
    let body: (Span<UInt8>, Int, Stamp?) -> Void

    static let callback: pcap_handler = { visitor, header, bytes in
      guard let visitor = unsafe visitor, let header = unsafe header?.pointee,
        let bytes = unsafe bytes
      else { return }
      let frame = unsafe UnsafeBufferPointer(start: bytes, count: Int(header.caplen))
      let stamp = Stamp(
        seconds: Int64(header.ts.tv_sec), nanoseconds: Int64(header.ts.tv_usec))
      unsafe UnsafeMutableRawPointer(visitor).assumingMemoryBound(to: Visitor.self).pointee
        .body(Span(_unsafeElements: frame), Int(header.len), stamp)
    }
  }

  public struct Statistics: Equatable, Sendable {
    /// Packets that the filter let in, those dropped included.
    public var received: UInt64 = 0
    /// Packets that found no room in the ring.
    public var dropped: UInt64 = 0
  }

  /// What the kernel counted since the last call.
  public func takeStatistics() -> Statistics {
    var (received, dropped): (UInt32, UInt32) = (0, 0)
    guard unsafe weir_take_packet_statistics(descriptor, &received, &dropped) == 0 else {
      return Statistics()
    }
    return Statistics(received: UInt64(received), dropped: UInt64(dropped))
  }

  // MARK: The interface

  public var linkState: LinkState {
    let flags = unsafe weir_interface_flags(descriptor, interface)
    if flags < 0 { return .missing }
    let needed = Int32(IFF_UP | IFF_RUNNING)
    return flags & needed == needed ? .up : .down
  }

  /// Takes note of an error that made the descriptor ready, so that it does not again.
  public func clearError() { _ = weir_take_socket_error(descriptor) }

  /// What merges or cuts segments between the link and this program: kinds as ethtool(8) calls them,
  /// of those that it receives, and of those that this host sends.
  public var offloads: (receiving: [String], sending: [String]) {
    let (descriptor, interface) = (descriptor, interface)
    let isOn = { (offload: weir_offload) in
      unsafe weir_interface_offload(descriptor, interface, offload) > 0
    }
    var offloads: (receiving: [String], sending: [String]) = ([], [])
    if isOn(weir_offload_gro) { offloads.receiving.append("gro") }
    if isOn(weir_offload_lro) { offloads.receiving.append("lro") }
    if isOn(weir_offload_gso) { offloads.sending.append("gso") }
    if isOn(weir_offload_tso) { offloads.sending.append("tso") }
    return offloads
  }

  /// Goes on with the interface of the same name, if it was removed and made anew.
  /// - Returns: whether it was.
  public mutating func follow() throws(LiveCaptureError) -> Bool {
    guard let current = socket.interfaceIndex, current != index else { return false }
    guard !sharesPackets else {
      throw .cannotFollow(interface: interface, reason: "several threads share its packets")
    }
    guard socket.hardwareType == hardwareType else {
      throw .cannotFollow(interface: interface, reason: "its link type is another one now")
    }
    index = current
    try socket.bind(to: current)
    return true
  }
}

/// The socket below libpcap, which owns the descriptor.
private struct PacketSocket {
  let descriptor: Int32
  let interface: String
  let isPromiscuous: Bool

  var interfaceIndex: Int32? {
    let index = unsafe weir_interface_index(descriptor, interface)
    return index > 0 ? index : nil
  }

  var hardwareType: Int32? {
    let type = unsafe weir_interface_hardware_type(descriptor, interface)
    return type >= 0 ? type : nil
  }

  func attach(_ program: [FilterInstruction]) throws(LiveCaptureError) {
    let instructions = Self.instructions(program)
    guard unsafe weir_attach_filter(descriptor, instructions, UInt16(instructions.count)) == 0
    else { throw failure("can't attach the filter") }
  }

  func attachSharing(_ program: [FilterInstruction]) throws(LiveCaptureError) {
    let instructions = Self.instructions(program)
    guard
      unsafe weir_set_fanout_program(descriptor, instructions, UInt16(instructions.count)) == 0
    else { throw failure("can't share its packets between threads") }
  }

  private static func instructions(_ program: [FilterInstruction]) -> [weir_filter_instruction] {
    program.map {
      weir_filter_instruction(
        code: $0.code, jump_true: $0.jumpTrue, jump_false: $0.jumpFalse, operand: $0.operand)
    }
  }

  /// From now on it receives every protocol.
  func bind(to index: Int32) throws(LiveCaptureError) {
    guard weir_bind_packet_socket(descriptor, index) == 0 else { throw failure("can't bind") }
    if isPromiscuous, weir_set_promiscuous(descriptor, index) != 0 {
      throw failure("can't make it promiscuous")
    }
  }

  func failure(_ what: String) -> LiveCaptureError {
    .failed(interface: interface, reason: "\(what): \(unsafe String(cString: strerror(errno)))")
  }
}
