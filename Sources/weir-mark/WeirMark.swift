// weir-mark: runs tor, or any other command, with the mark, and sees whether a running tor has it.

import ArgumentParser
import Tallies

@main
struct WeirMark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "weir-mark",
    abstract: "Mark the exit connections of an unmodified tor.",
    discussion: """
      Exit connections carry a DSCP value in every packet, so that a router or a collector can tell \
      them from the rest. tor is not changed: a small library that is loaded with it sets the mark.

      Exit codes: 0 done, 1 failed, 64 wrong usage, 66 no such program, library or process, 69 nothing \
      to look at, 77 no permission, 78 bad configuration. 'run' ends as the command does.
      """,
    version: "weir-mark \(weirVersion)",
    subcommands: [RunCommand.self, CheckCommand.self])
}
