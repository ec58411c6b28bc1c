// The file that WEIR_MARK_STATUS names: what the mark writes, and what others read of it.

/// A file of one page, in the byte order of the host:
///
///     offset  size
///          0     8  "WEIRMARK"
///          8     4  version of this layout: 1
///         12     4  number of counters that follow
///         16     8  exit sockets marked
///         24     8  DNS queries that left by a marked socket
///         32     8  marks that failed
///         40     8  exit binds and DNS queries refused, for a failed mark or a wrong setting
///         48     8  binds of IPv4 and IPv6 sockets passed by: not exit connections
///
/// Processes that share the settings share the counters, which grow as long as the file is there. A
/// counter is read and written in one piece, two counters are not read at one time.
public enum StatusLayout {
  public static var size: Int { 4096 }
  /// "WEIRMARK", read as a little-endian number.
  public static var magic: UInt64 { 0x4b52_414d_5249_4557 }
  public static var version: UInt32 { 1 }
  public static var counters: UInt32 { 5 }

  public static var magicOffset: Int { 0 }
  public static var versionOffset: Int { 8 }
  public static var countOffset: Int { 12 }
  public static var countersOffset: Int { 16 }
}

public enum Counter: Int, Sendable {
  case marked, dnsMarked, failed, refused, passedBy

  public var offset: Int { StatusLayout.countersOffset + 8 * rawValue }
}
