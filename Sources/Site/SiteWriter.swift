// Publishes months: builds the whole site beside the present one, then puts it in its place.

public import Disclosure
public import Tallies

/// Writes a site of static pages and data files.
///
/// Readers find the old site or the new one, never a mixture. A build that fails leaves the old one
/// as it was, and nothing of its own.
public struct SiteWriter: Sendable {
  /// How many rows of a table a page shows; the others are added up in one line, and stand in the
  /// data files. A page with every port there is would be too large for the browsers that Tor's
  /// users have.
  public static let rowsOnPage = 50

  private let templates: SiteTemplates
  private let directory: String
  private let settings: SiteSettings

  /// - Parameter directory: Where the site goes: a site that Weir wrote, an empty directory, or none
  ///   yet.
  public init(
    templates: SiteTemplates, directory: String, settings: SiteSettings = SiteSettings()
  ) {
    self.templates = templates
    self.directory = directory
    self.settings = settings
  }

  /// Publishes one month. The site's other months stay as they are.
  public func publish(_ month: ReleasedMonth) throws(SiteError) { try publish([month]) }

  /// Publishes months, each no more than once. The site's other months stay as they are; without
  /// any month, the site is made anew from what it has.
  public func publish(_ months: [ReleasedMonth]) throws(SiteError) {
    let released = Dictionary(months.map { ($0.month, $0) }) { _, _ in
      preconditionFailure("a month given twice")
    }
    try publish(months.map(\.month)) { month, _ in released[month] }.get()
  }

  /// Publishes months as `release` decides, given what is published of each already: while it does,
  /// no other build changes that. A month of which it gives nothing stays as it is. Where it throws,
  /// the site stays as it was.
  public func publish<Failure>(
    _ months: [CalendarMonth],
    release: (CalendarMonth, ReleasedMonth?) throws(Failure) -> ReleasedMonth?
  ) throws(SiteError) -> Result<Void, Failure> {
    let place = try SitePlace(directory)
    var result = Result<Void, Failure>.success(())
    try place.locked { () throws(SiteError) in
      try place.recover()
      let present = try PresentSite(place.directory)
      var documents = Dictionary(
        uniqueKeysWithValues: present.months.map { ($0.released.month, $0) })
      do throws(Failure) {
        for month in months {
          guard let released = try release(month, documents[month]?.released) else { continue }
          documents[month] = MonthDocuments(publishing: released, over: documents[month])
        }
      } catch {
        result = .failure(error)
        return
      }
      let months = documents.values.sorted { $0.released.month < $1.released.month }
      let staging = place.staging
      do throws(SiteError) {
        try build(months, over: present, in: staging)
        try replaceSite(at: place, with: staging)
      } catch {
        // What can't be removed now, the next build removes.
        try? removeTree(staging)
        throw error
      }
      try? removeTree(staging)
      try? removeTree(place.aside)
    }
    return result
  }

  private func build(
    _ months: [MonthDocuments], over present: PresentSite, in staging: String
  ) throws(SiteError) {
    do {
      var site = try StagedSite(staging)
      let contents = SiteContents(documents: months, templates: templates, settings: settings)
      try contents.write(to: &site)
      try site.finish(like: present.status, signedBy: settings.signing)
    } catch let error as SystemFailure {
      throw SiteError(writing: error)
    } catch let error as SigningFailure {
      throw .cannotSign(reason: error.reason)
    } catch {
      throw .cannotWrite(path: staging, reason: "\(error)")
    }
  }

  private func replaceSite(at place: SitePlace, with staging: String) throws(SiteError) {
    do {
      try replace(place.directory, with: staging, keeping: place.aside)
      try place.synchronise()
    } catch {
      throw .cannotReplace(directory: place.directory, reason: error.reason)
    }
  }
}
