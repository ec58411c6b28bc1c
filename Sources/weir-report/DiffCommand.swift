// `weir-report diff`: what changed between two builds.

import ArgumentParser
import Console
import Glibc
import Site

struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Tell what differs between two sites: months, figures, rules, files.",
    discussion: """
      Exit codes: 0 where they are the same, 1 where they differ, 64 and above where that can't be \
      told.

      Example:
        weir-report diff /srv/weir/site.yesterday /srv/weir/site
      """)

  @Argument(help: ArgumentHelp("The folder of the earlier site.", valueName: "old"))
  var old: String

  @Argument(help: ArgumentHelp("The folder of the later site.", valueName: "new"))
  var new: String

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let difference: SiteDifference
    do {
      difference = SiteDifference(from: try PublishedSite(old), to: try PublishedSite(new))
    } catch {
      throw report(error)
    }
    let layout = TerminalLayout(columns: outputColumns(), width: columnsTaken)
    print(json ? difference.json : difference.text(layout), terminator: "")
    if !difference.isEmpty { throw ExitCode(EXIT_FAILURE) }
  }
}
