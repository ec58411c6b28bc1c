// Landlock (landlock(7)): which files there still are for this process.

internal import CConfinement
internal import Glibc

/// Rights on files, as the kernel numbers them (linux/landlock.h).
private struct FileRights: OptionSet {
  let rawValue: UInt64

  static let writeFile = FileRights(rawValue: 1 << 1)
  static let readFile = FileRights(rawValue: 1 << 2)
  static let readFolder = FileRights(rawValue: 1 << 3)
  static let removeFile = FileRights(rawValue: 1 << 5)
  static let makeFile = FileRights(rawValue: 1 << 8)
  static let truncate = FileRights(rawValue: 1 << 14)

  /// All that a version of the interface knows, so that whatever is not allowed is forbidden.
  init(ofVersion version: Int32) {
    // The first thirteen; moving between folders (2), truncation (3), devices' ioctl (5).
    let count: UInt64 = version >= 5 ? 16 : version >= 3 ? 15 : version == 2 ? 14 : 13
    rawValue = (1 << count) - 1
  }

  init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// A set of rules, not in force before ``restrict()``.
struct LandlockRules: ~Copyable {
  private let ruleset: Int32

  private init(version: Int32) throws(ConfinementError) {
    // Binding and connecting over TCP (4); abstract sockets and signals of others (6).
    ruleset = weir_landlock_create(
      FileRights(ofVersion: version).rawValue, version >= 4 ? 0b11 : 0, version >= 6 ? 0b11 : 0)
    if ruleset < 0 { throw .failed(step: "landlock_create_ruleset", errno: errno) }
  }

  static func allowing(
    writableFolders: [String], readableFolders: [String], readableFiles: [String]
  ) throws(ConfinementError) -> LandlockRules {
    let version = weir_landlock_version()
    guard version > 0 else { throw .noLandlock(errno: errno) }
    let rules = try LandlockRules(version: version)
    let write: FileRights = [
      .readFile, .readFolder, .writeFile, .truncate, .makeFile, .removeFile,
    ]
    for folder in writableFolders {
      try rules.allow(write.intersection(FileRights(ofVersion: version)), beneath: folder)
    }
    for folder in readableFolders { try rules.allow(.readFile, beneath: folder) }
    for file in readableFiles { try rules.allowReading(file) }
    return rules
  }

  deinit { if ruleset >= 0 { close(ruleset) } }

  private func allow(
    _ rights: FileRights, beneath path: String
  ) throws(ConfinementError) {
    let folder = unsafe weir_open_folder_by_name(path)
    guard folder >= 0 else { throw .folder(path, errno: errno) }
    defer { close(folder) }
    var status = stat()
    var root = stat()
    guard unsafe fstat(folder, &status) == 0, unsafe stat("/", &root) == 0 else {
      throw .folder(path, errno: errno)
    }
    if (status.st_dev, status.st_ino) == (root.st_dev, root.st_ino) {
      throw .wholeFileSystem(path)
    }
    try check(
      "landlock_add_rule", weir_landlock_allow_beneath(ruleset, folder, rights.rawValue))
  }

  /// What can't be opened now is left to whoever opens it later, who can say better why.
  private func allowReading(_ path: String) throws(ConfinementError) {
    let file = unsafe weir_open_file_by_name(path)
    guard file >= 0 else { return }
    defer { close(file) }
    var status = stat()
    guard unsafe fstat(file, &status) == 0 else { return }
    // Of a folder no file beneath it: that it is one is to be found out as without this.
    let rights: FileRights = status.st_mode & S_IFMT == S_IFDIR ? .readFolder : .readFile
    // A pipe without a name is in no file system that this is about (EBADFD): it can be opened.
    guard weir_landlock_allow_beneath(ruleset, file, rights.rawValue) != 0, errno != EBADFD
    else { return }
    throw .failed(step: "landlock_add_rule", errno: errno)
  }

  func restrict() throws(ConfinementError) {
    try check("landlock_restrict_self", weir_landlock_restrict_self(ruleset))
  }
}
