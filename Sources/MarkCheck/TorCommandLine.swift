// What tor's command line says of its configuration: files, and options that go before them.

public struct TorCommandLine: Equatable, Sendable {
  /// `nil`: where tor looks by itself.
  public var torrc: String?
  public var defaults: String?
  public var options: [TorrcLine] = []

  private static let withValue: Set<String> = [
    "-f", "--torrc-file", "--defaults-torrc", "--hash-password", "--dump-config",
    "--passphrase-fd", "--key-expiration", "--format", "--service", "--keygen-family",
  ]
  private static let alone: Set<String> = [
    "--allow-missing-torrc", "--ignore-missing-torrc", "--verify-config", "--quiet", "--hush",
    "--list-fingerprint", "--list-torrc-options", "--list-deprecated-options", "--list-modules",
    "--version", "--keygen", "--newpass", "--no-passphrase", "--digests", "--library-versions",
    "--nt-service", "-nt-service", "-h", "--help",
  ]

  /// - Parameter arguments: without the program's name.
  public init(_ arguments: [String]) {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if Self.alone.contains(argument) { continue }
      if Self.withValue.contains(argument) {
        let value = rest.popFirst()
        switch argument {
        case "-f", "--torrc-file": torrc = value
        case "--defaults-torrc": defaults = value
        default: break
        }
        continue
      }
      var name = argument[...]
      while name.hasPrefix("-") { name.removeFirst() }
      var command = TorrcLine.Command.set
      if name.hasPrefix("+") { command = .append }
      if name.hasPrefix("/") { command = .clear }
      if command != .set { name.removeFirst() }
      // An option without a value ends where the next begins.
      let hasValue = command != .clear && rest.first.map { !$0.hasPrefix("--") } ?? false
      let value = hasValue ? rest.removeFirst() : ""
      options.append(TorrcLine(command: command, name: String(name), value: value))
    }
  }
}
