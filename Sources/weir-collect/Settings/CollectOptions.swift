// The settings as options: of `run` and of `check`, which checks what `run` would do.

import ArgumentParser
import Configuration

struct CollectOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Configuration file; the options below have their say over it.", valueName: "file"))
  var config: String?

  @Option(help: help(.interface)) var interface: String?
  @Option(name: .customLong("exit-address"), parsing: .singleValue, help: help(.exitAddress))
  var exitAddresses: [String] = []
  @Option(help: help(.dscp)) var dscp: Int64?
  @Flag(help: help(.everyFlow)) var everyFlow = false
  @Option(help: help(.ledger)) var ledger: String?
  @Option(help: help(.asnDatabase)) var asnDatabase: String?
  @Option(help: help(.countryDatabase)) var countryDatabase: String?
  @Option(help: help(.user)) var user: String?
  @Option(help: help(.flushSeconds)) var flushSeconds: Int64?
  @Option(help: help(.ringBytes)) var ringBytes: Int64?
  @Option(help: help(.threads)) var threads: Int64?
  @Flag(inversion: .prefixedNo, help: help(.promiscuous)) var promiscuous: Bool?
  @Option(help: help(.maxFlows)) var maxFlows: Int64?
  @Option(help: help(.tcpIdle)) var tcpIdle: Int64?
  @Option(help: help(.udpIdle)) var udpIdle: Int64?
  @Option(help: help(.statusFolder)) var statusFolder: String?
  @Option(help: help(.textfile)) var textfile: String?
  @Option(help: help(.confinement)) var confinement: String?
  @Option(name: .customLong("fold-hours-after-days"), help: help(.hoursForDays))
  var hoursForDays: Int64?
  @Option(name: .customLong("fold-days-after-months"), help: help(.daysForMonths))
  var daysForMonths: Int64?

  /// The settings, from the file that is named and from these options.
  func settings() throws(ConfigurationError) -> CollectSettings {
    var file: ConfigurationDocument?
    if let config { file = try ConfigurationDocument(path: config) }
    return try settings(over: file)
  }

  func settings(over file: ConfigurationDocument?) throws(ConfigurationError) -> CollectSettings {
    try CollectSettings(options: given, file: file)
  }

  private var given: [ConfigurationEntry] {
    let texts: [(CollectSetting, String?)] = [
      (.interface, interface), (.ledger, ledger), (.asnDatabase, asnDatabase),
      (.countryDatabase, countryDatabase), (.user, user), (.statusFolder, statusFolder),
      (.textfile, textfile), (.confinement, confinement),
    ]
    let numbers: [(CollectSetting, Int64?)] = [
      (.dscp, dscp), (.flushSeconds, flushSeconds), (.ringBytes, ringBytes), (.threads, threads),
      (.maxFlows, maxFlows), (.tcpIdle, tcpIdle), (.udpIdle, udpIdle),
      (.hoursForDays, hoursForDays), (.daysForMonths, daysForMonths),
    ]
    let truths: [(CollectSetting, Bool?)] = [
      (.everyFlow, everyFlow ? true : nil), (.promiscuous, promiscuous),
    ]
    var values: [(CollectSetting, ConfigurationValue)] = []
    values += texts.compactMap { setting, text in text.map { (setting, .string($0)) } }
    values += numbers.compactMap { setting, number in number.map { (setting, .integer($0)) } }
    values += truths.compactMap { setting, truth in truth.map { (setting, .boolean($0)) } }
    var entries = values.map { ConfigurationEntry(option: $0.rawValue, $1) }
    if !exitAddresses.isEmpty {
      entries.append(
        ConfigurationEntry(option: CollectSetting.exitAddress.rawValue, strings: exitAddresses))
    }
    return entries
  }

  static func help(_ setting: CollectSetting) -> ArgumentHelp {
    var text = setting.summary
    if case .choice(let words) = setting.kind {
      text += " (\(words.joined(separator: " or ")); default: \(setting.defaultText ?? ""))"
    } else if setting.kind != .truth, let value = setting.defaultText {
      text += " (default: \(value))"
    } else if setting == .promiscuous {
      text += " (default: --promiscuous)"
    }
    let valueName: String? =
      switch setting.kind {
      case .text(let name), .texts(let name): name
      case .choice: "word"
      case .number: "number"
      case .truth: nil
      }
    return ArgumentHelp(stringLiteral: text).with(valueName)
  }
}

extension ArgumentHelp {
  fileprivate func with(_ valueName: String?) -> ArgumentHelp {
    var help = self
    if let valueName { help.valueName = valueName }
    return help
  }
}
