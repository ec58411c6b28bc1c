// What the operator set, after it was read. Not the reading itself: that is SettingsReader.

/// The variables of the environment that the mark is told its settings by.
public enum Setting: UInt8, Sendable {
  case mode, exitAddress, sentinel, realAddress, dscp, dnsPorts, onError, status

  public static var count: Int { 8 }

  public var name: StaticString {
    switch self {
    case .mode: "WEIR_MARK_MODE"
    case .exitAddress: "WEIR_MARK_EXIT_ADDRESS"
    case .sentinel: "WEIR_MARK_SENTINEL"
    case .realAddress: "WEIR_MARK_REAL_ADDRESS"
    case .dscp: "WEIR_MARK_DSCP"
    case .dnsPorts: "WEIR_MARK_DNS_PORTS"
    case .onError: "WEIR_MARK_ON_ERROR"
    case .status: "WEIR_MARK_STATUS"
    }
  }
}

public enum Mode: UInt8, Sendable {
  /// Exit connections bind to an exit address, which nothing else binds to.
  case bind
  /// Exit connections bind to an address that stands for "exit" and that the host does not have.
  case sentinel
}

/// What happens to exit connections that can't be marked.
public enum OnError: UInt8, Sendable {
  /// They fail, and Tor-internal traffic goes on.
  case refuse
  /// They go on, unmarked.
  case pass
}

public struct Settings: Sendable {
  public static var defaultDSCP: UInt8 { 7 }
  public static var defaultDNSPort: UInt16 { 53 }

  public var mode: Mode?
  public var exitAddresses = AddressList()
  public var sentinels = AddressList()
  /// At most one of each family.
  public var realAddresses = AddressList()
  public var dscp = Settings.defaultDSCP
  public var dnsPorts = PortList(Settings.defaultDNSPort)
  public var onError = OnError.refuse

  /// The first thing that is wrong. If anything is, nothing is marked.
  public var problem: SettingsProblem?
  /// Whether the addresses that tell exit connections are known in spite of a problem elsewhere.
  public var knowsExits = false

  public init() {}

  /// The ToS byte or traffic class: DSCP above the two ECN bits (RFC 2474 section 3, RFC 3168
  /// section 5).
  public var trafficClass: UInt8 { dscp << 2 }
}

public struct PortList: Sendable {
  public static let capacity = 8

  private var storage = InlineArray<8, UInt16>(repeating: 0)
  public private(set) var count = 0

  public init() {}

  public init(_ port: UInt16) {
    storage[0] = port
    count = 1
  }

  public var isEmpty: Bool { count == 0 }

  public subscript(index: Int) -> UInt16 {
    precondition(index < count)
    return storage[index]
  }

  /// - Returns: whether there was room.
  public mutating func append(_ port: UInt16) -> Bool {
    guard count < Self.capacity else { return false }
    storage[count] = port
    count += 1
    return true
  }

  public func contains(_ port: UInt16) -> Bool {
    for index in 0..<count where storage[index] == port { return true }
    return false
  }
}

public struct SettingsProblem: Equatable, Sendable {
  public enum Reason: UInt8, Sendable {
    case unknownSetting, setTwice
    case missingMode, badMode
    case missingExitAddress, missingSentinel
    case badAddress, notASource, tooManyAddresses
    case onlyInBindMode, onlyInSentinelMode
    case tooManyRealAddresses, realAddressWithoutSentinel, realAddressIsSentinel
    case badDSCP, badPorts, tooManyPorts, badOnError, badStatus
  }

  public var reason: Reason
  /// `nil` for a variable with a name that is none of ours.
  public var setting: Setting?
  /// The index of the variable in the environment, where it is there.
  public var entry: Int?

  public init(reason: Reason, setting: Setting?, entry: Int?) {
    self.reason = reason
    self.setting = setting
    self.entry = entry
  }

  public var explanation: StaticString {
    switch reason {
    case .unknownSetting: "there is no such setting"
    case .setTwice: "is set more than once"
    case .missingMode: "is not set: it takes 'bind' or 'sentinel'"
    case .badMode: "takes 'bind' or 'sentinel'"
    case .missingExitAddress: "is not set, and bind mode needs it"
    case .missingSentinel: "is not set, and sentinel mode needs it"
    case .badAddress: "takes IPv4 and IPv6 addresses with commas between them"
    case .notASource: "has an address that no connection can come from"
    case .tooManyAddresses: "takes 16 addresses at most"
    case .onlyInBindMode: "has a meaning in bind mode only"
    case .onlyInSentinelMode: "has a meaning in sentinel mode only"
    case .tooManyRealAddresses: "takes one IPv4 and one IPv6 address at most"
    case .realAddressWithoutSentinel: "has an address of a family that no sentinel is of"
    case .realAddressIsSentinel: "is the sentinel itself"
    case .badDSCP: "takes a number from 0 to 63"
    case .badPorts: "takes port numbers from 1 to 65535 with commas between them"
    case .tooManyPorts: "takes 8 ports at most"
    case .badOnError: "takes 'refuse' or 'pass'"
    case .badStatus: "takes an absolute path"
    }
  }
}
