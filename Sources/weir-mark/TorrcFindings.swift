// tor's configuration: found where the process has it, read, and judged.

import Glibc
import MarkCheck
import MarkPolicy

struct TorrcFindings {
  private(set) var configuration: TorConfiguration?
  private var problem: Finding?

  /// - Parameters:
  ///   - process: `nil` for a torrc that no process is known to use.
  ///   - torrc: in place of the one that the process was started with.
  init(process: ProcessFiles?, torrc: String?) {
    do throws(TorrcError) {
      configuration = try TorConfiguration(
        of: TorCommandLine(process?.arguments ?? []), in: TorrcAccess(process: process),
        torrc: torrc)
    } catch {
      if case .unreadable(let number) = error.reason {
        problem = Finding(.warn, "torrc", "\(error.file): \(errorText(number))")
      } else {
        problem = Finding(.fail, "torrc", "\(error.file):\(error.line): \(error.explanation)")
      }
    }
  }

  func findings(_ settings: Settings?) -> [Finding] {
    problem.map { [$0] } ?? configuration?.findings(settings) ?? []
  }
}

extension TorConfiguration {
  /// - Parameter torrc: a file of this process's, in place of the one that tor was started with.
  init(
    of arguments: TorCommandLine, in access: some TorrcFolder, torrc: String? = nil
  ) throws(TorrcError) {
    let defaults =
      if let named = arguments.defaults {
        try torrcLines(ofFile: named, in: access)
      } else {
        try Self.linesIfThere("/etc/tor/torrc-defaults", access)
      }
    let own =
      if let torrc {
        try torrcLines(ofFile: torrc, in: TorrcAccess(process: nil))
      } else {
        try torrcLines(ofFile: arguments.torrc ?? "/etc/tor/torrc", in: access)
      }
    self.init([defaults, own, arguments.options])
  }

  private static func linesIfThere(
    _ path: String, _ access: some TorrcFolder
  ) throws(TorrcError) -> [TorrcLine] {
    access.isFile(path) ? try torrcLines(ofFile: path, in: access) : []
  }
}
