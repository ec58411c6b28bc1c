// Which collector counted, and with which settings, so that a published number can name its maker.

public struct CollectorRecord: Hashable, Comparable, Sendable {
  public var version: String
  /// A digest of all settings that have a say in what is counted.
  public var configurationHash: String
  /// SHA-256 of the program's file, lower-case hexadecimal; empty where it was not recorded.
  public var programDigest: String

  public init(version: String, configurationHash: String, programDigest: String = "") {
    self.version = version
    self.configurationHash = configurationHash
    self.programDigest = programDigest
  }

  public static func < (left: CollectorRecord, right: CollectorRecord) -> Bool {
    (left.version, left.programDigest, left.configurationHash)
      < (right.version, right.programDigest, right.configurationHash)
  }
}
