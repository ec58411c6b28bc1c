// The reports folder is checked before anything is written, and an error names the file.

import Foundation
import Testing

@testable import Site

@Suite struct TemplateTests {
  private let workplace: Workplace
  private let folder: String

  init() throws {
    workplace = try Workplace()
    folder = workplace.path + "/reports"
    try FileManager.default.copyItem(atPath: Workplace.reports, toPath: folder)
  }

  private func replace(_ file: String, with text: String) throws {
    try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(file)"))
  }

  private func error() -> SiteError? {
    do throws(SiteError) {
      _ = try SiteTemplates(directory: folder)
      return nil
    } catch {
      return error
    }
  }

  @Test("The folder of the repository is in order")
  func inOrder() { #expect(error() == nil) }

  @Test(
    "A missing file is named",
    arguments: [
      "style.css", "country-names.csv", "service-names.csv", "templates/index.mustache",
      "templates/month.mustache", "templates",
    ])
  func missing(_ file: String) throws {
    try FileManager.default.removeItem(atPath: "\(folder)/\(file)")
    #expect(
      error()
        == .unreadableResource(file: "\(folder)/\(file)", reason: "no such file or directory"))
  }

  @Test(
    "A template that can't be trusted or parsed is named, with the line",
    arguments: [
      ("{{{name}}}", "an unescaped tag; every text has to be escaped"),
      ("{{ & name}}", "an unescaped tag; every text has to be escaped"),
      ("{{% CONTENT_TYPE: TEXT}}", "a setting; how text is escaped is not the template's to say"),
      ("{{=<% %>=}}", "other delimiters, which hide tags from this check"),
      ("{{>nothing}}", "no template of the name \"nothing\""),
      ("{{#a}}{{/b}}", "a section closed by another's name"),
    ])
  func badTemplate(_ template: String, _ reason: String) throws {
    try replace("templates/cells.mustache", with: "first\n\(template)\n")
    let file = "\(folder)/templates/cells.mustache"
    #expect(error() == .invalidTemplate(file: file, line: 2, reason: reason))
  }

  @Test(
    "A table of names that is wrong is named, with the line",
    arguments: [
      ("country-names.csv", "code,nom\n", 1, "the header is not code,name"),
      (
        "country-names.csv", "code,name\nDE,Germany\n\nde,Germany\n", 4,
        "no code of two capital letters"
      ),
      ("country-names.csv", "code,name\nDE\n", 2, "not 2 fields"),
      ("country-names.csv", "code,name\nDE,\"Ger", 2, "a quoted field without an end"),
      (
        "service-names.csv", "transport,port,name,description\ntcp,70000,x,y\n", 2,
        "no port from 0 to 65535"
      ),
      (
        "service-names.csv", "transport,port,name,description\nsctp,1,x,y\n", 2,
        "a transport that is neither tcp nor udp"
      ),
    ])
  func badNames(_ file: String, _ text: String, _ line: Int, _ reason: String) throws {
    try replace(file, with: text)
    #expect(error() == .invalidNames(file: "\(folder)/\(file)", line: line, reason: reason))
  }

  @Test("Text that is not UTF-8 is refused")
  func notUTF8() throws {
    try Data([0x63, 0xff]).write(to: URL(filePath: "\(folder)/country-names.csv"))
    #expect(
      error() == .unreadableResource(file: "\(folder)/country-names.csv", reason: "not UTF-8"))
  }

  @Test("There are names for all 249 countries of ISO 3166-1, and for the unknown one")
  func countryNames() throws {
    let records = try parseCSV(
      try String(contentsOfFile: "\(folder)/country-names.csv", encoding: .utf8))
    #expect(records.count == 1 + 249 + 1)
    #expect(records.dropFirst().allSatisfy { !$0.fields[1].isEmpty })
    #expect(records.last?.fields == ["ZZ", "Unknown"])
  }

  @Test("Errors are one line of lower case without a full stop")
  func wordsOfErrors() {
    let errors: [SiteError] = [
      .unreadableResource(file: "f", reason: "r"),
      .invalidTemplate(file: "f", line: 1, reason: "r"),
      .invalidNames(file: "f", line: 1, reason: "r"), .foreignFile(directory: "/d", file: "f"),
      .laterFormat(file: "f", format: 2), .damagedFile(file: "f", reason: "r"),
      .busy(directory: "/d", lockFile: "/l"), .cannotWrite(path: "/p", reason: "r"),
      .noPermission(path: "/p", reason: "r"),
      .cannotReplace(directory: "/d", reason: "r"),
    ]
    for error in errors {
      #expect(!error.description.contains("\n"))
      #expect(!error.description.hasSuffix("."))
      #expect(error.description.first?.isUppercase == false)
    }
  }
}
