// The settings of the running collector, read from a file and from options, and checked. An option
// has its say over the file.

import Configuration
import Flows
import Packets

struct CollectSettings: Sendable {
  var interface: String
  var exitAddresses: [AddressRange]
  var selection: FlowSelection
  var ledger: String
  var asnDatabase: String
  var countryDatabase: String
  var user: String?
  var flushSeconds: Int
  var ringBytes: Int
  var threads: Int
  var promiscuous: Bool
  var maximumFlows: Int
  var tcpIdleSeconds: Int
  var udpIdleSeconds: Int
  var statusFolder: String?
  var textfile: String?
  /// Whether to refuse to run where the process can't be confined as it should be.
  var requiresConfinement: Bool
  var hoursForDays: Int
  var daysForMonths: Int

  /// Where each setting that was given comes from.
  let places: [CollectSetting: ConfigurationPlace]

  /// - Parameters:
  ///   - options: the settings that were given as options.
  ///   - file: the configuration that was named.
  init(
    options: [ConfigurationEntry], file: ConfigurationDocument? = nil
  ) throws(ConfigurationError) {
    try file?.refuseUnknown(["": CollectSetting.allCases.map(\.rawValue)])
    let given = GivenSettings(entries: (file?.root.entries ?? []) + options, file: file?.file)
    places = given.entries.mapValues(\.place)

    interface = try given.required(.interface)
    exitAddresses = try given.exitAddresses()
    selection = try given.selection()
    ledger = try given.required(.ledger)
    asnDatabase = try given.required(.asnDatabase)
    countryDatabase = try given.required(.countryDatabase)
    user = try given.text(.user)
    flushSeconds = try given.number(.flushSeconds)
    ringBytes = try given.number(.ringBytes)
    threads = try given.number(.threads)
    promiscuous = try given.truth(.promiscuous)
    maximumFlows = try given.number(.maxFlows)
    tcpIdleSeconds = try given.number(.tcpIdle)
    udpIdleSeconds = try given.number(.udpIdle)
    statusFolder = try given.text(.statusFolder)
    textfile = try given.text(.textfile)
    requiresConfinement = try given.choice(.confinement) == "required"
    hoursForDays = try given.number(.hoursForDays)
    daysForMonths = try given.number(.daysForMonths)
  }

  var meter: MeterConfiguration {
    var meter = MeterConfiguration(exitAddresses: exitAddresses)
    meter.selection = selection
    meter.maximumFlows = maximumFlows
    meter.tcpIdleSeconds = tcpIdleSeconds
    meter.udpIdleSeconds = udpIdleSeconds
    return meter
  }

  /// The setting by which a folder, or a file in it, was named.
  func settingNaming(folder: String) -> CollectSetting? {
    let files = [
      (CollectSetting.ledger, ledger), (.asnDatabase, asnDatabase),
      (.countryDatabase, countryDatabase), (.textfile, textfile ?? ""),
    ]
    if statusFolder == folder { return .statusFolder }
    return files.first { $1.isEmpty ? false : enclosingFolder(of: $1) == folder }?.0
  }

  /// How an error about a setting begins: its line, or its option.
  func subject(_ setting: CollectSetting) -> String {
    switch places[setting] {
    case .line(let file, let line): "\(file):\(line): \(setting.rawValue)"
    case .option(let name): name
    case nil: setting.rawValue
    }
  }
}

/// What was given, the last one of each counting.
private struct GivenSettings {
  private(set) var entries: [CollectSetting: ConfigurationEntry] = [:]
  private let file: String?

  init(entries: [ConfigurationEntry], file: String?) {
    for entry in entries {
      if let setting = CollectSetting(rawValue: entry.key) { self.entries[setting] = entry }
    }
    // A mark to look for and the wish to look for none: the option decides, not their two places.
    let isOption = { (entry: ConfigurationEntry?) in
      if case .option = entry?.place { true } else { false }
    }
    if isOption(self.entries[.dscp]), !isOption(self.entries[.everyFlow]) {
      self.entries[.everyFlow] = nil
    } else if isOption(self.entries[.everyFlow]), !isOption(self.entries[.dscp]) {
      self.entries[.dscp] = nil
    }
    self.file = file
  }

  func missing(_ setting: CollectSetting) -> ConfigurationError {
    if let file {
      return .incomplete(
        file: file, "'\(setting.rawValue)' is missing: \(lowered(setting.summary))")
    }
    return .wrong(
      .option("--\(setting.rawValue)"), "is missing: give it, or a configuration with --config")
  }

  func text(_ setting: CollectSetting) throws(ConfigurationError) -> String? {
    guard let entry = entries[setting] else { return nil }
    let text = try entry.string()
    if text.isEmpty { throw entry.wrong("is empty") }
    if text.unicodeScalars.contains("\0") { throw entry.wrong("has a NUL in it") }
    return text
  }

  func required(_ setting: CollectSetting) throws(ConfigurationError) -> String {
    guard let text = try text(setting) else { throw missing(setting) }
    return text
  }

  func choice(_ setting: CollectSetting) throws(ConfigurationError) -> String {
    guard let text = try text(setting) else { return setting.defaultText ?? "" }
    guard case .choice(let words) = setting.kind, words.contains(text) else {
      let words: [String] = if case .choice(let words) = setting.kind { words } else { [] }
      throw entries[setting]?.wrong("takes \(words.joined(separator: " or "))") ?? missing(setting)
    }
    return text
  }

  func number(_ setting: CollectSetting) throws(ConfigurationError) -> Int {
    guard case .number(let range) = setting.kind, let entry = entries[setting] else {
      return Int(setting.defaultNumber ?? 0)
    }
    return Int(try entry.integer(in: range))
  }

  func truth(_ setting: CollectSetting) throws(ConfigurationError) -> Bool {
    try entries[setting]?.boolean() ?? (setting.defaultText == "true")
  }

  func selection() throws(ConfigurationError) -> FlowSelection {
    if try truth(.everyFlow) {
      if let dscp = entries[.dscp] {
        throw dscp.wrong("and every-flow exclude each other: the one asks for a mark")
      }
      return .every
    }
    return .marked(dscp: UInt8(try number(.dscp)))
  }

  func exitAddresses() throws(ConfigurationError) -> [AddressRange] {
    guard let entry = entries[.exitAddress] else { throw missing(.exitAddress) }
    let given = try entry.strings()
    if given.isEmpty { throw entry.wrong("is an empty list: name at least one address") }
    var ranges: [AddressRange] = []
    for (text, place) in given {
      do throws(NoExitAddress) {
        ranges.append(try exitRange(text))
      } catch {
        throw entry.wrong(error.reason, at: place)
      }
    }
    return ranges
  }

  private func lowered(_ sentence: String) -> String {
    let text = sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence
    // "MMDB file" begins with an abbreviation.
    if text.dropFirst().first?.isUppercase == true { return text }
    return text.prefix(1).lowercased() + text.dropFirst()
  }
}
