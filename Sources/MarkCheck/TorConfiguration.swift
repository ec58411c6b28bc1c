// What of tor's configuration concerns the mark. Other options are read over.

public import MarkPolicy

public struct TorConfiguration: Sendable {
  public var isRelay = false
  public var isExit = false
  public var usesIPv6 = false
  public var isSandboxed = false
  /// Addresses that ORPort and DirPort name; a port alone names none.
  public var listenerAddresses: [Address] = []
  public var bindAddresses: [Address] = []
  public var exitBindAddresses: [Address] = []
  public var orBindAddresses: [Address] = []
  /// Targets of onion services that are not on this host's loopback, as they are written.
  public var distantBackends: [String] = []
  /// Ports that tor answers DNS queries on, for its own clients.
  public var dnsListenerPorts: Set<UInt16> = []
  /// Values that tor would refuse, with their names.
  public var unreadable: [String] = []

  /// - Parameter sources: the defaults' file, the torrc and the command line, in this order; what is
  ///   set in one takes the place of what was set in those before it.
  public init(_ sources: [[TorrcLine]]) {
    var options = Options()
    for source in sources { options.add(source) }

    let orPorts = options.values("ORPort").filter { !isPortZero($0) }
    isRelay = !orPorts.isEmpty
    let isBridge = options.flag("BridgeRelay")
    usesIPv6 = options.flag("IPv6Exit")
    isExit =
      switch options.value("ExitRelay").lowercased() {
      case "1": isRelay && !isBridge
      case "0": false
      default:
        isRelay && !isBridge
          && (usesIPv6 || options.flag("ReducedExitPolicy")
            || !options.values("ExitPolicy").isEmpty)
      }
    isSandboxed = options.flag("Sandbox")
    for port in orPorts + options.values("DirPort") {
      if let address = listenerAddress(port) { listenerAddresses.append(address) }
    }
    for port in options.values("DNSPort") {
      if let number = firstWord(port).split(separator: ":").last.flatMap({ UInt16($0) }) {
        dnsListenerPorts.insert(number)
      }
    }
    bindAddresses = readAddresses("OutboundBindAddress", options)
    exitBindAddresses = readAddresses("OutboundBindAddressExit", options)
    orBindAddresses = readAddresses("OutboundBindAddressOR", options)
    for port in options.values("HiddenServicePort") {
      let words = port.split(whereSeparator: \.isWhitespace)
      if words.count >= 2, !isLocal(String(words[1])) { distantBackends.append(port) }
    }
  }

  private mutating func readAddresses(_ name: String, _ options: Options) -> [Address] {
    options.values(name).compactMap { value in
      let address = Address(value.trimmedBytes.span)
      if address == nil { unreadable.append("\(name) \(value)") }
      return address
    }
  }
}

/// Values by lower-case name, and which source the last of them came from.
private struct Options {
  private var values: [String: [String]] = [:]
  private var sources: [String: Int] = [:]
  private var sourceCount = 0

  mutating func add(_ lines: [TorrcLine]) {
    sourceCount += 1
    for line in lines {
      let name = line.name.lowercased()
      let isNew = sources[name] != sourceCount
      sources[name] = sourceCount
      switch line.command {
      case .clear: values[name] = []
      case .append: values[name, default: []].append(line.value)
      case .set: values[name] = (isNew ? [] : values[name] ?? []) + [line.value]
      }
    }
  }

  func values(_ name: String) -> [String] {
    (values[name.lowercased()] ?? []).filter { !$0.trimmedBytes.isEmpty }
  }

  /// Of an option that is set once: its last value.
  func value(_ name: String) -> String {
    String(decoding: (values[name.lowercased()]?.last ?? "").trimmedBytes, as: UTF8.self)
  }

  func flag(_ name: String) -> Bool { value(name) == "1" }
}

extension String {
  fileprivate var trimmedBytes: [UInt8] {
    let isSpace = { (byte: UInt8) in byte == 32 || (9...13).contains(byte) }
    return Array(utf8.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
  }
}

private func firstWord(_ text: String) -> Substring {
  text.split(maxSplits: 1, whereSeparator: \.isWhitespace).first ?? ""
}

private func isPortZero(_ value: String) -> Bool { firstWord(value) == "0" }

/// The address of "ADDRESS:PORT flags", if it has one.
private func listenerAddress(_ value: String) -> Address? { address(before: firstWord(value)) }

private func address(before text: Substring) -> Address? {
  if let whole = Address(Array(text.utf8).span) { return whole }
  guard let colon = text.lastIndex(of: ":") else { return nil }
  return Address(Array(text[..<colon].utf8).span)
}

/// Of an onion service's target: a port alone, a path, or a loopback address.
private func isLocal(_ target: String) -> Bool {
  if target.allSatisfy(\.isNumber) || target.lowercased().hasPrefix("unix:") { return true }
  if target.lowercased() == "localhost" || target.lowercased().hasPrefix("localhost:") {
    return true
  }
  return address(before: target[...])?.isLoopback ?? false
}
