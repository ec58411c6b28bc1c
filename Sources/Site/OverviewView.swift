// The front page: the latest month in a few figures, trends over all months, and every month.

import Disclosure
import Tallies

/// A figure that stands for itself.
struct KeyFigure {
  let name: String
  let value: String
  let note: String
}

struct OverviewView {
  /// How many months the charts show, and how many the table; data files have all.
  static let monthsInCharts = 24
  static let monthsInTable = 120

  struct Latest {
    let month: String
    let name: String
    let isProvisional: Bool
    let coveredUntil: String
    let flows: String
    let bytes: String
    let comparison: String?
    let encrypted: String?
    let figures: [KeyFigure]
    let top: [TopList]
  }

  struct TopList {
    let heading: String
    let all: String
    let subjectHeading: String
    let caption: String
    let anchor: String
    let rows: [RowView]
  }

  struct Month {
    let month: String
    let name: String
    let isProvisional: Bool
    let revision: String?
    /// `nil` where the month is withheld.
    let total: Total?
    let minimumFlows: String
    let share: String
    let bar: String
  }

  struct Total {
    let flows: String
    let bytes: String
    let bytesExact: String
    let encrypted: String
    let ipv6: String
  }

  let frame: PageFrame
  let latest: Latest?
  let charts: [ColumnChart]
  let hasCharts: Bool
  /// Newest first.
  let months: [Month]
  let hasMonths: Bool
  let hasEarlierMonths: Bool

  init(_ months: Months, names: SiteTemplates, pages: SubjectPages, settings: SiteSettings) {
    frame = PageFrame(
      nil, description: "What leaves the Tor network through the exit relays measured here.",
      at: .overview, settings: settings)
    latest = months.latest.flatMap {
      Self.latest($0, among: months, names: names, pages: pages)
    }
    charts = months.latest == nil ? [] : Self.charts(months)
    hasCharts = !charts.isEmpty
    self.months = months.released.reversed().prefix(Self.monthsInTable).map { Self.row($0) }
    hasMonths = !self.months.isEmpty
    hasEarlierMonths = months.released.count > Self.monthsInTable
  }

  private static func row(_ released: ReleasedMonth) -> Month {
    let observed = released.observedShare
    return Month(
      month: released.month.description, name: released.month.name,
      isProvisional: released.isProvisional,
      revision: released.revision > 1 ? String(released.revision) : nil,
      total: released.total.map { total in
        Total(
          flows: grouped(total.flows), bytes: iecBytes(total.bytes),
          bytesExact: String(total.bytes),
          encrypted: EncryptionBounds(released)?.range ?? "not published",
          ipv6: released.ipv6Bytes.map { percentage($0, of: total.bytes) } ?? "not published")
      },
      minimumFlows: grouped(released.policy.minimumFlows),
      share: percentage(observed.part, of: observed.whole),
      bar: String(wholePercentage(observed.part, of: observed.whole)))
  }

  private static func latest(
    _ released: ReleasedMonth, among months: Months, names: SiteTemplates, pages: SubjectPages
  ) -> Latest? {
    guard let total = released.total else { return nil }
    let past = months.before(released.month)
    let encryption = EncryptionBounds(released)
    return Latest(
      month: released.month.description, name: released.month.name,
      isProvisional: released.isProvisional, coveredUntil: iso8601(released.coveredUntil),
      flows: grouped(total.flows), bytes: iecBytes(total.bytes),
      // What isn't over can't be compared with what is.
      comparison: released.isProvisional
        ? nil
        : past.flatMap { past in
          past.total.flatMap { comparison(total.bytes, with: $0.bytes) }
            .map { "\($0) in \(past.month.name)" }
        },
      encrypted: encryption?.range,
      figures: keyFigures(released, total: total),
      top: SubjectIndex.dimensions.compactMap { dimension in
        released[dimension].map { table in
          TopList(
            heading: dimension.heading,
            all: "\(released.month)/index.html#\(dimension.fileName)",
            subjectHeading: dimension.subject,
            caption: "\(dimension.heading) with the most bytes, \(released.month.name)",
            anchor: "top-\(dimension.fileName)",
            rows: table.rows.prefix(5).map { row in
              RowView(
                words: SubjectWords(row.subject, names: names),
                link: pages.page(of: row.subject, in: dimension),
                figures: FigureCells(Figures(row.figures), of: Figures(total)))
            })
        }
      })
  }

