// weir-collect: marked exit traffic in, address-free tallies out.

import ArgumentParser
import Console
import Tallies

@main
struct WeirCollect: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "weir-collect",
    abstract: "Tally marked Tor exit traffic without recording where it went.",
    discussion: """
      Packets are counted by hour, service port, autonomous system and country. Addresses are used \
      to look these up, and then forgotten; payload is never read.

      Exit codes: 0 done, 1 failed, 64 wrong usage, 65 bad input data, 66 no such input, 69 something is \
      not there to be used, 73 the ledger can't be made, 77 no permission, 78 bad configuration.
      """,
    version: "weir-collect \(weirVersion)",
    subcommands: [
      ReadCommand.self, RunCommand.self, CheckCommand.self, StatusCommand.self, FoldCommand.self,
    ])

  static func main() {
    keepStandardDescriptors()
    main(nil)
  }
}
