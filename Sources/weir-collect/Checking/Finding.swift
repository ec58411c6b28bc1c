// What a check says of one thing.

struct Finding: Encodable, Equatable {
  enum Level: String, Encodable {
    case ok
    case warn
    case fail
  }

  var level: Level
  /// A setting with where it is set, or what else is meant.
  var subject: String
  var message: String

  var line: String {
    let padding = level == .ok ? "  " : ""
    return "\(level.rawValue)\(padding)  \(subject): \(message)\n"
  }
}