  /// Monthly totals, and the two shares that describe a month best.
  private static func charts(_ months: Months) -> [ColumnChart] {
    let span = months.span(monthsInCharts)
    let labels = span.labels
    func entries(
      _ value: (ReleasedMonth) -> ColumnValue
    ) -> [(label: ColumnLabel, value: ColumnValue)] {
      zip(labels, span).map { label, entry in
        guard let released = entry.released else { return (label, .none("no data")) }
        guard released.total != nil else { return (label, .none("withheld")) }
        return (label, value(released))
      }
    }
    func words(_ value: ColumnValue, _ number: (UInt64) -> String) -> String {
      switch value {
      case .none(let why): why
      case .number(let value): number(value)
      case .bounds(let lower, let upper):
        number(lower) == number(upper) ? number(lower) : "\(number(lower)) to \(number(upper))"
      }
    }
    let peak = months.released.filter { $0.total != nil }
      .max { ($0.total?.bytes ?? 0) < ($1.total?.bytes ?? 0) }
    let busiest = months.released.filter { $0.total != nil }
      .max { ($0.total?.flows ?? 0) < ($1.total?.flows ?? 0) }
    let latest = months.latest
    let thousandth: (UInt64) -> String = { "\($0 / 10).\($0 % 10)%" }
    return [
      ColumnChart(
        id: "volume",
        headline: peak.map { "Most bytes in \($0.month.name): \(iecBytes($0.total?.bytes ?? 0))" }
          ?? "",
        subtitle: "Volume: bytes in both directions, by month", subject: "Month", value: "Bytes",
        entries: entries { .number($0.total?.bytes ?? 0) },
        wording: { words($0, iecBytes) }, scale: iecBytes),
      ColumnChart(
        id: "flows",
        headline: busiest.map {
          "Most flows in \($0.month.name): \(grouped($0.total?.flows ?? 0))"
        } ?? "",
        subtitle: "Flows that began, by month", subject: "Month", value: "Flows",
        entries: entries { .number($0.total?.flows ?? 0) },
        wording: { words($0, grouped) }, scale: grouped),
      ColumnChart(
        id: "encrypted",
        headline: latest.flatMap { EncryptionBounds($0) }.map {
          "\($0.range) of the bytes likely encrypted"
        } ?? "Share likely encrypted",
        subtitle: "Lower and upper bound, judged by port alone, by month", subject: "Month",
        value: "Likely encrypted",
        entries: entries { month in
          guard let bounds = EncryptionBounds(month) else { return .none("not published") }
          return .bounds(
            lower: thousandths(bounds.lower, of: bounds.total),
            upper: thousandths(bounds.upper, of: bounds.total))
        }, top: 1000, wording: { words($0, thousandth) }, scale: { _ in "100%" }),
      ColumnChart(
        id: "ipv6",
        headline: latest.flatMap { month in
          month.ipv6Bytes.map {
            "\(percentage($0, of: month.total?.bytes ?? 0)) of the bytes over IPv6"
          }
        } ?? "Share of IPv6",
        subtitle: "Bytes over IPv6, by month", subject: "Month", value: "IPv6",
        entries: entries { month in
          month.ipv6Bytes.map { .number(thousandths($0, of: month.total?.bytes ?? 0)) }
            ?? .none("not published")
        }, top: 1000, wording: { words($0, thousandth) }, scale: { _ in "100%" }),
    ]
  }

  private static func thousandths(_ part: UInt64, of whole: UInt64) -> UInt64 {
    (hundredths(part, of: whole) + 5) / 10
  }
}

/// What describes a month in short, on its own page and on the front page.
func keyFigures(_ released: ReleasedMonth, total: ReleasedFigures) -> [KeyFigure] {
  let observed = released.observedShare
  let encryption = EncryptionBounds(released)
  return [
    KeyFigure(
      name: "Volume", value: iecBytes(total.bytes),
      note: "\(iecBytes(total.bytesOut)) out, \(iecBytes(total.bytesIn)) in"),
    KeyFigure(
      name: "Flows", value: grouped(total.flows),
      note: "\(percentage(total.flowsAnswered, of: total.flows)) as many were answered"),
    KeyFigure(
      name: "Likely encrypted", value: encryption?.range ?? "not published",
      note: "of the bytes, judged by port"),
    KeyFigure(
      name: "IPv6",
      value: released.ipv6Bytes.map { percentage($0, of: total.bytes) } ?? "not published",
      note: "of the bytes"),
    KeyFigure(
      name: "Observed", value: percentage(observed.part, of: observed.whole),
      note: "\(duration(released.coverage.secondsObserved)) of the month"),
  ]
}
