// Publishes months: builds the whole site beside the present one, then puts it in its place.

public import Disclosure
import Tallies

/// Writes a site of static pages and data files.
///
/// Readers find the old site or the new one, never a mixture. A build that fails leaves the old one
/// as it was, and nothing of its own.
public struct SiteWriter: Sendable {
  /// How many rows of a table a page shows; the others are added up in one line, and stand in the
  /// data files. A page with every port there is would be too large for the browsers that Tor's
  /// users have.
  public static let rowsOnPage = 250

  private let templates: SiteTemplates
  private let directory: String
  private let title: String

  /// - Parameters:
  ///   - directory: Where the site goes: a site that Weir wrote, an empty directory, or none yet.
  ///   - title: The name of the site, on every page.
  public init(
    templates: SiteTemplates, directory: String, title: String = "Exit traffic statistics"
  ) {
    self.templates = templates
    self.directory = directory
    self.title = title
  }

  /// Publishes one month. The site's other months stay as they are.
  public func publish(_ month: ReleasedMonth) throws(SiteError) { try publish([month]) }

  /// Publishes months, each no more than once. The site's other months stay as they are; without
  /// any month, the site is made anew from what it has.
  public func publish(_ months: [ReleasedMonth]) throws(SiteError) {
    precondition(Set(months.map(\.month)).count == months.count, "a month given twice")
    let place = try SitePlace(directory)
    try place.locked { () throws(SiteError) in
      try place.recover()
      let present = try PresentSite(place.directory)
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
  }

  private func build(
    _ months: [ReleasedMonth], over present: PresentSite, in staging: String
  ) throws(SiteError) {
    do {
      var site = try StagedSite(staging)
      var summaries: [(month: CalendarMonth, summary: MonthSummary)] = []
      let published = Set(months.map(\.month))
      for kept in present.months where !published.contains(kept.month) {
        summaries.append((kept.month, try site.carry(kept.month, kept.files, from: present)))
      }
      for month in months {
        summaries.append((month.month, try site.write(month, title: title, templates: templates)))
      }
      summaries.sort { $0.month < $1.month }
      let index = IndexView(summaries, siteTitle: title)
      try site.write("index.html", templates.render(.index, index))
      try site.write("style.css", templates.stylesheet)
      try site.finish(like: present.status)
    } catch let error as SiteError {
      throw error
    } catch let error as SystemFailure {
      throw SiteError(writing: error)
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
