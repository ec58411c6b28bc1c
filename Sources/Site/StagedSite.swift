// A site that is being built, in a directory of its own.

import Disclosure
import MessageDigest
import Tallies

/// A file as it was written.
struct WrittenFile {
  let sha256: String
  let bytes: Int
}

/// Writes files and remembers them, for the marker and the digests.
struct StagedSite {
  private let directory: String
  private var files: [String: WrittenFile] = [:]
  private var folders: Set<String> = []
  /// Released months.
  private var documents: Set<String> = []

  init(_ directory: String) throws(SystemFailure) {
    self.directory = directory
    try makeDirectory(directory)
  }

  /// `path` has one folder at most.
  @discardableResult
  mutating func write(_ path: String, _ contents: [UInt8]) throws(SystemFailure) -> WrittenFile {
    if let slash = path.firstIndex(of: "/") {
      let folder = String(path[..<slash])
      if folders.insert(folder).inserted { try makeDirectory("\(directory)/\(folder)") }
    }
    try writeNewFile("\(directory)/\(path)", contents)
    let written = WrittenFile(sha256: SHA256.hexadecimal(of: contents), bytes: contents.count)
    files[path] = written
    return written
  }

  @discardableResult
  mutating func write(_ path: String, _ text: String) throws(SystemFailure) -> WrittenFile {
    try write(path, Array(text.utf8))
  }

  /// Writes the documents of a month, which all else is made of.
  mutating func write(_ month: MonthDocuments) throws(SystemFailure) {
    for (name, contents) in month.files {
      let path = "\(month.released.month)/\(name)"
      try write(path, contents)
      documents.insert(path)
    }
  }

  /// Writes the marker, the digests and, where there is a key, their signature; then gives the
  /// whole the permissions of what it will replace.
  mutating func finish(like present: FileStatus?, signedBy key: SigningKey?) throws {
    if let key { try write(SiteSignature.signers, try SiteSignature.signersLine(key)) }
    let unlisted =
      [SiteMarker.file, SiteSignature.digests] + (key == nil ? [] : [SiteSignature.signature])
    let marker = SiteMarker(
      files: files.keys + unlisted,
      documents: files.filter { documents.contains($0.key) }.mapValues(\.sha256))
    try write(SiteMarker.file, marker.serialised())
    let lines = files.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      .map { "\($0.value.sha256)  \($0.key)\n" }
    try write(SiteSignature.digests, lines.joined())
    if let key { try SiteSignature.sign(in: directory, with: key) }
    // All at the end: the first one waits for the disk, and hardly any other has to.
    for path in files.keys.sorted() + unlisted { try synchronise("\(directory)/\(path)") }
    for folder in folders.sorted() { try synchronise("\(directory)/\(folder)") }
    if let present { try adopt(present, at: directory) }
    try synchronise(directory)
  }
}
