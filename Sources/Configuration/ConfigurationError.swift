// What can be wrong with a configuration file, in words that say where and what to do.

internal import Glibc

/// Where a value comes from.
public enum ConfigurationPlace: Hashable, Sendable, CustomStringConvertible {
  /// Lines are counted from 1.
  case line(file: String, Int)
  /// An option of the command, with its dashes: options have a say over files.
  case option(String)

  public var description: String {
    switch self {
    case .line(let file, let line): "\(file):\(line)"
    case .option(let name): name
    }
  }

  public var line: Int? {
    guard case .line(_, let line) = self else { return nil }
    return line
  }
}

public enum ConfigurationError: Error, Equatable, CustomStringConvertible, Sendable {
  case unreadable(file: String, errno: Int32)
  case notAFile(file: String)
  case tooLarge(file: String, limit: Int)
  /// Something in a line: it is not of the language, or not what is wanted there.
  case wrong(ConfigurationPlace, String)
  /// Something that is not there.
  case incomplete(file: String, String)

  public var description: String {
    switch self {
    case .unreadable(let file, let number):
      "can't read \(file): \(unsafe String(cString: strerror(number)).lowercased())"
    case .notAFile(let file): "\(file) is no regular file: name the configuration file itself"
    case .tooLarge(let file, let limit):
      "\(file) has more than \(limit) bytes: that can't be a configuration"
    case .wrong(.option(let name), let message): "\(name) \(message)"
    case .wrong(let place, let message): "\(place): \(message)"
    case .incomplete(let file, let message): "\(file): \(message)"
    }
  }

  /// What a program should end with (sysexits.h).
  public var exitCode: Int32 {
    switch self {
    case .unreadable(_, EACCES), .unreadable(_, EPERM): EX_NOPERM
    case .unreadable, .notAFile: EX_NOINPUT
    case .wrong(.option, _): EX_USAGE
    case .tooLarge, .wrong, .incomplete: EX_CONFIG
    }
  }
}
