// weir-collect.toml(5) against the settings that there are: names, ranges, defaults.

import Foundation
import Testing

@testable import weir_collect

@Suite struct ManualTests {
  /// What the page says of each key, in the page's order.
  private static func items() throws -> [(key: String, text: String)] {
    let page = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../deploy/man/weir-collect.toml.5")
    let text = try String(contentsOf: page, encoding: .utf8)
    return text.components(separatedBy: "\n.It Ic ").dropFirst().map { part in
      let end = part.range(of: "\n.El")?.lowerBound ?? part.endIndex
      let lines = part[..<end].split(separator: "\n")
      return (String(lines[0]), lines.dropFirst().joined(separator: " "))
    }
  }

  @Test("every setting is in the manual, and every key of the manual is a setting")
  func keys() throws {
    let keys = try Self.items().map(\.key)
    #expect(Set(keys) == Set(CollectSetting.allCases.map(\.rawValue)))
    #expect(keys.count == CollectSetting.allCases.count)
  }

  @Test("the manual has every kind, range and default right", arguments: CollectSetting.allCases)
  func facts(setting: CollectSetting) throws {
    let text = try #require(try Self.items().first { $0.key == setting.rawValue }).text
    switch setting.kind {
    case .text: #expect(text.hasPrefix("A string: "))
    case .texts: #expect(text.hasPrefix("A string or an array of strings: "))
    case .truth:
      #expect(text.hasPrefix("A boolean: "))
      #expect(text.contains(".Pq Li \(setting.defaultText ?? "")"))
    case .number(let range):
      #expect(text.hasPrefix("An integer, \(range.lowerBound) to \(range.upperBound): "))
      #expect(text.contains(" (\(setting.defaultText ?? ""))."))
    case .choice(let words):
      for word in words { #expect(text.contains(".Li \(word)")) }
      #expect(text.contains(".Li \(setting.defaultText ?? "") (the default)"))
    }
  }
}
