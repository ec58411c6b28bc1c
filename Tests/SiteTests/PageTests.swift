// What holds for every page: well-formed, without scripts, pictures or anything from elsewhere.

import Foundation
import Testing

@testable import Site

@Suite struct PageTests {
  private let workplace: Workplace
  private let pages: [String: String]

  init() throws {
    workplace = try Workplace()
    var withheld = try MonthBuilder("2026-09")
    try withheld.add(flows: 3)
    try workplace.writer().publish([try MonthBuilder.everyKind(), try withheld.released()])
    pages = try workplace.files().filter { $0.key.hasSuffix(".html") }
      .mapValues { String(decoding: $0, as: UTF8.self) }
  }

  @Test("Every tag is closed, every reference escaped, every id used once and found")
  func wellFormed() throws {
    for (file, page) in pages {
      let elements = try elements(of: page)
      let ids = elements.compactMap { $0.attributes["id"] }
      #expect(Set(ids).count == ids.count, "\(file)")
      let labels = elements.compactMap { $0.attributes["aria-labelledby"] }
      let anchors = elements.compactMap { $0.attributes["href"] }.filter { $0.hasPrefix("#") }
      #expect(Set(labels + anchors.map { String($0.dropFirst()) }).isSubset(of: ids), "\(file)")
    }
  }

  @Test("No script, drawing, style attribute, picture, frame, form or outside resource")
  func nothingActive() throws {
    let stylesheet = try workplace.text("style.css")
    for forbidden in ["url(", "@import", "@font-face", "http:", "https:"] {
      #expect(!stylesheet.contains(forbidden))
    }
    let allowed: Set = [
      "html", "head", "meta", "title", "link", "body", "header", "nav", "main", "footer", "section",
      "div", "h1", "h2", "h3", "p", "ul", "li", "dl", "dt", "dd", "a", "strong", "span", "bdi",
      "code", "sup", "br", "time", "data", "table", "caption", "thead", "tbody", "tfoot", "tr",
      "th", "td", "ol", "em", "cite", "blockquote", "details", "summary", "pre", "h4",
    ]
    for (file, page) in pages {
      for element in try elements(of: page) {
        #expect(allowed.contains(element.name), "<\(element.name)> in \(file)")
        for (key, value) in element.attributes {
          #expect(key != "style" && !key.hasPrefix("on") && key != "src", "\(key) in \(file)")
          let isText = ["datetime", "content", "aria-label"].contains(key)
          // A link leads elsewhere only where a reader follows it.
          let isLink = element.name == "a" && key == "href" && value.hasPrefix("https://")
          #expect(!value.contains(":") || isText || isLink, "\(key)=\(value) in \(file)")
        }
      }
    }
  }

  @Test("Every relative link leads to a file of the site, and every class of a bar has a width")
  func linksLead() throws {
    let stylesheet = try workplace.text("style.css")
    for (file, page) in pages {
      let folder = URL(filePath: "\(workplace.site)/\(file)").deletingLastPathComponent().path
      for element in try elements(of: page) {
        if let target = element.attributes["href"]?.split(separator: "#").first,
          element.attributes["href"]?.hasPrefix("#") == false, !target.hasPrefix("https://")
        {
          #expect(FileManager.default.fileExists(atPath: "\(folder)/\(target)"), "\(target)")
        }
        for name in element.attributes["class"]?.split(separator: " ") ?? [] {
          #expect(stylesheet.contains(".\(name)"), "\(name) in \(file)")
        }
      }
    }
    for number in 0...100 {
      #expect(stylesheet.contains(".bar-\(number) {"))
      #expect(stylesheet.contains(".h-\(number) {"))
    }
    for column in 1...WorldGrid.columns { #expect(stylesheet.contains(".c-\(column) {")) }
    for row in 1...WorldGrid.rows { #expect(stylesheet.contains(".r-\(row) {")) }
  }

  @Test("Every page has a language, a title of its own, a first heading, and a skip link")
  func landmarks() throws {
    var titles: Set<String> = []
    for (file, page) in pages {
      let elements = try elements(of: page)
      #expect(elements.first { $0.name == "html" }?.attributes["lang"] == "en", "\(file)")
      #expect(elements.filter { $0.name == "h1" }.count == 1)
      #expect(elements.first { $0.name == "a" }?.attributes["href"] == "#content")
      titles.insert(try #require(elements.first { $0.name == "title" }).text)
    }
    #expect(titles.count == pages.count)
  }

  @Test("Every table has a caption, and every heading cell a scope")
  func tablesAreLabelled() throws {
    for page in pages.values {
      let elements = try elements(of: page)
      #expect(
        elements.filter { $0.name == "table" }.count
          == elements.filter { $0.name == "caption" }.count)
      for element in elements where element.name == "th" {
        #expect(["row", "col"].contains(element.attributes["scope"]))
      }
    }
  }

  @Test("Every tag of a template that names something is filled in")
  func nothingLeftEmpty() throws {
    for page in pages.values {
      #expect(!page.contains("{{"))
      for element in try elements(of: page)
      where ["h1", "h2", "caption", "title", "data", "strong"].contains(element.name) {
        #expect(!element.text.isEmpty)
        #expect(element.attributes["value"] != "")
      }
    }
  }
}
