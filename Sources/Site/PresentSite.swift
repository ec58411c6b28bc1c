// The site that is there already: whether it is ours to replace, and which months it has.

import Tallies

/// What stands at the target before a build.
struct PresentSite {
  let directory: String
  /// The months it has, in order.
  let months: [MonthDocuments]
  /// `nil` where the target doesn't exist yet.
  let status: FileStatus?

  /// Refuses a directory that holds anything a site of ours doesn't account for.
  init(_ directory: String) throws(SiteError) {
    self.directory = directory
    let paths: [String]
    var marker: SiteMarker?
    do {
      status = try Site.status(of: directory)
      guard let status else {
        months = []
        return
      }
      guard status.isDirectory else {
        throw SiteError.cannotReplace(directory: directory, reason: "not a directory")
      }
      paths = try Self.paths(below: directory)
    } catch let error as SiteError {
      throw error
    } catch let error as SystemFailure {
      throw .cannotReplace(directory: directory, reason: "\(error.path): \(error.reason)")
    } catch {
      throw .cannotReplace(directory: directory, reason: "\(error)")
    }
    if let first = paths.first {
      guard paths.contains(SiteMarker.file) else {
        throw .foreignFile(directory: directory, file: first)
      }
      let read = try SiteMarker(in: directory)
      marker = read
      let ours = Set(read.files)
      if let foreign = paths.first(where: { !ours.contains($0) }) {
        throw .foreignFile(directory: directory, file: foreign)
      }
    }
    months =
      try marker.map { marker throws(SiteError) in
        try Self.months(of: paths, in: directory, marker)
      } ?? []
  }

  /// The documents of every month that some of the paths belong to, in order.
  static func months(
    of paths: [String], in directory: String, _ marker: SiteMarker
  ) throws(SiteError) -> [MonthDocuments] {
    var files: [CalendarMonth: [String]] = [:]
    for path in paths {
      let parts = path.split(separator: "/")
      if parts.count == 2, let month = CalendarMonth(String(parts[0])) {
        files[month, default: []].append(String(parts[1]))
      }
    }
    return try files.sorted(by: { $0.key < $1.key }).map { month, names throws(SiteError) in
      try MonthDocuments(of: month, names: names, in: directory, marker: marker)
    }
  }

  /// Every path down to files within folders. What is a folder deeper than that, an empty one, or
  /// neither file nor folder, is given by its own path: no marker names it.
  private static func paths(below directory: String) throws(SystemFailure) -> [String] {
    var paths: [String] = []
    for name in try entries(of: directory) {
      let isFolder = try Site.status(of: "\(directory)/\(name)")?.isDirectory == true
      let files = isFolder ? try entries(of: "\(directory)/\(name)") : []
      for path in files.isEmpty ? [name] : files.map({ "\(name)/\($0)" }) {
        let isFile = try Site.status(of: "\(directory)/\(path)")?.isRegularFile == true
        paths.append(isFile ? path : path + "/")
      }
    }
    return paths
  }
}
