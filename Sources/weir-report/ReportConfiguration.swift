// report.toml: what the site says of its operator, and how it is signed. Everything has a default;
// without a file there is none of it.

import Configuration
import MessageDigest
import Site
import Tallies

struct ReportConfiguration {
  /// Where the file is looked for when nobody names one.
  static let standardPath = "/etc/weir/report.toml"

  static let keys: [String: [String]] = [
    "": [],
    "site": ["title", "base-address", "onion-address", "licence"],
    "operator": ["name", "about", "contact"],
    "coverage": ["incidents"],
    "signing": ["key", "identity"],
  ]

  var site = SiteSettings()

  init() { site.program = Self.program(configuration: nil) }

  init(path: String) throws {
    let document = try ConfigurationDocument(path: path)
    site.program = Self.program(configuration: path)
    try document.refuseUnknown(Self.keys)
    if let table = document[table: "site"] { try read(site: table) }
    if let table = document[table: "operator"] { try read(operator: table) }
    if let entry = document[table: "coverage"]?["incidents"] {
      let file = try entry.string()
      site.incidents = try incidents(file: file)
    }
    if let table = document[table: "signing"] { try read(signing: table) }
  }

  private static func program(configuration path: String?) -> PublishingProgram? {
    SHA256.hexadecimal(ofFile: "/proc/self/exe").map {
      PublishingProgram(
        digest: $0,
        configurationDigest: path.flatMap { path in SHA256.hexadecimal(ofFile: path) })
    }
  }

  private mutating func read(site table: ConfigurationTable) throws {
    if let entry = table["title"] {
      site.title = try entry.string()
      if site.title.isEmpty { throw entry.wrong("takes a name that is not empty") }
    }
    for (key, path) in [
      ("base-address", \SiteSettings.baseAddress), ("onion-address", \SiteSettings.onionAddress),
    ] {
      guard let entry = table[key] else { continue }
      let address = try entry.string()
      guard isSiteAddress(address) else {
        throw entry.wrong("takes an address with a slash at its end, as https://stats.example.org/")
      }
      site[keyPath: path] = address
    }
    if let entry = table["licence"] {
      let identifier = try entry.string()
      guard let licence = DataLicence.known.first(where: { $0.identifier == identifier }) else {
        let known = DataLicence.known.map(\.identifier).joined(separator: ", ")
        throw entry.wrong("takes one of \(known)")
      }
      site.licence = licence
    }
  }

  private mutating func read(operator table: ConfigurationTable) throws {
    if let entry = table["name"] { site.operatorName = try entry.string() }
    if let entry = table["about"] { site.about = try entry.strings().map(\.text) }
    if let entry = table["contact"] { site.contacts = try entry.strings().map(\.text) }
  }

  private mutating func read(signing table: ConfigurationTable) throws {
    guard let key = table["key"] else {
      throw ConfigurationError.wrong(
        table.place, "the table [signing] has no 'key': name a key of OpenSSH's, or remove it")
    }
    var identity = "weir"
    if let entry = table["identity"] {
      identity = try entry.string()
      let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_@")
      guard !identity.isEmpty, identity.allSatisfy(allowed.contains) else {
        throw entry.wrong("takes letters, digits and . - _ @, as stats@example.org")
      }
    }
    site.signing = SigningKey(file: try key.string(), identity: identity)
  }
}
