// What every page has around its content, and where the pages are.

/// The pages that there is one of.
enum SitePage: String, CaseIterable {
  case overview = "index.html"
  case ports = "service-ports/index.html"
  case networks = "autonomous-systems/index.html"
  case countries = "countries/index.html"
  case methodology = "methodology.html"
  case coverage = "coverage.html"
  case data = "data.html"
  case changes = "changes.html"
  case about = "about.html"

  /// In the navigation.
  var name: String {
    switch self {
    case .overview: "Overview"
    case .ports: "Ports"
    case .networks: "Networks"
    case .countries: "Countries"
    case .methodology: "Method"
    case .coverage: "Coverage"
    case .data: "Data"
    case .changes: "Changes"
    case .about: "About"
    }
  }
}

struct PageFrame {
  struct Link {
    let path: String
    let name: String
    let isCurrent: Bool
  }

  let siteTitle: String
  let pageTitle: String
  let description: String
  /// From the page to the site's folder.
  let root: String
  let navigation: [Link]
  /// Where there is one.
  let feed: String?
  let licence: String
  let licenceAddress: String

  /// - Parameter depth: how many folders below the site the page is.
  init(
    _ title: String?, description: String, at page: SitePage? = nil, depth: Int = 0,
    settings: SiteSettings
  ) {
    siteTitle = settings.title
    pageTitle = title.map { "\($0) – \(settings.title)" } ?? settings.title
    self.description = description
    root = String(repeating: "../", count: depth)
    navigation = SitePage.allCases.map {
      Link(path: $0.rawValue, name: $0.name, isCurrent: $0 == page)
    }
    feed = settings.baseAddress == nil ? nil : FeedView.file
    licence = settings.licence.identifier
    licenceAddress = settings.licence.address
  }
}
