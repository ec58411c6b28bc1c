// The environment's WEIR_MARK_ variables into settings, with one verdict on all of them.

/// Shown every entry of the environment, one after the other, then asked for the settings. A wrong
/// setting keeps its default, and the first problem is kept.
public struct SettingsReader {
  private var settings = Settings()
  private var entries = InlineArray<8, Int>(repeating: -1)
  /// Settings whose text could not be read to its end.
  private var unsound = InlineArray<8, Bool>(repeating: false)

  public init() {}

  /// - Parameters:
  ///   - entry: "NAME=value", without the zero at its end.
  ///   - index: where it is in the environment, for the message on a problem.
  /// - Returns: which setting it is, if it is one of ours.
  @discardableResult
  public mutating func read(_ entry: Span<UInt8>, at index: Int) -> Setting? {
    guard begins(entry, "WEIR_MARK_") else { return nil }
    var equals = 0
    while equals < entry.count, entry[equals] != UInt8(ascii: "=") { equals += 1 }
    let name = entry.extracting(0..<equals)
    guard let setting = Self.setting(named: name), equals < entry.count else {
      note(.unknownSetting, nil, index)
      return nil
    }
    guard entries[Int(setting.rawValue)] < 0 else {
      note(.setTwice, setting, index)
      return setting
    }
    entries[Int(setting.rawValue)] = index
    let value = entry.extracting((equals + 1)..<entry.count)
    if let reason = read(setting, value) { note(reason, setting, index) }
    return setting
  }

  /// The settings, after a look at what they are together.
  public consuming func finish() -> Settings {
    switch settings.mode {
    case nil: noteMissing(.missingMode, .mode)
    case .bind:
      noteUnless(settings.sentinels.isEmpty, .onlyInSentinelMode, .sentinel)
      noteUnless(settings.realAddresses.isEmpty, .onlyInSentinelMode, .realAddress)
      if settings.exitAddresses.isEmpty { noteMissing(.missingExitAddress, .exitAddress) }
    case .sentinel:
      noteUnless(settings.exitAddresses.isEmpty, .onlyInBindMode, .exitAddress)
      if settings.sentinels.isEmpty { noteMissing(.missingSentinel, .sentinel) }
      checkRealAddress(isIPv4: true)
      checkRealAddress(isIPv4: false)
    }
    settings.knowsExits = knowsExits
    return settings
  }

  private var knowsExits: Bool {
    let exits = !isUnsound(.exitAddress) && !settings.exitAddresses.isEmpty
    let sentinels = !isUnsound(.sentinel) && !settings.sentinels.isEmpty
    return switch settings.mode {
    case .bind: exits
    case .sentinel: sentinels
    case nil:
      (exits || sentinels) && !isUnsound(.exitAddress) && !isUnsound(.sentinel)
    }
  }

  private mutating func checkRealAddress(isIPv4: Bool) {
    guard let real = settings.realAddresses.first(isIPv4: isIPv4) else { return }
    noteUnless(
      settings.realAddresses.count(isIPv4: isIPv4) == 1, .tooManyRealAddresses, .realAddress)
    noteUnless(
      settings.sentinels.first(isIPv4: isIPv4) != nil, .realAddressWithoutSentinel, .realAddress)
    noteUnless(!settings.sentinels.contains(real), .realAddressIsSentinel, .realAddress)
  }

  // MARK: - One setting

  private mutating func read(_ setting: Setting, _ value: Span<UInt8>) -> SettingsProblem.Reason? {
    switch setting {
    case .mode:
      if equal(value, "bind") {
        settings.mode = .bind
      } else if equal(value, "sentinel") {
        settings.mode = .sentinel
      } else {
        return .badMode
      }
    case .exitAddress: return Self.read(value, into: &settings.exitAddresses)
    case .sentinel: return Self.read(value, into: &settings.sentinels)
    case .realAddress: return Self.read(value, into: &settings.realAddresses)
    case .dscp:
      guard let dscp = decimal(value), dscp <= 63 else { return .badDSCP }
      settings.dscp = UInt8(dscp)
    case .dnsPorts:
      var ports = PortList()
      let reason = forEachItem(of: value) { item in
        guard let port = decimal(item), (1...65_535).contains(port) else { return .badPorts }
        return ports.append(UInt16(port)) ? nil : .tooManyPorts
      }
      if let reason { return reason }
      settings.dnsPorts = ports
    case .onError:
      if equal(value, "refuse") {
        settings.onError = .refuse
      } else if equal(value, "pass") {
        settings.onError = .pass
      } else {
        return .badOnError
      }
    case .status:
      guard value.isEmpty || value[0] == UInt8(ascii: "/") else { return .badStatus }
    }
    return nil
  }

  private static func read(
    _ value: Span<UInt8>, into list: inout AddressList
  ) -> SettingsProblem.Reason? {
    forEachItem(of: value) { item in
      guard let address = Address(item) else { return .badAddress }
      guard address.canBeSource else { return .notASource }
      return list.contains(address) || list.append(address) ? nil : .tooManyAddresses
    }
  }

  private static func setting(named name: Span<UInt8>) -> Setting? {
    for index in 0..<Setting.count {
      if let setting = Setting(rawValue: UInt8(index)), equal(name, setting.name) {
        return setting
      }
    }
    return nil
  }

  // MARK: - Problems

  private func isUnsound(_ setting: Setting) -> Bool { unsound[Int(setting.rawValue)] }

  private mutating func note(
    _ reason: SettingsProblem.Reason, _ setting: Setting?, _ entry: Int?
  ) {
    if let setting { unsound[Int(setting.rawValue)] = true }
    guard settings.problem == nil else { return }
    settings.problem = SettingsProblem(reason: reason, setting: setting, entry: entry)
  }

  private mutating func noteUnless(
    _ condition: Bool, _ reason: SettingsProblem.Reason, _ setting: Setting
  ) {
    if !condition { note(reason, setting, entries[Int(setting.rawValue)]) }
  }

  /// That a setting is missing is news only if its own text was not at fault.
  private mutating func noteMissing(_ reason: SettingsProblem.Reason, _ setting: Setting) {
    if !isUnsound(setting) { note(reason, setting, nil) }
  }
}

// MARK: - Text

/// Calls `body` with what is between commas, without the blanks around it; not at all for an empty
/// text.
/// - Returns: the first reason that `body` gives, which ends the walk.
private func forEachItem(
  of text: Span<UInt8>, _ body: (Span<UInt8>) -> SettingsProblem.Reason?
) -> SettingsProblem.Reason? {
  if text.isEmpty { return nil }
  var start = 0
  while start <= text.count {
    var end = start
    while end < text.count, text[end] != UInt8(ascii: ",") { end += 1 }
    var first = start
    var last = end
    while first < last, isBlank(text[first]) { first += 1 }
    while last > first, isBlank(text[last - 1]) { last -= 1 }
    if let reason = body(text.extracting(first..<last)) { return reason }
    start = end + 1
  }
  return nil
}

private func isBlank(_ byte: UInt8) -> Bool {
  byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
}

private func equal(_ text: Span<UInt8>, _ constant: StaticString) -> Bool {
  text.count == constant.utf8CodeUnitCount && begins(text, constant)
}

private func begins(_ text: Span<UInt8>, _ constant: StaticString) -> Bool {
  let count = constant.utf8CodeUnitCount
  guard text.count >= count else { return false }
  // A static string's bytes last as long as the program, and the index stays below their count.
  for index in 0..<count where unsafe text[index] != constant.utf8Start[index] { return false }
  return true
}
