// Which socket leaves the network: the decisions, made from settings and from what a call names.

/// How a socket is marked: by the option of the family that its packets will have.
public enum PacketFamily: UInt8, Sendable {
  case ipv4, ipv6
}

public enum BindDecision: Equatable, Sendable {
  /// Not an exit connection.
  case passBy
  /// An exit connection that nobody can mark, because the settings are wrong.
  case refuse
  case exit(ExitBind)
}

public struct ExitBind: Equatable, Sendable {
  public enum Binding: Equatable, Sendable {
    case asAsked
    /// To the sentinel, which only a kernel would object to: it chooses the address at connect(2).
    case skip
    case to(SocketName)
  }

  public var family: PacketFamily
  /// `false` where settings are wrong and exit connections pass all the same.
  public var isMarked: Bool
  public var binding: Binding

  public init(family: PacketFamily, isMarked: Bool, binding: Binding) {
    self.family = family
    self.isMarked = isMarked
    self.binding = binding
  }
}

public enum SendDecision: Equatable, Sendable {
  case passBy
  case refuse
  case mark(PacketFamily)
}

extension Settings {
  /// What becomes of bind(2) to `name`.
  ///
  /// tor binds an exit connection to port 0, and its listeners to a port of theirs: what it accepts
  /// there would inherit a mark.
  public func decide(bindTo name: SocketName) -> BindDecision {
    guard name.port == 0, isExit(name.address) else { return .passBy }
    if problem != nil, onError == .refuse { return .refuse }
    guard problem == nil || (knowsExits && mode == .sentinel) else { return .passBy }
    let isIPv4 = name.address.isIPv4
    let binding: ExitBind.Binding =
      if mode != .sentinel {
        .asAsked
      } else if let real = realAddresses.first(isIPv4: isIPv4) {
        // In the form that was asked in.
        .to(SocketName(address: real, port: name.port, isIPv6Form: name.isIPv6Form))
      } else {
        .skip
      }
    return .exit(
      ExitBind(family: isIPv4 ? .ipv4 : .ipv6, isMarked: problem == nil, binding: binding))
  }

  /// What becomes of sendto(2) to `name`: DNS queries are exit traffic, and tor binds their socket to
  /// nothing.
  public func decide(sendTo name: SocketName) -> SendDecision {
    guard dnsPorts.contains(name.port) else { return .passBy }
    if problem != nil { return onError == .refuse ? .refuse : .passBy }
    return .mark(name.address.isIPv4 ? .ipv4 : .ipv6)
  }

  private func isExit(_ address: Address) -> Bool {
    if problem != nil, !knowsExits {
      // Nobody said what an exit address is: it may be any that leaves the host.
      return !address.isUnspecified && !address.isLoopback
    }
    return switch mode {
    case .bind: exitAddresses.contains(address)
    case .sentinel: sentinels.contains(address)
    case nil: exitAddresses.contains(address) || sentinels.contains(address)
    }
  }
}
