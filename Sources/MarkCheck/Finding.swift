// One line of a check.

public enum Level: String, Sendable, Encodable {
  case ok, warn, fail
}

public struct Finding: Equatable, Sendable, Encodable {
  public var level: Level
  /// What was looked at: one word, which stays the same from version to version.
  public var subject: String
  public var text: String

  public init(_ level: Level, _ subject: String, _ text: String) {
    self.level = level
    self.subject = subject
    self.text = text
  }
}

extension [Finding] {
  public var worst: Level {
    if contains(where: { $0.level == .fail }) { return .fail }
    return contains { $0.level == .warn } ? .warn : .ok
  }
}
