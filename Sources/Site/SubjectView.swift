// The page of a port, network or country over time, and the list of those that have one.

import Disclosure
import Tallies

struct SubjectView {
  /// How many months the page shows, the latest first; the data file has all.
  static let mostMonths = 120

  struct Month {
    let name: String
    let page: String?
    /// `nil` where there are none.
    let figures: FigureCells?
    let why: String
  }

  let frame: PageFrame
  let heading: String
  /// What it is called elsewhere, in full.
  let name: String?
  let note: String?
  let summary: String
  let encryption: String?
  let encryptionNote: String?
  let encryptionSource: String?
  let isServicePort: Bool
  let isAutonomousSystem: Bool
  let isCountry: Bool
  let list: String
  let chart: ColumnChart
  let months: [Month]
  let hasEarlierMonths: Bool

  init(
    _ entry: SubjectIndex.Entry, in dimension: ReleasedTable.Dimension, history: SubjectHistory,
    names: SiteTemplates, settings: SiteSettings
  ) {
    let words = SubjectWords(entry.subject, names: names)
    heading =
      switch entry.subject {
      case .servicePort: "Port \(words.subject)"
      case .autonomousSystem(asn: 0, _): "Addresses in no database"
      default: words.subject
      }
    if case .autonomousSystem(_, let full) = entry.subject {
      name = full.isEmpty ? nil : String(full.prefix(400))
    } else {
      name = words.name
    }
    note = words.note
    frame = PageFrame(
      heading, description: "\(heading): exit traffic by month.", depth: 1, settings: settings)
    isServicePort = dimension == .servicePort
    isAutonomousSystem = dimension == .autonomousSystem
    isCountry = dimension == .country
    list = dimension.heading
    if case .servicePort(let service) = entry.subject {
      let kind = names.encryption[service]
      encryption = (kind?.kind ?? .unknown).heading
      encryptionNote = kind?.note
      encryptionSource = kind?.source
    } else {
      (encryption, encryptionNote, encryptionSource) = (nil, nil, nil)
    }
    let figures = history.figures(of: entry.key)
    let share = entry.last.row.figures.bytes
    let total = history.total(of: entry.last.month)
    summary =
      "In \(entry.last.month.name), \(counted(entry.last.row.figures.flows, "flow")) and"
      + " \(iecBytes(share)): \(percentage(share, of: total)) of the month’s bytes."
    let span = history.span.suffix(24)
    chart = ColumnChart(
      id: "trend", headline: "Share of the bytes, month by month",
      subtitle: "Bytes to and from it, of all exit traffic of the month",
      subject: "Month", value: "Share of bytes",
      entries: zip(Array(span).labels, figures.suffix(24)).map { label, figures in
        switch figures.figures {
        case .published(let row):
          // In hundredths of a percent.
          (label, .number(hundredths(row.figures.bytes, of: history.total(of: figures.month))))
        case .notOnItsOwn: (label, .none("not published on its own"))
        case .withheld: (label, .none("withheld"))
        case .noData: (label, .none("no data"))
        }
      },
      wording: { value in
        switch value {
        case .number(let number): shareOfHundredths(number)
        case .none(let why): why
        case .bounds: ""
        }
      }, scale: shareOfHundredths)
    months = figures.suffix(Self.mostMonths).reversed().map { month, figures in
      let isBuilt: Bool = if case .noData = figures { false } else { true }
      let why =
        switch figures {
        case .published: ""
        case .notOnItsOwn: "not published on its own"
        case .withheld: "withheld"
        case .noData: "no data"
        }
      return Month(
        name: month.name, page: isBuilt ? "../\(month)/index.html" : nil,
        figures: figures.row.map { row in
          var total = Figures()
          total.bytesIn = history.total(of: month)
          return FigureCells(Figures(row.figures), of: total, interval: row.interval)
        }, why: why)
    }
    hasEarlierMonths = figures.count > Self.mostMonths
  }
}

/// The figures of every subject of a dimension, month by month.
struct SubjectHistory {
  let span: [(month: CalendarMonth, released: ReleasedMonth?)]
  private let rows: [CalendarMonth: [SubjectKey: ReleasedRow]]
  private let totals: [CalendarMonth: UInt64]
  private let dimension: ReleasedTable.Dimension

  init(_ dimension: ReleasedTable.Dimension, of months: Months) {
    self.dimension = dimension
    span = months.span(SubjectView.mostMonths + 1)
    rows = Dictionary(
      uniqueKeysWithValues: months.released.map { ($0.month, $0.rows(dimension)) })
    totals = Dictionary(
      uniqueKeysWithValues: months.released.map { ($0.month, $0.total?.bytes ?? 0) })
  }

  func total(of month: CalendarMonth) -> UInt64 { totals[month] ?? 0 }

  func figures(of key: SubjectKey) -> [(month: CalendarMonth, figures: SubjectFigures)] {
    span.map { month, released in
      guard let released else { return (month, .noData) }
      guard released[dimension] != nil else { return (month, .withheld) }
      return (month, rows[month]?[key].map { .published($0) } ?? .notOnItsOwn)
    }
  }
}

/// All that have a page, of one dimension.
struct SubjectListView {
  struct Row {
    let words: SubjectWords
    let page: String
    let lastMonth: String
    let lastPage: String
    let months: String
    let figures: FigureCells
  }

  let frame: PageFrame
  let heading: String
  let explanation: String?
  let subjectHeading: String
  let csv: String
  let json: String
  let rows: [Row]
  let hasRows: Bool
  let withoutPage: String?
  let isServicePort: Bool

  init(
    _ index: SubjectIndex, history: SubjectHistory, page: SitePage, names: SiteTemplates,
    settings: SiteSettings
  ) {
    let dimension = index.dimension
    heading = "\(dimension.heading) over time"
    frame = PageFrame(
      heading, description: "Exit traffic by \(dimension.subject.lowercased()), over all months.",
      at: page, depth: 1, settings: settings)
    explanation = dimension.explanation
    subjectHeading = dimension.subject
    csv = "over-time.csv"
    json = "over-time.json"
    rows = index.entries.map { entry in
      var total = Figures()
      total.bytesIn = history.total(of: entry.last.month)
      return Row(
        words: SubjectWords(entry.subject, names: names), page: "\(entry.key.file).html",
        lastMonth: entry.last.month.name, lastPage: "../\(entry.last.month)/index.html",
        months: grouped(UInt64(entry.monthsPublished)),
        figures: FigureCells(Figures(entry.last.row.figures), of: total))
    }
    hasRows = !rows.isEmpty
    withoutPage = index.withoutPage == 0 ? nil : grouped(UInt64(index.withoutPage))
    isServicePort = dimension == .servicePort
  }
}

/// A share in hundredths of a percent.
func hundredths(_ part: UInt64, of whole: UInt64) -> UInt64 {
  guard whole > 0 else { return 0 }
  let product = min(part, whole).multipliedFullWidth(by: 10_000)
  return whole.dividingFullWidth(product).quotient
}

/// `12.3%`, `0.05%`.
func shareOfHundredths(_ number: UInt64) -> String {
  if number == 0 { return "<0.01%" }
  let decimals = number % 100
  if number >= 1000 { return "\(number / 100).\(decimals / 10)%" }
  return "\(number / 100).\(decimals < 10 ? "0" : "")\(decimals)%"
}
