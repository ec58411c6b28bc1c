// The mark's settings, tor's configuration and the host against each other.

public import MarkPolicy

/// What the host that tor runs on says of its addresses.
public protocol HostAddresses {
  /// Whether a socket can be bound to it.
  func has(_ address: Address) -> Bool
  /// What the kernel takes for a connection that is bound to nothing.
  func defaultSource(_ family: SocketFamily) -> Address?
}

extension Settings {
  /// What stands for an exit connection in tor's OutboundBindAddressExit.
  public var exitSignals: AddressList { mode == .sentinel ? sentinels : exitAddresses }

  public var findings: [Finding] {
    var text =
      switch mode {
      case .bind: "bind mode, exit address \(exitAddresses.joined)"
      case .sentinel where realAddresses.isEmpty: "sentinel mode, sentinel \(sentinels.joined)"
      case .sentinel:
        "sentinel mode, sentinel \(sentinels.joined), real address \(realAddresses.joined)"
      case nil: "no mode"
      }
    text += ", DSCP \(dscp), "
    text +=
      dnsPorts.isEmpty
      ? "no DNS queries"
      : "DNS queries to port "
        + (0..<dnsPorts.count).map { "\(dnsPorts[$0])" }.joined(separator: ", ")
    text += onError == .refuse ? ", refuse on error" : ", pass on error"
    return [Finding(.ok, "settings", text)]
  }

  public func findings(on host: some HostAddresses) -> [Finding] {
    var findings: [Finding] = []
    for address in exitAddresses.all where mode == .bind && !host.has(address) {
      findings.append(
        Finding(
          .fail, "addresses",
          "this host does not have the exit address \(address): exit connections from it fail"))
    }
    for address in sentinels.all where mode == .sentinel && host.has(address) {
      findings.append(
        Finding(
          .fail, "addresses",
          "this host has the sentinel \(address): without the library, exit connections would"
            + " leave from there and nobody would notice; take an address of 192.0.2.0/24 or"
            + " 2001:db8::/32 that it does not have"))
    }
    for address in realAddresses.all where !host.has(address) {
      findings.append(
        Finding(
          .fail, "addresses",
          "this host does not have the real address \(address): exit connections from it fail"))
    }
    if findings.isEmpty {
      findings.append(
        Finding(
          .ok, "addresses",
          mode == .bind ? "this host has every exit address" : "this host has no sentinel"))
    }
    return findings
  }
}

extension TorConfiguration {
  /// - Parameter settings: `nil` where they are not known.
  public func findings(_ settings: Settings?) -> [Finding] {
    var findings = unreadable.map { Finding(.fail, "torrc", "\($0): this is no address") }
    if !isExit {
      findings.append(
        Finding(
          .warn, "torrc",
          isRelay
            ? "this is no exit relay (ExitRelay 1 with an exit policy makes one)"
            : "this is no relay (it has no ORPort)"))
    }
    for family in SocketFamily.allCases { findings += self.findings(family) }
    findings += addressFindings
    if let settings { findings += self.findings(against: settings) }
    if !distantBackends.isEmpty {
      findings.append(
        Finding(
          .warn, "torrc",
          "\(counted(distantBackends.count, "HiddenServicePort")) with a target that is not on"
            + " loopback: for tor its connections are exits, and are marked; move the target to"
            + " 127.0.0.1 or to a unix socket"))
    }
    if findings.worst == .ok {
      let signals = exitBindAddresses.map(\.description).joined(separator: ", ")
      findings.append(Finding(.ok, "torrc", "OutboundBindAddressExit \(signals)"))
    }
    if isSandboxed {
      findings.append(
        Finding(.ok, "torrc", "Sandbox 1: the library adds the two rules that marks need"))
    }
    return findings
  }

