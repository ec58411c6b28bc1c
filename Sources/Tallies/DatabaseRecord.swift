// Which MMDB file told networks apart, so that a published number can name its source.

public struct DatabaseRecord: Hashable, Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    case asn
    case country
  }

  /// SHA-256 of the whole file, lower-case hexadecimal: `sha256sum` verifies it.
  public var sha256: String
  public var kind: Kind
  /// `database_type` of the file's metadata, such as `GeoLite2-ASN`.
  public var type: String
  /// `build_epoch` of the metadata, Unix seconds.
  public var builtAt: Int64
  /// The licence under which the database's maker gives it out, where known; else empty.
  public var licence: String
  /// The sentence that the licence asks to be shown, where known; else empty.
  public var attribution: String

  public init(
    sha256: String, kind: Kind, type: String, builtAt: Int64, licence: String, attribution: String
  ) {
    self.sha256 = sha256
    self.kind = kind
    self.type = type
    self.builtAt = builtAt
    self.licence = licence
    self.attribution = attribution
  }
}
