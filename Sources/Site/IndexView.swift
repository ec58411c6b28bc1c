// The front page as the template sees it.

import Tallies

struct IndexView {
  let siteTitle: String
  let root = ""
  let pageTitle: String
  /// Newest first.
  let months: [Month]
  let hasMonths: Bool

  struct Month {
    let month: String
    let name: String
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
  }

  /// `summaries` in order of their months.
  init(_ summaries: [(month: CalendarMonth, summary: MonthSummary)], siteTitle: String) {
    self.siteTitle = siteTitle
    pageTitle = siteTitle
    hasMonths = !summaries.isEmpty
    months = summaries.reversed().map { month, summary in
      let observed = UInt64(max(0, summary.coverage.secondsObserved))
      let whole = UInt64(max(1, summary.coverage.secondsInMonth))
      return Month(
        month: month.description, name: month.name,
        total: summary.total.map {
          Total(
            flows: grouped($0.flows), bytes: iecBytes($0.bytes), bytesExact: String($0.bytes))
        },
        minimumFlows: grouped(summary.minimumFlows),
        share: percentage(observed, of: whole), bar: String(wholePercentage(observed, of: whole)))
    }
  }
}
