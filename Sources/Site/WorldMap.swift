// Countries as tiles, each where one would look for it: a table that the stylesheet lays out.

import Disclosure
import Tallies

/// Where each country's tile is: `country,column,row`, counted from 1.
struct WorldGrid: Sendable {
  struct Tile: Sendable, Hashable {
    let column: Int
    let row: Int
  }

  static let columns = 32
  static let rows = 23
  /// In the order of the file.
  let tiles: [(country: CountryCode, tile: Tile)]
  private let places: [CountryCode: Tile]

  init(records: [CSVRecord]) throws(CSVSyntaxError) {
    var tiles: [(country: CountryCode, tile: Tile)] = []
    var places: [CountryCode: Tile] = [:]
    var taken: Set<Tile> = []
    for record in try body(of: records, header: ["country", "column", "row"]) {
      guard let code = CountryCode(record.fields[0]), code.description == record.fields[0] else {
        throw CSVSyntaxError(line: record.line, reason: "no code of two capital letters")
      }
      guard let column = Int(record.fields[1]), (1...Self.columns).contains(column),
        let row = Int(record.fields[2]), (1...Self.rows).contains(row)
      else {
        throw CSVSyntaxError(
          line: record.line,
          reason: "no place from column 1 to \(Self.columns) and row 1 to \(Self.rows)")
      }
      let tile = Tile(column: column, row: row)
      guard taken.insert(tile).inserted, places.updateValue(tile, forKey: code) == nil else {
        throw CSVSyntaxError(line: record.line, reason: "a second tile for \(code), or there")
      }
      tiles.append((code, tile))
    }
    self.tiles = tiles
    self.places = places
  }

  subscript(country: CountryCode) -> Tile? { places[country] }
}

/// The map of a month.
struct WorldMapView {
  struct Tile {
    let code: String
    let name: String
    let column: String
    let row: String
    let share: String
    let level: String
  }

  struct Ground {
    let column: String
    let row: String
  }

  let caption: String
  let headline: String
  /// Published countries, most bytes first.
  let tiles: [Tile]
  /// The places of all others.
  let ground: [Ground]
  let levels: [Level]
  /// What no tile shows, in words.
  let elsewhere: String?

  struct Level {
    let level: String
    let meaning: String
  }

  /// In thousandths of the bytes: from which share on a tile has the level.
  private static let thresholds: [(level: Int, thousandths: UInt64, meaning: String)] = [
    (5, 100, "10% or more"), (4, 30, "3% to 10%"), (3, 10, "1% to 3%"), (2, 3, "0.3% to 1%"),
    (1, 0, "less than 0.3%"),
  ]

  /// `nil` where no country is published.
  init?(_ table: ReleasedTable, total: ReleasedFigures, month: CalendarMonth, names: SiteTemplates)
  {
    var shown: Set<CountryCode> = []
    var tiles: [Tile] = []
    var unplaced: [String] = []
    var first: String?
    for row in table.rows {
      guard case .country(let code) = row.subject else { continue }
      let share = percentage(row.figures.bytes, of: total.bytes)
      guard let place = names.worldGrid[code] else {
        unplaced.append("\(names.countries[code]) (\(share))")
        continue
      }
      shown.insert(code)
      if first == nil { first = "\(names.countries[code]) leads, with \(share) of the bytes" }
      let level = Self.thresholds.first {
        row.figures.bytes.multipliedFullWidth(by: 1000)
          >= total.bytes.multipliedFullWidth(by: $0.thousandths)
      }
      tiles.append(
        Tile(
          code: code.description, name: names.countries[code], column: String(place.column),
          row: String(place.row), share: share, level: String(level?.level ?? 1)))
    }
    guard !tiles.isEmpty else { return nil }
    self.tiles = tiles
    headline = first ?? ""
    caption = "Share of the bytes by country of the service, \(month.name)"
    ground = names.worldGrid.tiles.filter { !shown.contains($0.country) }
      .map { Ground(column: String($0.tile.column), row: String($0.tile.row)) }
    levels = Self.thresholds.map { Level(level: String($0.level), meaning: $0.meaning) }
    elsewhere = unplaced.isEmpty ? nil : unplaced.prefix(12).joined(separator: ", ")
  }
}
