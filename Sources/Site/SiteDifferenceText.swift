// What differs between two sites, in lines for a terminal.

import Disclosure
import Tallies

extension SiteDifference {
  /// More paths than these are only counted.
  private static let mostPathsTold = 20

  /// Every line with a newline at its end; empty where the sites are the same.
  public func text(_ layout: TerminalLayout) -> String {
    let parts = months.map { lines(of: $0, layout) } + [fileLines].filter { !$0.isEmpty }
    return parts.map { part in
      part.map { layout.fitted($0, to: layout.columns) + "\n" }.joined()
    }.joined(separator: "\n")
  }

  private func lines(of month: Month, _ layout: TerminalLayout) -> [String] {
    var lines = ["\(month.month): \(month.change.rawValue)"]
    if let status = month.status, let old = status.old, let new = status.new {
      lines.append("  \(old), now \(new)")
    }
    lines += month.revisions.map { "  revision \($0.number), \($0.date): \($0.reason)" }
    lines += month.policy.sorted { $0.key < $1.key }.map { name, values in
      "  rule \(name): \(values.old.map { grouped($0) } ?? "none")"
        + " is now \(values.new.map { grouped($0) } ?? "none")"
    }
    if !month.others.isEmpty { lines.append("  also: \(month.others.joined(separator: ", "))") }
    var table = TextTable(
      heading: "",
      columns: [
        TextTable.Column(heading: "Figure", rank: 1), TextTable.Column(heading: "Old", rank: 0),
        TextTable.Column(heading: "New", rank: 0),
      ])
    var isEmpty = true
    func append(_ subject: String, _ figures: [String: Values<UInt64>]) {
      for name in Figures.header {
        guard let values = figures[name] else { continue }
        isEmpty = false
        table.append(
          "  " + subject,
          [name, values.old.map { grouped($0) } ?? "-", values.new.map { grouped($0) } ?? "-"])
      }
    }
    append("total", month.total)
    for part in month.tables {
      for row in part.rows { append("\(part.dimension) \(row.subject)", row.figures) }
    }
    return lines + (isEmpty ? [] : table.lines(layout))
  }

  private var fileLines: [String] {
    [("added", files.added), ("removed", files.removed), ("changed", files.changed)].flatMap {
      what, paths -> [String] in
      if paths.isEmpty { return [] }
      let rest = paths.count - Self.mostPathsTold
      return ["files \(what): \(grouped(UInt64(paths.count)))"]
        + paths.prefix(Self.mostPathsTold).map { "  \($0)" }
        + (rest > 0 ? ["  and \(grouped(UInt64(rest))) more"] : [])
    }
  }
}
