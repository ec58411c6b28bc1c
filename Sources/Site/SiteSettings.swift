// What an operator says of the site: its name and address, whose it is, under which licence the data
// are given out, what went wrong, and who signs.

public import Tallies

/// A licence for the published data, by its SPDX identifier.
public struct DataLicence: Equatable, Sendable {
  public let identifier: String
  public let title: String
  public let address: String

  public static let known: [DataLicence] = [
    DataLicence(
      "CC0-1.0", "Creative Commons Zero 1.0 Universal",
      "https://creativecommons.org/publicdomain/zero/1.0/"),
    DataLicence(
      "CC-BY-4.0", "Creative Commons Attribution 4.0 International",
      "https://creativecommons.org/licenses/by/4.0/"),
    DataLicence(
      "CC-BY-SA-4.0", "Creative Commons Attribution-ShareAlike 4.0 International",
      "https://creativecommons.org/licenses/by-sa/4.0/"),
    DataLicence(
      "ODbL-1.0", "Open Data Commons Open Database License 1.0",
      "https://opendatacommons.org/licenses/odbl/1-0/"),
    DataLicence(
      "PDDL-1.0", "Open Data Commons Public Domain Dedication and License 1.0",
      "https://opendatacommons.org/licenses/pddl/1-0/"),
  ]
  public static let standard = known[0]

  private init(_ identifier: String, _ title: String, _ address: String) {
    self.identifier = identifier
    self.title = title
    self.address = address
  }
}

/// Something that happened to the relays or to the measurement, in the operator's words.
public struct Incident: Equatable, Sendable {
  public let from: CalendarDate
  /// The last day of it.
  public let to: CalendarDate
  public let text: String

  /// `nil` where it would end before it begins.
  public init?(from: CalendarDate, to: CalendarDate, text: String) {
    guard from <= to else { return nil }
    self.from = from
    self.to = to
    self.text = text
  }
}

/// Who signs the site's digests. The key itself is read by `ssh-keygen`, or is an agent's; never by
/// this program.
public struct SigningKey: Equatable, Sendable {
  /// A private key of OpenSSH's, or a public one whose other half an agent holds.
  public let file: String
  /// Whose key it is, as `allowed_signers` has it.
  public let identity: String

  public init(file: String, identity: String) {
    self.file = file
    self.identity = identity
  }
}

/// What makes the site, by digests that anybody can compare with those of a build of their own.
public struct PublishingProgram: Equatable, Sendable {
  /// SHA-256 of the program's file.
  public let digest: String
  /// SHA-256 of the configuration file; `nil` where there is none.
  public let configurationDigest: String?

  public init(digest: String, configurationDigest: String?) {
    self.digest = digest
    self.configurationDigest = configurationDigest
  }
}

public struct SiteSettings: Equatable, Sendable {
  public var title = "Exit traffic statistics"
  /// Where the site will be found, with a slash at its end. Without it there is no feed: what a feed
  /// says has to be addressed from anywhere.
  public var baseAddress: String?
  /// The same at an onion service.
  public var onionAddress: String?
  public var licence = DataLicence.standard
  public var operatorName: String?
  /// What the operator says of themselves and the relays, a paragraph each.
  public var about: [String] = []
  /// Mail and web addresses, or anything else by which to reach the operator.
  public var contacts: [String] = []
  /// Newest first, as pages show them.
  public var incidents: [Incident] = []
  public var signing: SigningKey?
  public var program: PublishingProgram?

  public init() {}
}
