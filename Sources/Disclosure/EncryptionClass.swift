// What a port says of encryption: nothing of what was spoken there, only what it is meant for.

/// How likely it is that what goes to a port is encrypted.
public enum EncryptionClass: String, Sendable, CaseIterable {
  /// The protocol that the port is registered for knows no other way.
  case encryptedByProtocol = "encrypted-by-protocol"
  /// Encrypted as a rule, though the protocol allows for the contrary.
  case usuallyEncrypted = "usually-encrypted"
  /// Begins in the clear, and may go over to encryption.
  case opportunistic
  /// Not encrypted as a rule.
  case usuallyCleartext = "usually-cleartext"
  /// In no table of ours, or of several uses.
  case unknown
}

/// Which class a port is in; the reader of the table makes it.
public struct EncryptionClasses: Sendable, Equatable {
  private let classes: [ServicePort: EncryptionClass]

  /// Every port that isn't named is ``EncryptionClass/unknown``.
  public init(_ classes: [ServicePort: EncryptionClass] = [:]) { self.classes = classes }

  public subscript(service: ServicePort) -> EncryptionClass { classes[service] ?? .unknown }
}
