// A site as it stands, read and never written: what it publishes, and which files it has.

public import Disclosure
import MessageDigest
public import Tallies

public struct PublishedSite: Sendable {
  /// In ascending order.
  public let months: [ReleasedMonth]
  /// The digest of every file, by its path below the site.
  let digests: [String: String]

  /// Reads a site that Weir wrote. What else is in the folder is no part of it.
  public init(_ directory: String) throws(SiteError) {
    guard (try? status(of: "\(directory)/\(SiteMarker.file)")) != nil else {
      throw .noSite(directory: directory)
    }
    let marker = try SiteMarker(in: directory)
    months = try PresentSite.months(of: marker.files, in: directory, marker).map(\.released)
    var digests: [String: String] = [:]
    for path in marker.files {
      let file = "\(directory)/\(path)"
      do {
        digests[path] = SHA256.hexadecimal(of: try readFile(file))
      } catch {
        throw .damagedFile(file: file, reason: error.reason)
      }
    }
    self.digests = digests
  }

  /// `nil` where the site has nothing of the month.
  public subscript(month: CalendarMonth) -> ReleasedMonth? { months.first { $0.month == month } }
}
