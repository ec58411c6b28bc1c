// A month's page as the template sees it.

import Disclosure
import Tallies

struct TotalView {
  let name: String
  let value: String
  /// Exactly, where ``value`` is rounded.
  let exact: String
  let meaning: String
}

struct MonthView {
  let siteTitle: String
  let root = "../"
  let pageTitle: String
  let month: String
  let monthName: String
  let minimumFlows: String
  let total: Headline?
  let totals: [TotalView]
  let tables: [TableView]
  let coverage: CoverageView
  let databases: [DatabaseView]
  let hasDatabases: Bool

  struct Headline {
    let flows: String
    let bytes: String
  }

  init(_ released: ReleasedMonth, siteTitle: String, names: SiteTemplates, limit: Int) {
    self.siteTitle = siteTitle
    pageTitle = "\(released.month.name) – \(siteTitle)"
    month = released.month.description
    monthName = released.month.name
    minimumFlows = grouped(released.policy.minimumFlows)
    total = released.total.map {
      Headline(flows: grouped($0.flows), bytes: iecBytes($0.bytes))
    }
    totals = released.total.map(Self.totals) ?? []
    tables =
      released.total.map { total in
        released.tables.map {
          TableView($0, total: total, month: released.month, names: names, limit: limit)
        }
      } ?? []
    coverage = CoverageView(released.coverage)
    databases = released.databases.map { DatabaseView($0) }
    hasDatabases = !databases.isEmpty
  }

  private static func totals(_ total: ReleasedFigures) -> [TotalView] {
    func count(_ name: String, _ number: UInt64, _ meaning: String) -> TotalView {
      TotalView(name: name, value: grouped(number), exact: String(number), meaning: meaning)
    }
    func size(_ name: String, _ number: UInt64, _ meaning: String) -> TotalView {
      TotalView(name: name, value: iecBytes(number), exact: String(number), meaning: meaning)
    }
    let answered = percentage(total.flowsAnswered, of: total.flows)
    return [
      count("Flows", total.flows, "connections, and exchanges over UDP, that began in the month"),
      count(
        "Flows answered", total.flowsAnswered,
        "\(answered) as many as began; the others were refused in silence, or filtered"),
      count("Packets out", total.packetsOut, "from the exit to the service"),
      count("Packets in", total.packetsIn, "the replies"),
      size("Bytes out", total.bytesOut, "of the IP packets, their headers included"),
      size("Bytes in", total.bytesIn, "the same of the replies"),
      size("Bytes", total.bytes, "both directions"),
    ]
  }
}
