// Everything that a site has, written file by file: pages, and the data that they are made of.

import Disclosure
import Tallies

struct SiteContents {
  let documents: [MonthDocuments]
  let months: Months
  let templates: SiteTemplates
  let settings: SiteSettings

  init(documents: [MonthDocuments], templates: SiteTemplates, settings: SiteSettings) {
    self.documents = documents
    months = Months(documents.map(\.released))
    self.templates = templates
    self.settings = settings
  }

  func write(to site: inout StagedSite) throws(SystemFailure) {
    let indexes = SubjectIndex.dimensions.map { SubjectIndex($0, of: months) }
    let pages = SubjectPages(indexes)
    for month in documents {
      try site.write(month)
      try write(month.released, pages, to: &site)
    }
    for (index, page) in zip(indexes, [SitePage.ports, .networks, .countries]) {
      try write(index, page, to: &site)
    }
    func page(_ page: SitePage, _ template: SiteTemplates.Page, _ view: Any) throws(SystemFailure) {
      try site.write(page.rawValue, templates.render(template, view))
    }
    try page(
      .overview, .index,
      OverviewView(months, names: templates, pages: pages, settings: settings))
    try page(
      .methodology, .methodology, MethodologyView(months, names: templates, settings: settings))
    try page(.coverage, .coverage, CoveragePageView(months, settings: settings))
    try page(.data, .data, DataView(months, settings: settings))
    try page(.changes, .changes, ChangesView(months, settings: settings))
    try page(.about, .about, AboutView(settings: settings))
    let document = MonthsDocument(months)
    try site.write("months.csv", document.csv)
    try site.write("months.json", document.serialised())
    try site.write(SiteTemplates.encryptionFileName, templates.encryptionFile)
    try site.write("style.css", templates.stylesheet)
    if let feed = FeedView(months, settings: settings) {
      try site.write(FeedView.file, templates.render(.feed, feed))
    }
  }

  /// A month's page and data files.
  private func write(
    _ released: ReleasedMonth, _ pages: SubjectPages, to site: inout StagedSite
  ) throws(SystemFailure) {
    let folder = released.month.description
    let view = MonthView(
      released, among: months, names: templates, pages: pages, settings: settings,
      limit: SiteWriter.rowsOnPage)
    try site.write("\(folder)/index.html", templates.render(.month, view))
    try site.write("\(folder)/\(MonthSummary.file)", MonthSummary(released).serialised())
    try site.write("\(folder)/coverage.json", CoverageDocument(released).serialised())
    try site.write("\(folder)/totals.json", TotalsDocument(released).serialised())
    var resources: [DataResource] = []
    let totals = totalsTable(released)
    resources.append(
      DataResource(
        name: "totals", path: "totals.csv", title: "Totals", columns: totals.columns,
        contents: try site.write("\(folder)/totals.csv", totals.text)))
    for dimension in publishedDimensions(released) {
      let document = TableDocument(dimension, of: released, names: templates)
      try site.write("\(folder)/\(dimension.fileName).json", document.serialised())
      let csv = dataTable(dimension, of: released, names: templates)
      let path = "\(dimension.fileName).csv"
      resources.append(
        DataResource(
          name: dimension.fileName, path: path, title: dimension.heading, columns: csv.columns,
          contents: try site.write("\(folder)/\(path)", csv.text)))
    }
    let package = DataPackage(released: released, resources: resources, settings: settings)
    try site.write("\(folder)/\(DataPackage.file)", package.serialised())
  }

  /// The pages of subjects of a dimension, their list, and their data over time.
  private func write(
    _ index: SubjectIndex, _ page: SitePage, to site: inout StagedSite
  ) throws(SystemFailure) {
    let history = SubjectHistory(index.dimension, of: months)
    let folder = index.dimension.fileName
    try site.write(
      page.rawValue,
      templates.render(
        .subjects,
        SubjectListView(index, history: history, page: page, names: templates, settings: settings)))
    let document = OverTimeDocument(index.dimension, of: months, names: templates)
    try site.write("\(folder)/over-time.csv", document.csv)
    try site.write("\(folder)/over-time.json", document.serialised())
    for entry in index.entries {
      let view = SubjectView(
        entry, in: index.dimension, history: history, names: templates, settings: settings)
      try site.write("\(folder)/\(entry.key.file).html", templates.render(.subject, view))
    }
  }
}
