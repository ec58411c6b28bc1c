// `weir-collect read`: its options, and what it prints.

import ArgumentParser
import Confinement
import Console
import Flows
import Packets
import Tallies

enum WantedConfinement: String, ExpressibleByArgument, CaseIterable {
  case required
  case bestEffort = "best-effort"
}

struct ReadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "read",
    abstract: "Read capture files into a ledger.",
    discussion: """
      Reads pcap and pcapng files (Ethernet, Linux cooked, raw IP, loopback). Several files are read \
      as one capture, in the order of time. The ledger gets all of them, or, after any error, \
      nothing. It is made if it does not exist.

      Example:
        weir-collect read exit.pcap --ledger weir.ledger --exit-address 192.0.2.10 \\
          --asn-database GeoLite2-ASN.mmdb --country-database GeoLite2-Country.mmdb
      """)

  @Argument(help: ArgumentHelp("Capture files; '-' reads standard input.", valueName: "file"))
  var files: [String]

  @Option(help: ArgumentHelp("The ledger to add to (an SQLite file).", valueName: "ledger"))
  var ledger: String

  @Option(
    name: .customLong("exit-address"), parsing: .singleValue,
    help: ArgumentHelp(
      "Source address of exit connections, or a prefix such as 192.0.2.0/28 (repeatable). It tells "
        + "outbound packets from replies.", valueName: "address"))
  var exitAddresses: [String] = []

  @Option(
    help: ArgumentHelp(
      "DSCP value of the mark, 0 to 63 (default: \(MeterConfiguration.defaultDSCP))."))
  var dscp: Int?

  @Flag(help: "Count unmarked flows too: for a mirror of a link that carries nothing else.")
  var everyFlow = false

  @Option(
    help: ArgumentHelp("MMDB file with AS numbers, such as GeoLite2-ASN.mmdb.", valueName: "file"))
  var asnDatabase: String

  @Option(
    help: ArgumentHelp(
      "MMDB file with countries, such as GeoLite2-Country.mmdb.", valueName: "file"))
  var countryDatabase: String

  @Option(help: "Flows to follow at one time. Packets of further ones are left out, and counted.")
  var maxFlows: Int = MeterConfiguration.defaultMaximumFlows

  @Option(help: "Seconds of silence that end a TCP flow.")
  var tcpIdle: Int = MeterConfiguration.defaultTCPIdleSeconds

  @Option(help: "Seconds of silence that end a UDP flow.")
  var udpIdle: Int = MeterConfiguration.defaultUDPIdleSeconds

  @Option(
    help: "Whether to stop where the kernel can't confine the process (required or best-effort).")
  var confinement: WantedConfinement = .required

  @Flag(help: "Count files again that are in the ledger already.")
  var again = false

  @Flag(help: "Print the summary as JSON.")
  var json = false

  @Flag(help: "Print no summary and no progress.")
  var quiet = false

  func validate() throws {
    if files.isEmpty { throw ValidationError("name at least one capture file") }
    if files.count(where: { $0 == "-" }) > 1 {
      throw ValidationError("standard input ('-') can be read once only")
    }
    if exitAddresses.isEmpty {
      throw ValidationError(
        "give --exit-address: without it, outbound packets can't be told from replies")
    }
    if let dscp {
      if !(0...63).contains(dscp) { throw ValidationError("--dscp takes 0 to 63") }
      if everyFlow {
        throw ValidationError("--dscp and --every-flow exclude each other: the one asks for a mark")
      }
    }
    if !(1...(1 << 28)).contains(maxFlows) {
      throw ValidationError("--max-flows takes 1 to \(1 << 28)")
    }
    for (name, seconds) in [("--tcp-idle", tcpIdle), ("--udp-idle", udpIdle)]
    where !(1...86_400).contains(seconds) {
      throw ValidationError("\(name) takes 1 to 86400 seconds")
    }
    _ = try exitRanges()
  }

  func run() throws { try read(confine: confine) }

  /// - Parameter confine: what to do once all that this process needs is open.
  func read(confine: () throws -> Void) throws {
    let reading = CaptureReading(
      paths: files, ledgerPath: ledger, meter: try meterConfiguration(), asnDatabase: asnDatabase,
      countryDatabase: countryDatabase, allowsAgain: again)
    do {
      guard forbidCoreDumps() else { throw CoreDumpsPossible() }
      let summary = try reading.run(progress: quiet ? nil : ProgressLine(), confine: confine)
      for warning in summary.warnings { printError(programName, "warning: \(warning)") }
      if !quiet { print(json ? summary.json : summary.text, terminator: "") }
    } catch {
      throw report(error)
    }
  }

  /// From then on there are the captures, to be read, and the folder of the ledger.
  private func confine() throws {
    var plan = ConfinementPlan(.command)
    plan.readableFiles = files.filter { $0 != "-" }
    plan.allowWriting(inFolderAround: ledger)
    plan.isRequired = confinement == .required
    for warning in try plan.confine() { printError(programName, "warning: \(warning)") }
  }

  func meterConfiguration() throws -> MeterConfiguration {
    var meter = MeterConfiguration(exitAddresses: try exitRanges())
    if let dscp { meter.selection = .marked(dscp: UInt8(dscp)) }
    if everyFlow { meter.selection = .every }
    meter.maximumFlows = maxFlows
    meter.tcpIdleSeconds = tcpIdle
    meter.udpIdleSeconds = udpIdle
    return meter
  }

  private func exitRanges() throws -> [AddressRange] {
    try exitAddresses.map { text in
      do throws(NoExitAddress) {
        return try exitRange(text)
      } catch {
        throw ValidationError("--exit-address \(error.reason)")
      }
    }
  }
}
