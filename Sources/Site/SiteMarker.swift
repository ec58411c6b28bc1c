// weir-site.json: says that a directory is a site of ours, and which files in it are.

import FoundationEssentials

struct SiteMarker: JSONDocument, Codable, Equatable {
  static let file = "weir-site.json"
  static let currentFormat = 1

  var format = currentFormat
  /// Paths below the site, sorted; this file among them.
  let files: [String]
  /// SHA-256 of every document of a released month, by its path.
  let documents: [String: String]?

  init(files: [String], documents: [String: String]) {
    self.documents = documents
    self.files = files.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Reads the marker of the site in `directory`.
  init(in directory: String) throws(SiteError) {
    struct Format: Decodable { let format: Int }
    let file = "\(directory)/\(Self.file)"
    do {
      let data = Data(try readFile(file))
      let format = try JSONDecoder().decode(Format.self, from: data).format
      guard format <= Self.currentFormat else {
        throw SiteError.laterFormat(file: file, format: format)
      }
      self = try JSONDecoder().decode(SiteMarker.self, from: data)
    } catch let error as SiteError {
      throw error
    } catch let error as SystemFailure {
      throw .damagedFile(file: file, reason: error.reason)
    } catch {
      throw .damagedFile(file: file, reason: "not the marker of a site")
    }
  }
}
