// weir-report: ledgers in, a published static site out.

import ArgumentParser
import Console
import Tallies

@main
struct WeirReport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "weir-report",
    abstract: "Publish what ledgers say of a month, as a static site.",
    discussion: """
      Every number passes disclosure control before it reaches a page. Ledgers are opened read-only, \
      also while a collector writes to them.

      Exit codes: 0 done, 1 failed, 64 wrong usage, 65 bad input data, 66 no such input, 73 the \
      site can't be made, 77 no permission, 78 bad configuration.
      """,
    version: "weir-report \(weirVersion)",
    subcommands: [BuildCommand.self, ShowCommand.self, DiffCommand.self])

  static func main() {
    keepStandardDescriptors()
    main(nil)
  }
}
