// `weir-collect status`: what a running collector says of itself. The process is not asked: it writes
// a file with every flush, and this reads it.

import ArgumentParser
import CSystem
import Console
import FoundationEssentials
import Glibc
import Tallies

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show how a running collector is doing.",
    discussion: """
      Ends with 0 where the collector runs and writes its status, with 69 where it does not, and with \
      66 where there is no status file.

      The service has a folder for each interface in \(usualFolder): where there is only one, it needs \
      not be named.
      """)

  private static let usualFolder = "/run/weir-collect"

  @Option(
    help: ArgumentHelp(
      "The collector's --status-folder (default: \(usualFolder), or the only folder in it).",
      valueName: "folder"))
  var statusFolder: String?

  @Flag(help: "Print the status as JSON.")
  var json = false

  @Flag(help: "Print digests of what runs, as 'weir-collect check --digest' does of what is there.")
  var digest = false

  func run() throws {
    let path: String
    let status: CollectorStatus
    do {
      path = "\(try statusFolder ?? Self.onlyFolder())/\(CollectorStatus.fileName)"
      status = try Self.read(path)
    } catch let several as SeveralCollectors {
      printError(programName, several.description)
      throw ExitCode(EX_USAGE)
    } catch let failure as StatusUnreadable {
      printError(programName, failure.description)
      throw ExitCode(failure.exitCode)
    }
    if digest {
      guard let digests = status.digests else {
        printError(programName, "\(path) has no digests: the collector is of an earlier version")
        throw ExitCode(EX_UNAVAILABLE)
      }
      print(digests, json: json)
    } else {
      print(json ? status.json : status.text, terminator: "")
    }
    if let problem = Self.problem(status, path) {
      printError(programName, problem)
      throw ExitCode(EX_UNAVAILABLE)
    }
  }

  /// The folder with a status file that there is where the service keeps them.
  private static func onlyFolder() throws -> String {
    let hasStatus = { (folder: String) in
      unsafe access("\(folder)/\(CollectorStatus.fileName)", F_OK) == 0
    }
    if hasStatus(usualFolder) { return usualFolder }
    let folders = ((try? FileManager.default.contentsOfDirectory(atPath: usualFolder)) ?? [])
      .map { "\(usualFolder)/\($0)" }.filter(hasStatus).sorted()
    if folders.count > 1 { throw SeveralCollectors(folders: folders) }
    return folders.first ?? usualFolder
  }

  private static func read(_ path: String) throws -> CollectorStatus {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw StatusUnreadable(path: path, number: errno) }
    defer { close(descriptor) }
    var content: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe Glibc.read(descriptor, &block, block.count)
      guard count >= 0 else { throw StatusUnreadable(path: path, number: errno) }
      if count == 0 { break }
      content += block[..<count]
    }
    guard let status = try? CollectorStatus(json: content) else {
      throw StatusUnreadable(path: path, number: nil)
    }
    return status
  }

  /// Why the figures are not those of a collector that works; `nil` where they are.
  private static func problem(_ status: CollectorStatus, _ path: String) -> String? {
    if status.state == .stopped { return "the collector was stopped at \(status.updated)" }
    // A process can be invisible to other accounts (hidepid=), but not the one that has its number.
    if kill(status.pid, 0) != 0, errno == ESRCH {
      return "the collector's process is gone: it was last heard of at \(status.updated)"
    }
    if let start = startOfProcess(status.pid), start != status.processStart {
      return "the collector's process is gone: it was last heard of at \(status.updated)"
    }
    var file = stat()
    let late = Int64(3 * status.flushSeconds + 30)
    if unsafe stat(path, &file) == 0 {
      let age = wallNanoseconds() / 1_000_000_000 - Int64(file.st_mtim.tv_sec)
      if age > late {
        return "the collector has not been heard of for \(age) s: it hangs, or its status folder"
          + " can't be written to"
      }
    }
    return nil
  }
}

private struct SeveralCollectors: Error, CustomStringConvertible {
  let folders: [String]

  var description: String {
    "there are several collectors: give one of \(folders.map { "--status-folder \($0)" }.joined(separator: ", "))"
  }
}

private struct StatusUnreadable: Error, CustomStringConvertible {
  let path: String
  /// `nil`: it was read, and is no status.
  let number: Int32?

  var description: String {
    guard let number else { return "\(path) is no status file of a collector" }
    return "can't read \(path): \(unsafe String(cString: strerror(number))); is a collector running"
      + " with this --status-folder?"
  }

  var exitCode: Int32 {
    number.map { Console.exitCode(forUnreadable: $0) } ?? EX_DATAERR
  }
}
