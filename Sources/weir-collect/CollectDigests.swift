// What a collector can publish of itself: its program, its configuration file, its databases, and the
// settings that decide what is counted.

import Configuration
import Glibc
import MessageDigest
import Networks
import Tallies

struct CollectDigests: Sendable {
  private let program: DigestList.File?
  private let configuration: DigestList.File?
  /// Why the program is not among them.
  private(set) var warning: String?

  /// The program and the configuration as they are now; what is read later need not be the same.
  init(configuration path: String?) throws(ConfigurationError) {
    var list = DigestList(program: programName, version: weirVersion)
    do throws(DigestList.Unreadable) {
      try list.addRunningProgram()
    } catch {
      warning =
        "can't read \(error.path): \(errorText(error.errno)): the ledger won't say which program counted"
    }
    program = list.files.first
    configuration = try path.map { path throws(ConfigurationError) in
      guard let digest = SHA256.hexadecimal(ofFile: path) else {
        throw .unreadable(file: path, errno: errno)
      }
      return DigestList.File(path: path, sha256: digest)
    }
  }

  var programDigest: String { program?.sha256 ?? "" }

  func list(_ settings: CollectSettings, _ databases: [DatabaseRecord]) -> DigestList {
    var list = DigestList(program: programName, version: weirVersion)
    for file in [program, configuration] { if let file { list.add(file) } }
    for database in databases {
      let path =
        switch database.kind {
        case .asn: settings.asnDatabase
        case .country: settings.countryDatabase
        }
      list.add(DigestList.File(path: path, sha256: database.sha256))
    }
    list.add(part: "settings", sha256: settings.meter.hash)
    return list
  }
}
