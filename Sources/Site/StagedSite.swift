// A site that is being built, in a directory of its own.

import Disclosure
import Tallies

/// Writes files and remembers them for the marker.
struct StagedSite {
  private let directory: String
  private var files: [String] = []

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

  /// Writes a month's page and data files.
  mutating func write(
    _ released: ReleasedMonth, title: String, templates: SiteTemplates
  ) throws(SystemFailure) -> MonthSummary {
    let folder = released.month.description
    try makeDirectory("\(directory)/\(folder)")
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

  /// Takes a month over from the present site, byte for byte.
  mutating func carry(
    _ month: CalendarMonth, _ names: [String], from present: PresentSite
  ) throws -> MonthSummary {
    let source = "\(present.directory)/\(month)"
    let summary = try MonthSummary(file: "\(source)/\(MonthSummary.file)", month: month)
    try makeDirectory("\(directory)/\(month)")
    for name in names {
      try linkOrCopy("\(source)/\(name)", to: "\(directory)/\(month)/\(name)")
      files.append("\(month)/\(name)")
    }
    try synchronise(directory: "\(directory)/\(month)")
    return summary
  }

  /// Writes the marker, and gives the whole the permissions of what it will replace.
  mutating func finish(like present: FileStatus?) throws(SystemFailure) {
    try write(SiteMarker.file, SiteMarker(files: files + [SiteMarker.file]).serialised())
    if let present { try adopt(present, at: directory) }
    try synchronise(directory: directory)
  }
}
