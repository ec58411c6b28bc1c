// An IPv4 or IPv6 address as the mark compares them. Not for prefixes, names or ports.

/// 128 bits; an IPv4 address is held in its IPv4-mapped form (RFC 4291 section 2.5.5.2), because an
/// IPv6 socket that binds to the mapped form sends from the IPv4 address.
public struct Address: Equatable, Sendable {
  public var high: UInt64
  public var low: UInt64

  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  public init(ipv4: UInt32) {
    self.init(high: 0, low: 0xffff_0000_0000 | UInt64(ipv4))
  }

  public var isIPv4: Bool { high == 0 && low >> 32 == 0xffff }

  private var ipv4: UInt32 { UInt32(truncatingIfNeeded: low) }

  public var isUnspecified: Bool { isIPv4 ? ipv4 == 0 : high == 0 && low == 0 }

  public var isLoopback: Bool { isIPv4 ? ipv4 >> 24 == 127 : high == 0 && low == 1 }

  /// Something that a connection can come from: neither unspecified nor multicast nor, in IPv4, one
  /// of the reserved block that ends with the broadcast address.
  public var canBeSource: Bool {
    !isUnspecified && (isIPv4 ? ipv4 >> 29 != 0b111 : high >> 56 != 0xff)
  }
}

/// A few addresses, in place: what is decided for every socket must not look at a heap.
public struct AddressList: Sendable {
  public static let capacity = 16

  private var storage = InlineArray<16, Address>(repeating: Address(high: 0, low: 0))
  public private(set) var count = 0

  public init() {}

  public var isEmpty: Bool { count == 0 }

  public subscript(index: Int) -> Address {
    precondition(index < count)
    return storage[index]
  }

  /// - Returns: whether there was room.
  public mutating func append(_ address: Address) -> Bool {
    guard count < Self.capacity else { return false }
    storage[count] = address
    count += 1
    return true
  }

  public func contains(_ address: Address) -> Bool {
    for index in 0..<count where storage[index] == address { return true }
    return false
  }

  public func first(isIPv4: Bool) -> Address? {
    for index in 0..<count where storage[index].isIPv4 == isIPv4 { return storage[index] }
    return nil
  }

  public func count(isIPv4: Bool) -> Int {
    var found = 0
    for index in 0..<count where storage[index].isIPv4 == isIPv4 { found += 1 }
    return found
  }
}
