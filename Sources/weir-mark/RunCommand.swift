// `weir-mark run`: its options, which become the environment that the library reads.

import ArgumentParser
import Console
import Glibc
import MarkPolicy

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a command, such as tor, with the mark.",
    discussion: """
      With --exit-address (bind mode), what binds to one of these addresses is an exit connection: name \
      what torrc's OutboundBindAddressExit names, and let nothing else use it. With --sentinel, \
      OutboundBindAddressExit names an address that this host does not have, such as 192.0.2.1, and \
      exit connections leave from the host's own.

      Options take the place of the variables of the environment that are beside them; variables \
      without an option here stay as they are. Settings are checked before the command is run.

      Example:
        weir-mark run --exit-address 203.0.113.7 --exit-address 2001:db8::7 -- tor -f /etc/tor/torrc
      """)

  @Option(
    name: .customLong("exit-address"), parsing: .singleValue,
    help: ArgumentHelp(
      "Source address of exit connections: bind mode (repeatable; WEIR_MARK_EXIT_ADDRESS).",
      valueName: "address"))
  var exitAddresses: [String] = []

  @Option(
    name: .customLong("sentinel"), parsing: .singleValue,
    help: ArgumentHelp(
      "Address that stands for an exit connection: sentinel mode (repeatable; WEIR_MARK_SENTINEL).",
      valueName: "address"))
  var sentinels: [String] = []

  @Option(
    name: .customLong("real-address"), parsing: .singleValue,
    help: ArgumentHelp(
      "Address to bind to in place of a sentinel, one of each family at most; without it, the kernel "
        + "chooses (WEIR_MARK_REAL_ADDRESS).", valueName: "address"))
  var realAddresses: [String] = []

  @Option(help: "DSCP value of the mark, 0 to 63; 7 unless set (WEIR_MARK_DSCP).")
  var dscp: Int?

  @Option(
    name: .customLong("dns-port"), parsing: .singleValue,
    help: ArgumentHelp(
      "Port of DNS queries, which are marked; 53 unless set (repeatable; WEIR_MARK_DNS_PORTS).",
      valueName: "port"))
  var dnsPorts: [Int] = []

  @Flag(help: "Mark no DNS queries (an empty WEIR_MARK_DNS_PORTS).")
  var noDns = false

  @Option(
    help: ArgumentHelp(
      "What happens to exit connections that can't be marked: 'refuse', unless set, or 'pass' "
        + "(WEIR_MARK_ON_ERROR).", valueName: "what"))
  var onError: String?

  @Option(
    help: ArgumentHelp(
      "File with counters, for others to read (WEIR_MARK_STATUS).", valueName: "file"))
  var status: String?

  @Option(
    help: ArgumentHelp(
      "The library that sets the mark; else libweirmark.so beside this program, or in /usr/lib/weir.",
      valueName: "file"))
  var library: String?

  @Argument(
    parsing: .postTerminator,
    help: ArgumentHelp("The command to run, and its arguments.", valueName: "command"))
  var command: [String] = []

  func validate() throws {
    if command.isEmpty { throw ValidationError("name the command to run, after '--'") }
    if !exitAddresses.isEmpty, !sentinels.isEmpty {
      throw ValidationError("give --exit-address or --sentinel: they are two modes")
    }
    if !exitAddresses.isEmpty, !realAddresses.isEmpty {
      throw ValidationError("--real-address takes a sentinel's place, and bind mode has none")
    }
    if noDns, !dnsPorts.isEmpty {
      throw ValidationError("give --dns-port or --no-dns: they contradict each other")
    }
    // What the environment has wrong is not a matter of usage.
    if let problem = environment.problem(), let setting = problem.setting,
      settings[setting] != nil
    {
      throw ValidationError("\(Self.optionName(setting)) \(problem.explanation)")
    }
  }

  func run() throws {
    do throws(Failure) {
      var environment = environment
      if let problem = environment.problem() {
        throw .settings(environment.describe(problem))
      }
      let library = try MarkLibrary(path: library)
      let command = try ProgramFile(named: command[0], path: environment.value(of: "PATH"))
      if command.dropsPreload {
        printError(
          programName,
          "warning: \(command.path) is setuid or setgid: for other users than its owner it runs"
            + " without the mark")
      }
      environment.prepend(library.path, toListNamed: "LD_PRELOAD")
      try command.execute(arguments: self.command, environment: environment.entries)
    } catch {
      throw report(error)
    }
  }

  /// This process's own, with what the options set.
  private var environment: ProcessEnvironment {
    var environment = ProcessEnvironment.current
    for (setting, value) in settings { environment[setting] = value }
    return environment
  }

  /// What the options set, by setting. A mode that an option gives takes the other mode's settings
  /// away: `nil` in place of a value.
  private var settings: [Setting: String?] {
    var settings: [Setting: String?] = [:]
    if !exitAddresses.isEmpty {
      settings[.mode] = "bind"
      settings[.exitAddress] = exitAddresses.joined(separator: ",")
      settings[.sentinel] = .some(nil)
      settings[.realAddress] = .some(nil)
    }
    if !sentinels.isEmpty {
      settings[.mode] = "sentinel"
      settings[.sentinel] = sentinels.joined(separator: ",")
      settings[.exitAddress] = .some(nil)
      settings[.realAddress] = .some(nil)
    }
    if !realAddresses.isEmpty { settings[.realAddress] = realAddresses.joined(separator: ",") }
    if let dscp { settings[.dscp] = "\(dscp)" }
    if !dnsPorts.isEmpty {
      settings[.dnsPorts] = dnsPorts.map(String.init).joined(separator: ",")
    }
    if noDns { settings[.dnsPorts] = "" }
    if let onError { settings[.onError] = onError }
    if let status { settings[.status] = status }
    return settings
  }

  private static func optionName(_ setting: Setting) -> String {
    switch setting {
    case .mode: "the mode"
    case .exitAddress: "--exit-address"
    case .sentinel: "--sentinel"
    case .realAddress: "--real-address"
    case .dscp: "--dscp"
    case .dnsPorts: "--dns-port"
    case .onError: "--on-error"
    case .status: "--status"
    }
  }
}
