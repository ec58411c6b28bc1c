// A table of text for a terminal: names on the left, numbers aligned on the right, no line wider than
// the terminal.

struct TextTable {
  struct Column {
    let heading: String
    /// Where there is no room for all, the columns with the greatest number go first.
    let rank: Int
  }

  /// Columns that names have at least, where there are numbers beside them.
  private static let fewestForNames = 16
  private static let gap = "  "

  private let heading: String
  private let columns: [Column]
  private var rows: [(name: String, cells: [String])] = []

  init(heading: String, columns: [Column]) {
    self.heading = heading
    self.columns = columns
  }

  /// - Parameter cells: as many as there are columns.
  mutating func append(_ name: String, _ cells: [String]) { rows.append((name, cells)) }

  /// Lines without trailing spaces.
  func lines(_ layout: TerminalLayout) -> [String] {
    let widths = columns.indices.map { column in
      rows.reduce(layout.width(of: columns[column].heading)) {
        max($0, layout.width(of: $1.cells[column]))
      }
    }
    func room(_ shown: [Int]) -> Int {
      layout.columns - shown.reduce(0) { $0 + widths[$1] + Self.gap.count }
    }
    var shown = Array(columns.indices)
    while room(shown) < Self.fewestForNames,
      let last = shown.max(by: { columns[$0].rank < columns[$1].rank }), shown.count > 1
    {
      shown.removeAll { $0 == last }
    }
    let longest = rows.map { layout.width(of: $0.name) }.max() ?? 0
    let names = max(1, min(room(shown), max(longest, layout.width(of: heading))))
    return ([(heading, columns.map(\.heading))] + rows.map { ($0.name, $0.cells) }).map { row in
      let cells = shown.map { column in
        let cell = row.1[column]
        let missing = widths[column] - layout.width(of: cell)
        return Self.gap + String(repeating: " ", count: max(0, missing)) + cell
      }
      let line = layout.padded(row.0, to: names) + cells.joined()
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }
}
