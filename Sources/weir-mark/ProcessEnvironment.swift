// The environment that the command gets: this process's own, with the settings of the mark.

import Glibc
import MarkPolicy

struct ProcessEnvironment {
  /// "NAME=value", in their order.
  private(set) var entries: [[UInt8]]

  static var current: ProcessEnvironment {
    var entries: [[UInt8]] = []
    var next = unsafe environ
    // Ends with a null pointer; nothing changes it meanwhile.
    while let entry = unsafe next.pointee {
      unsafe entries.append(Array(UnsafeRawBufferPointer(start: entry, count: strlen(entry))))
      unsafe next += 1
    }
    return ProcessEnvironment(entries: entries)
  }

  init(entries: [[UInt8]]) {
    self.entries = entries
  }

  func value(of name: String) -> String? {
    let prefix = Array("\(name)=".utf8)
    return entries.first { $0.starts(with: prefix) }
      .map { String(decoding: $0.dropFirst(prefix.count), as: UTF8.self) }
  }

  /// Setting `nil` removes a variable.
  subscript(setting: Setting) -> String? {
    get { value(of: "\(setting.name)") }
    set { set("\(setting.name)", to: newValue) }
  }

  /// - Parameter value: what does not hold a zero byte, nor, for LD_PRELOAD, a blank or a colon.
  mutating func prepend(_ value: String, toListNamed name: String) {
    let others = self.value(of: name) ?? ""
    set(name, to: others.isEmpty ? value : "\(value):\(others)")
  }

  private mutating func set(_ name: String, to value: String?) {
    let prefix = Array("\(name)=".utf8)
    entries.removeAll { $0.starts(with: prefix) }
    if let value { entries.append(prefix + Array(value.utf8)) }
  }

  var hasSettings: Bool { entries.contains { $0.starts(with: "WEIR_MARK_".utf8) } }

  /// As the library would read them.
  func readSettings() -> Settings {
    var reader = SettingsReader()
    for (index, entry) in entries.enumerated() { reader.read(entry.span, at: index) }
    return reader.finish()
  }

  /// What the library would find wrong with these settings.
  func problem() -> SettingsProblem? { readSettings().problem }

  func describe(_ problem: SettingsProblem) -> String {
    let entry = problem.entry.map { entries[$0] }
    var line = MessageLine()
    if let entry {
      line.append(problem, entry: entry.span)
    } else {
      line.append(problem, entry: nil)
    }
    let bytes = line.bytes
    return String(decoding: (0..<line.count).map { bytes[$0] }, as: UTF8.self)
  }
}
