// What can be published of a tor that runs with the mark: digests of tor itself, of the library in it, of
// this program, of torrc, and of the mark's settings.

import Glibc
import MarkCheck
import MarkPolicy
import MessageDigest
import Tallies

extension DigestList {
  /// Of a process that has the library, and all of which can be seen.
  init(markIn process: ProcessFiles) throws(Failure) {
    self.init(program: programName, version: weirVersion)
    guard let maps = process.maps, !maps.isEmpty, let environment = process.environment,
      let program = target(ofLink: "/proc/\(process.pid)/exe")
    else { throw .invisible(process.pid) }
    guard let library = MappedLibrary(maps: maps) else { throw .noMark(process.pid) }
    if let problem = library.problem(in: process) { throw .replacedLibrary(problem) }
    let torrc = try torrcFiles(of: process)
    do throws(Unreadable) {
      try addRunningProgram()
      // The link leads to the file that runs, whatever has that name now.
      try add(file: program, at: "/proc/\(process.pid)/exe")
      try add(file: library.path, at: process.path(library.path))
      for path in torrc { try add(file: path, at: process.path(path)) }
    } catch {
      throw .unreadable(path: error.path, number: error.errno)
    }
    add(part: "settings", sha256: SHA256.hexadecimal(of: settingsLines(environment)))
  }
}

private func torrcFiles(of process: ProcessFiles) throws(Failure) -> [String] {
  let access = RecordedTorrcAccess(TorrcAccess(process: process))
  do throws(TorrcError) {
    _ = try TorConfiguration(of: TorCommandLine(process.arguments), in: access)
  } catch {
    if case .unreadable(let number) = error.reason {
      throw .unreadable(path: error.file, number: number)
    }
    throw .settings("\(error.file):\(error.line): \(error.explanation)")
  }
  return access.paths
}

/// The variables that the library reads, a line each, sorted by their bytes.
private func settingsLines(_ environment: [[UInt8]]) -> [UInt8] {
  environment.filter { $0.starts(with: "WEIR_MARK_".utf8) }
    .sorted { $0.lexicographicallyPrecedes($1) }
    .flatMap { $0 + [0x0a] }
}

/// Remembers which files were read.
private final class RecordedTorrcAccess: TorrcFolder {
  private let access: TorrcAccess
  /// In the order in which they were read, each once.
  private(set) var paths: [String] = []

  init(_ access: TorrcAccess) { self.access = access }

  func contents(of path: String) throws(TorrcError) -> [UInt8] {
    if !paths.contains(path) { paths.append(path) }
    return try access.contents(of: path)
  }

  func names(inFolder path: String) -> [String]? { access.names(inFolder: path) }
  func isFile(_ path: String) -> Bool { access.isFile(path) }
  func matches(of pattern: String) -> [String] { access.matches(of: pattern) }
}
