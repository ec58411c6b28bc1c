// What the reports folder gives: templates, stylesheet and names, all read and checked before
// anything is written.

public import Disclosure
import Mustache

/// The reports folder, read and checked.
public struct SiteTemplates: Sendable {
  let stylesheet: [UInt8]
  let countries: CountryNames
  let services: ServiceNames
  let encryption: EncryptionTable
  /// The table itself: from it, every share can be recomputed.
  let encryptionFile: [UInt8]
  let worldGrid: WorldGrid
  private let library: MustacheLibrary

  static let encryptionFileName = "encryption-classes.csv"

  /// The pages, each a template of its own name. What else the folder holds are parts of them.
  enum Page: String, CaseIterable {
    case index
    case month
    case subjects
    case subject
    case methodology
    case coverage
    case data
    case changes
    case about
    case feed
  }

  /// The classes of ports, for disclosure control.
  public var encryptionClasses: EncryptionClasses { encryption.classes }

  /// Reads `templates/*.mustache`, `style.css` and the tables.
  public init(directory: String) throws(SiteError) {
    stylesheet = try Self.contents(of: "\(directory)/style.css")
    countries = try Self.names("\(directory)/country-names.csv") { records throws(CSVSyntaxError) in
      try CountryNames(records: records)
    }
    services = try Self.names("\(directory)/service-names.csv") { records throws(CSVSyntaxError) in
      try ServiceNames(records: records)
    }
    encryptionFile = try Self.contents(of: "\(directory)/\(Self.encryptionFileName)")
    encryption = try Self.names("\(directory)/\(Self.encryptionFileName)") {
      records throws(CSVSyntaxError) in
      try EncryptionTable(records: records)
    }
    worldGrid = try Self.names("\(directory)/world-grid.csv") { records throws(CSVSyntaxError) in
      try WorldGrid(records: records)
    }
    library = try Self.library(of: "\(directory)/templates")
  }

  /// The page for `view`, whose properties are what the template can name.
  func render(_ page: Page, _ view: Any) -> String {
    guard let text = library.render(view, withTemplate: page.rawValue) else {
      preconditionFailure("\(page) was in the folder when it was read")
    }
    return text
  }

  // MARK: Reading

  private static func library(of directory: String) throws(SiteError) -> MustacheLibrary {
    ScalarEscaping.register()
    let ending = ".mustache"
    let files: [String]
    do {
      files = try entries(of: directory).filter { $0.hasSuffix(ending) }
    } catch {
      throw .unreadableResource(file: directory, reason: error.reason)
    }
    var texts: [String: String] = [:]
    for file in files {
      texts[String(file.dropLast(ending.count))] = try text(of: "\(directory)/\(file)")
    }
    for page in Page.allCases where texts[page.rawValue] == nil {
      throw .unreadableResource(
        file: "\(directory)/\(page)\(ending)", reason: "no such file or directory")
    }
    var library = MustacheLibrary()
    for (name, text) in texts.sorted(by: { $0.key < $1.key }) {
      let file = "\(directory)/\(name)\(ending)"
      try checkTemplate(text, file: file, isPresent: { texts[$0] != nil })
      library.register(try parseTemplate(text, file: file), named: name)
    }
    return library
  }

  private static func names<Names>(
    _ file: String, _ make: ([CSVRecord]) throws(CSVSyntaxError) -> Names
  ) throws(SiteError) -> Names {
    let text = try text(of: file)
    do {
      return try make(try parseCSV(text))
    } catch {
      throw .invalidNames(file: file, line: error.line, reason: error.reason)
    }
  }

  private static func text(of file: String) throws(SiteError) -> String {
    let bytes = try contents(of: file)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .unreadableResource(file: file, reason: "not UTF-8")
    }
    return text
  }

  private static func contents(of file: String) throws(SiteError) -> [UInt8] {
    do {
      return try readFile(file)
    } catch {
      throw .unreadableResource(file: file, reason: error.reason)
    }
  }
}
