// A released month as text tables, for a terminal.

public import Disclosure
import Tallies

/// What `weir-report show` prints of a month: the figures of its page, and no others.
public struct MonthText {
  private let released: ReleasedMonth
  private let names: SiteTemplates
  private let layout: TerminalLayout

  public init(_ released: ReleasedMonth, names: SiteTemplates, layout: TerminalLayout) {
    self.released = released
    self.names = names
    self.layout = layout
  }

  /// Every line with a newline at its end.
  public var text: String {
    let parts = [heading] + (released.total.map { [totals($0)] } ?? []) + released.tables.map(table)
    return parts.map { $0.map { $0 + "\n" }.joined() }.joined(separator: "\n")
  }

  private var heading: [String] {
    let finalFrom = CalendarDate(unixSeconds: released.finalFrom)
    let state =
      released.isProvisional
      ? "provisional, to \(iso8601(released.coveredUntil))" : "final since \(finalFrom)"
    var lines = ["\(released.month.name) (\(released.month)), \(state)"]
    lines += released.revisions.map { "Revision \($0.number), \($0.date): \($0.reason)" }
    let observed = released.observedShare
    lines.append(
      "Observed: \(percentage(observed.part, of: observed.whole)) of the month;"
        + " packets dropped: \(grouped(released.coverage.dropped))")
    if released.total == nil {
      lines.append("Too little to be published: there are no figures.")
    }
    if let noise = PolicyView(released.policy).noise {
      lines.append(
        "With noise (epsilon \(noise.epsilon)): what is true lies in the ranges with 95%.")
    }
    return lines.map { layout.fitted($0, to: layout.columns) }
  }

  private func totals(_ total: ReleasedFigures) -> [String] {
    var table = TextTable(
      heading: "Total", columns: [TextTable.Column(heading: "", rank: 0)] + intervalColumns(rank: 1)
    )
    let interval = released.totalInterval
    func row(_ name: String, _ write: (UInt64) -> String, _ figure: (ReleasedFigures) -> UInt64) {
      let range = interval.map { "[\(write(figure($0.lower))), \(write(figure($0.upper)))]" }
      table.append(name, [write(figure(total))] + (range.map { [$0] } ?? []))
    }
    row("Flows", grouped) { $0.flows }
    row("Flows answered", grouped) { $0.flowsAnswered }
    row("Packets out", grouped) { $0.packetsOut }
    row("Packets in", grouped) { $0.packetsIn }
    row("Bytes out", iecBytes) { $0.bytesOut }
    row("Bytes in", iecBytes) { $0.bytesIn }
    row("Bytes", iecBytes) { $0.bytes }
    return table.lines(layout)
  }

  private func intervalColumns(rank: Int) -> [TextTable.Column] {
    released.policy.noise == nil ? [] : [TextTable.Column(heading: "95%", rank: rank)]
  }

  private func table(_ released: ReleasedTable) -> [String] {
    typealias Column = TextTable.Column
    let hasRanges = self.released.policy.noise != nil
    var table = TextTable(
      heading: released.dimension.heading,
      columns: [
        Column(heading: "Flows", rank: 2), Column(heading: "Out", rank: 3),
        Column(heading: "In", rank: 4), Column(heading: "Bytes", rank: 0),
        Column(heading: "Share", rank: 1),
      ]
        + (hasRanges
          ? [Column(heading: "Flows, 95%", rank: 5), Column(heading: "Bytes, 95%", rank: 6)] : []))
    let total = self.released.total.map { Figures($0) } ?? Figures()
    func append(_ name: String, _ figures: ReleasedFigures, _ interval: ReleasedInterval?) {
      let cells = FigureCells(Figures(figures), of: total, interval: interval)
      let ranges = hasRanges ? [cells.flowsRange ?? "", cells.bytesRange ?? ""] : []
      table.append(
        name, [cells.flows, cells.bytesOut, cells.bytesIn, cells.bytes, cells.share] + ranges)
    }
    for row in released.rows {
      let words = SubjectWords(row.subject, names: names)
      append(
        words.subject + (words.name.map { " \($0)" } ?? ""), row.figures, row.interval)
    }
    if let other = released.other {
      append(
        other.rows.map { "other (\(counted($0, "row")))" } ?? "other", other.figures, other.interval
      )
    }
    return table.lines(layout)
  }
}
