// The account of one capture: what was seen, when, and what became of it.

/// What one source of packets brought, as it stands in the ledger's `captures`.
public struct CaptureRecord: Equatable, Sendable {
  public var observed = ObservedTime()
  /// Packets that the source delivered.
  public var packets: UInt64 = 0
  /// Packets of these that went into tallies. A flow's packets are settled, here or as ``leftOut``,
  /// when the flow is marked or ends: with several sources, in the one being read at that moment.
  public var packetsCounted: UInt64 = 0
  public var leftOut = LeftOut()
  /// Flows that ended without a mark.
  public var unmarkedFlows: UInt64 = 0
  /// The source ended in the middle of a record; that record is in no other count.
  public var isCutOff = false
  /// Packets that the kernel or the interface dropped; 0 for a file.
  public var droppedByKernel: UInt64 = 0
  public var droppedByInterface: UInt64 = 0

  public init() {}

  /// Adds what the same source brought later.
  public mutating func add(_ more: CaptureRecord) {
    observed.formUnion(more.observed)
    packets += more.packets
    packetsCounted += more.packetsCounted
    leftOut += more.leftOut
    unmarkedFlows += more.unmarkedFlows
    isCutOff = isCutOff || more.isCutOff
    droppedByKernel += more.droppedByKernel
    droppedByInterface += more.droppedByInterface
  }
}
