// `weir-mark check`: what is to be checked, and how it is told.

import ArgumentParser
import Console
import FoundationEssentials
import Glibc
import MarkCheck
import MarkPolicy
import MessageDigest

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "See whether a running tor has the mark, and its sockets are as they should be.",
    discussion: """
      Says, line by line with 'ok', 'warn' or 'fail', whether the library is mapped into tor, with \
      which settings, what it has counted, whether torrc fits them, and whether the sockets that are \
      open now carry the mark where they should. Without --pid it looks at every process named 'tor'.

      What can't be seen without root is said. No remote address is read, printed or stored.

      With --digest it prints what can be published of one tor instead, for 'sha256sum --check': the \
      SHA-256 of this program, of tor, the library in it and its torrc, and of the mark's settings.

      Exit codes: 0 nothing failed, 1 something failed, 66 no such process or file, 69 no tor runs, \
      77 there was no right to look into a process.
      """)

  @Option(
    name: .customLong("pid"), parsing: .singleValue,
    help: ArgumentHelp("Process to look at (repeatable).", valueName: "number"))
  var pids: [Int32] = []

  @Option(
    help: ArgumentHelp(
      "torrc to judge in place of the one that tor was started with; if no tor runs, this file alone.",
      valueName: "file"))
  var torrc: String?

  @Option(
    help: ArgumentHelp(
      "File with counters, in place of what WEIR_MARK_STATUS of the process names.",
      valueName: "file"))
  var status: String?

  @Flag(help: "Print one JSON document.")
  var json = false

  @Flag(help: "Print digests of what runs, and check nothing.")
  var digest = false

  func validate() throws {
    if digest, torrc != nil || status != nil {
      throw ValidationError("--digest is about what runs: leave out --torrc and --status")
    }
    if pids.contains(where: { $0 < 1 }) { throw ValidationError("--pid takes a process id") }
  }

  func run() throws {
    // The kernel's answers have remote addresses in them.
    _ = forbidCoreDumps()
    if digest { return try printDigests() }
    let report: CheckReport
    do throws(Failure) {
      report = try check()
    } catch {
      throw weir_mark.report(error)
    }
    if json { print(report.json) } else { print(report.text, terminator: "") }
    if report.worst == .fail { throw ExitCode(1) }
    if report.processes.contains(where: { !$0.isVisible }) { throw ExitCode(EX_NOPERM) }
  }

  private func printDigests() throws {
    do throws(Failure) {
      let tors = try processes()
      guard let tor = tors.first else { throw .noTor }
      guard tors.count == 1 else { throw .severalTors(tors) }
      let digests = try DigestList(markIn: ProcessFiles(pid: tor))
      print(json ? digests.json : digests.text, terminator: "")
    } catch {
      throw weir_mark.report(error)
    }
  }

  /// Those that were named, or else every tor.
  private func processes() throws(Failure) -> [Int32] {
    for pid in pids where !ProcessFiles(pid: pid).exists { throw .noProcess(pid) }
    return pids.isEmpty ? ProcessFiles.running("tor") : pids
  }

  private func check() throws(Failure) -> CheckReport {
    for path in [torrc, status] {
      if let path, case .failure(let failure) = readFile(path) {
        throw .unreadable(path: path, number: failure.number)
      }
    }
    let found = try processes()
    if found.isEmpty {
      guard torrc != nil else { throw .noTor }
      let environment = ProcessEnvironment.current
      let settings = environment.hasSettings ? environment.readSettings() : nil
      var findings: [Finding] = []
      if let problem = settings?.problem {
        findings.append(Finding(.fail, "settings", environment.describe(problem)))
      } else if let settings {
        findings += settings.findings + settings.findings(on: OwnHost())
      }
      findings += TorrcFindings(process: nil, torrc: torrc).findings(settings)
      return CheckReport(processes: [], findings: findings)
    }
    var processes: [CheckedProcess] = []
    for pid in found {
      processes.append(try CheckedProcess(ProcessFiles(pid: pid), torrc: torrc, status: status))
    }
    return CheckReport(processes: processes, findings: [])
  }
}

/// The document that --json prints. A key keeps its name and its meaning; new ones may come.
struct CheckReport: Encodable {
  let format = 1
  let processes: [CheckedProcess]
  /// Of a torrc that no process is known to use.
  let findings: [Finding]

  var worst: Level { (processes.flatMap(\.findings) + findings).worst }

  private enum CodingKeys: String, CodingKey {
    case format, result, processes, findings
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(format, forKey: .format)
    try container.encode(worst, forKey: .result)
    try container.encode(processes, forKey: .processes)
    try container.encode(findings, forKey: .findings)
  }

  var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    do {
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    } catch {
      // Only floating-point numbers that JSON lacks could fail.
      preconditionFailure("a document of integers and text: \(error)")
    }
  }

  var text: String {
    var text = Self.lines(findings)
    for process in processes {
      text += "tor, process \(process.pid)\n" + Self.lines(process.findings)
    }
    return text
  }

  private static func lines(_ findings: [Finding]) -> String {
    let width = (findings.map { $0.subject.count }.max() ?? 0) + 2
    return findings.map { finding in
      let level =
        finding.level.rawValue + String(repeating: " ", count: 6 - finding.level.rawValue.count)
      let subject = finding.subject + String(repeating: " ", count: width - finding.subject.count)
      return "  \(level)\(subject)\(finding.text)\n"
    }.joined()
  }
}
