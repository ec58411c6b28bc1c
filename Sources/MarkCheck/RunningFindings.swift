// What a running tor shows: its counters and its sockets.

internal import MarkPolicy

/// The status file's content, as StatusLayout describes it.
public struct Counters: Equatable, Sendable, Encodable {
  public var marked: UInt64
  public var dnsMarked: UInt64
  public var failed: UInt64
  public var refused: UInt64
  public var passedBy: UInt64

  /// - Returns: `nil` for what is no status file, or one of another version.
  public init?(_ bytes: [UInt8]) {
    let number = { (offset: Int, size: Int) in
      (0..<size).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64(bytes[offset + $1]) }
    }
    guard bytes.count == StatusLayout.size,
      number(StatusLayout.magicOffset, 8) == StatusLayout.magic,
      number(StatusLayout.versionOffset, 4) == UInt64(StatusLayout.version),
      number(StatusLayout.countOffset, 4) == UInt64(StatusLayout.counters)
    else { return nil }
    let value = { (counter: Counter) in number(counter.offset, 8) }
    marked = value(.marked)
    dnsMarked = value(.dnsMarked)
    failed = value(.failed)
    refused = value(.refused)
    passedBy = value(.passedBy)
  }

  public var findings: [Finding] {
    let text =
      "\(marked) exit connections and \(dnsMarked) DNS queries marked, \(passedBy) other binds passed by"
    guard failed > 0 || refused > 0 else { return [Finding(.ok, "counters", text)] }
    return [
      Finding(
        .warn, "counters",
        "\(text); \(failed) marks failed and \(refused) connections or queries were refused since the"
          + " status file was made: the reason was said on standard error")
    ]
  }
}

extension SocketTally {
  public func findings(_ rule: SocketRule, marksDNS: Bool) -> [Finding] {
    var findings: [Finding] = []
    if !rule.exitAddresses.isEmpty || exit.total > 0 {
      findings.append(
        exit.total == 0
          ? Finding(.ok, "exit-sockets", "no exit connection is open now")
          : exit.unmarked == 0
            ? Finding(
              .ok, "exit-sockets",
              "\(counted(exit.total, "exit connection")) open, each with the mark")
            : Finding(
              .fail, "exit-sockets",
              "\(exit.unmarked) of \(counted(exit.total, "exit connection")) without the mark"))
    }
    findings.append(
      other.marked == 0
        ? Finding(
          .ok, "other-sockets",
          "\(counted(other.total, "other connection")) open, none with the mark")
        : Finding(
          .fail, "other-sockets",
          "\(other.marked) of \(counted(other.total, "other connection")) with the mark"))
    if undecided.total > 0 {
      findings.append(
        Finding(
          .ok, "shared-sockets",
          "\(counted(undecided.total, "connection")) from an address that exit connections share"
            + " with others: \(undecided.marked) with the mark, \(undecided.unmarked) without"))
    }
    if udp.total > 0, marksDNS {
      findings.append(
        udp.unmarked == 0
          ? Finding(.ok, "dns-sockets", "\(counted(udp.total, "UDP socket")), each with the mark")
          : Finding(
            .warn, "dns-sockets",
            "\(udp.unmarked) of \(counted(udp.total, "UDP socket")) without the mark: a DNS socket"
              + " gets it with its first query"))
    }
    if untold > 0 {
      findings.append(
        Finding(.warn, "sockets", "of \(counted(untold, "socket")) the kernel told no ToS byte"))
    }
    return findings
  }
}