  private func findings(_ family: SocketFamily) -> [Finding] {
    guard isExit, family == .ipv4 || usesIPv6 else { return [] }
    let name = family == .ipv4 ? "IPv4" : "IPv6"
    let of = { (list: [Address]) in list.filter { $0.isIPv4 == (family == .ipv4) } }
    switch of(exitBindAddresses).count {
    case 1: return []
    case 0 where !of(bindAddresses).isEmpty:
      return [
        Finding(
          .fail, "torrc",
          "OutboundBindAddress alone for \(name): exit and relay connections can't be told apart;"
            + " set OutboundBindAddressExit")
      ]
    case 0:
      let reason = family == .ipv4 ? "" : ", and IPv6Exit is 1"
      return [
        Finding(
          .fail, "torrc",
          "no OutboundBindAddressExit for \(name)\(reason): these exit connections are not marked")
      ]
    default:
      return [
        Finding(.fail, "torrc", "more than one OutboundBindAddressExit for \(name): tor takes one")
      ]
    }
  }

  private var addressFindings: [Finding] {
    var findings: [Finding] = []
    for address in exitBindAddresses {
      let orOfFamily = orBindAddresses.filter { $0.isIPv4 == address.isIPv4 }
      let names = [
        (orBindAddresses.contains(address), "OutboundBindAddressOR"),
        (bindAddresses.contains(address) && orOfFamily.isEmpty, "OutboundBindAddress"),
      ]
      for name in names where name.0 {
        findings.append(
          Finding(
            .fail, "torrc",
            "OutboundBindAddressExit \(address) is \(name.1) too: connections to relays are marked")
        )
      }
      if listenerAddresses.contains(address) {
        findings.append(
          Finding(
            .fail, "torrc",
            "OutboundBindAddressExit \(address) is the address of an ORPort or DirPort too: what"
              + " the relay answers there leaves from an exit address"))
      }
    }
    return findings
  }

  private func findings(against settings: Settings) -> [Finding] {
    guard settings.problem == nil || settings.knowsExits else { return [] }
    let signals = settings.exitSignals
    let kind = settings.mode == .sentinel ? Setting.sentinel : Setting.exitAddress
    var findings: [Finding] = []
    for address in exitBindAddresses where !signals.contains(address) {
      findings.append(
        Finding(
          .fail, "torrc",
          "OutboundBindAddressExit \(address) is not in \(kind.name): exit connections from it are"
            + " not marked"))
    }
    for address in signals.all where !exitBindAddresses.contains(address) {
      findings.append(
        Finding(
          .warn, "torrc", "\(kind.name) has \(address), which is no OutboundBindAddressExit"))
    }
    return findings
  }
}

extension SocketRule {
  /// - Parameters:
  ///   - settings: `nil` where none are known: then tor's own configuration says what exits are.
  ///   - host: `nil` where this host is not the one that tor runs on.
  public init(
    settings: Settings?, configuration: TorConfiguration?, host: (some HostAddresses)?
  ) {
    guard let settings, settings.mode != nil else {
      self.init(
        exitAddresses: configuration?.exitBindAddresses ?? [], mark: Settings.defaultDSCP << 2)
      return
    }
    self.init(exitAddresses: [], mark: settings.trafficClass)
    if settings.mode == .bind {
      exitAddresses = settings.exitAddresses.all
      return
    }
    for family in SocketFamily.allCases {
      let isIPv4 = family == .ipv4
      guard settings.sentinels.first(isIPv4: isIPv4) != nil else { continue }
      guard let real = settings.realAddresses.first(isIPv4: isIPv4) else {
        anySource.insert(family)
        continue
      }
      // Where relay connections come from: as torrc says, or as the kernel chooses.
      let of = { (list: [Address]) in list.first { $0.isIPv4 == isIPv4 } }
      let other =
        configuration.flatMap { of($0.orBindAddresses) ?? of($0.bindAddresses) }
        ?? host?.defaultSource(family)
      if let other, other != real, configuration != nil {
        exitAddresses.append(real)
      } else {
        sharedAddresses.append(real)
      }
    }
  }
}

extension AddressList {
  public var all: [Address] { (0..<count).map { self[$0] } }

  fileprivate var joined: String { all.map(\.description).joined(separator: ", ") }
}

func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
