// A site that is being built, in a directory of its own.

import Disclosure
import MessageDigest
import Tallies

/// Writes files and remembers them for the marker.
struct StagedSite {
  private let directory: String
  private var files: [String] = []
  /// Digests of released months, by path.
  private var documents: [String: String] = [:]

  init(_ directory: String) throws(SystemFailure) {
    self.directory = directory
    try makeDirectory(directory)
  }

  mutating func write(_ path: String, _ contents: [UInt8]) throws(SystemFailure) {
    try writeNewFile("\(directory)/\(path)", contents)
    files.append(path)
  }

  mutating func write(_ path: String, _ text: String) throws(SystemFailure) {
    try write(path, Array(text.utf8))
  }

  /// Writes a month's page and data files, and the documents that they are made of.
  mutating func write(
    _ month: MonthDocuments, title: String, templates: SiteTemplates
  ) throws(SystemFailure) -> MonthSummary {
    let released = month.released
    let folder = released.month.description
    try makeDirectory("\(directory)/\(folder)")
    for (name, contents) in month.files {
      try write("\(folder)/\(name)", contents)
      documents["\(folder)/\(name)"] = SHA256.hexadecimal(of: contents)
    }
    let summary = MonthSummary(released)
    let page = MonthView(
      released, siteTitle: title, names: templates, limit: SiteWriter.rowsOnPage)
    try write("\(folder)/index.html", templates.render(.month, page))
    try write("\(folder)/\(MonthSummary.file)", summary.serialised())
    try write("\(folder)/coverage.json", CoverageDocument(released).serialised())
    try write("\(folder)/totals.json", TotalsDocument(released).serialised())
    try write("\(folder)/totals.csv", totalsCSV(released))
    for dimension in ReleasedTable.Dimension.allCases
    where dimension != .relay || released[.relay] != nil {
      let name = "\(folder)/\(dimension.fileName)"
      let document = TableDocument(dimension, of: released, names: templates)
      try write("\(name).json", document.serialised())
      try write("\(name).csv", tableCSV(dimension, of: released, names: templates))
    }
    try synchronise(directory: "\(directory)/\(folder)")
    return summary
  }

  /// Writes the marker, and gives the whole the permissions of what it will replace.
  mutating func finish(like present: FileStatus?) throws(SystemFailure) {
    let marker = SiteMarker(files: files + [SiteMarker.file], documents: documents)
    try write(SiteMarker.file, marker.serialised())
    if let present { try adopt(present, at: directory) }
    try synchronise(directory: directory)
  }
}
