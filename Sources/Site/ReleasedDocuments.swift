// What is published already: the released months of the present site, each as a document.
//
// Pages and data files are made of these documents and of nothing else. A final month is frozen in
// its own; the marker has the digest of each, so that one that was changed by hand is noticed.

import Disclosure
import MessageDigest
import Tallies

/// The documents of one month.
struct MonthDocuments {
  static let file = "released.json"

  /// What is published of the month now.
  let released: ReleasedMonth
  /// Every version, by its file's name within the month's folder.
  let files: [(name: String, contents: [UInt8])]

  /// The name of an earlier version's file.
  static func file(ofRevision number: Int) -> String { "released-r\(number).json" }

  /// What is to be published: what is there now, as an earlier version where this is a revision.
  init(publishing released: ReleasedMonth, over earlier: MonthDocuments?) {
    self.released = released
    var files = earlier?.files.filter { $0.name != Self.file } ?? []
    if let earlier, earlier.released.revision < released.revision {
      files.append(
        (Self.file(ofRevision: earlier.released.revision), earlier.released.document()))
    }
    self.files = files + [(Self.file, released.document())]
  }

  /// Reads the documents of a month.
  init(
    of month: CalendarMonth, names: [String], in directory: String, marker: SiteMarker
  ) throws(SiteError) {
    let numbered = names.filter { $0.hasPrefix("released-r") && $0.hasSuffix(".json") }
    var versions: [ReleasedMonth] = []
    var files: [(name: String, contents: [UInt8])] = []
    for name in numbered + [Self.file] {
      let (released, contents) = try Self.read("\(month)/\(name)", in: directory, marker)
      guard released.month == month else {
        throw .damagedFile(file: "\(directory)/\(month)/\(name)", reason: "not of \(month)")
      }
      files.append((name, contents))
      versions.append(released)
    }
    released = versions[versions.count - 1]
    self.files = files
  }

  private static func read(
    _ path: String, in directory: String, _ marker: SiteMarker
  ) throws(SiteError) -> (ReleasedMonth, [UInt8]) {
    let file = "\(directory)/\(path)"
    let contents: [UInt8]
    do {
      contents = try readFile(file)
    } catch {
      throw .damagedFile(file: file, reason: error.reason)
    }
    guard marker.documents?[path] == SHA256.hexadecimal(of: contents) else {
      throw .changedDocument(file: file)
    }
    do {
      return (try ReleasedMonth(document: contents), contents)
    } catch {
      switch error {
      case .laterFormat(let format): throw .laterFormat(file: file, format: format)
      case .damaged(let reason): throw .damagedFile(file: file, reason: reason)
      }
    }
  }
}
