// Which collector counted, and with which settings, so that a published number can name its maker.

public struct CollectorRecord: Hashable, Comparable, Sendable {
  public var version: String
  /// A digest of all settings that have a say in what is counted.
  public var configurationHash: String

  public init(version: String, configurationHash: String) {
    self.version = version
    self.configurationHash = configurationHash
  }

  public static func < (left: CollectorRecord, right: CollectorRecord) -> Bool {
    (left.version, left.configurationHash) < (right.version, right.configurationHash)
  }
}
