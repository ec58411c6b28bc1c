// Autonomous systems and countries are told of the same flows, and whoever has the database knows
// which system is in which country. So one table can split what the other one folds.

import Tallies

/// The two tables together.
///
/// Say that country C has two systems: A, which is shown, and B, which is folded. If C is shown too,
/// C − A = B. In general: take systems and countries for the nodes of a graph, and the networks
/// (pairs of both that occur) for its edges; each shown row is the sum of its edges. Without the
/// folded systems the graph falls into components, and of each component the sum of its edges to
/// folded systems can be had: that of its countries less that of its systems. So each of these sums
/// has to be as safe as a fold. Where one isn't, the component's smallest system joins the fold, or
/// where it has none, its smallest country. The same with systems and countries exchanged.
struct NetworkLinks {
  private(set) var systems: Folding<UInt32>
  private(set) var countries: Folding<CountryCode>
  private let networks: [(network: Network, counters: TallyCounters)]

  init(
    _ systems: Folding<UInt32>, _ countries: Folding<CountryCode>,
    networks: [Network: TallyCounters]
  ) {
    self.systems = systems
    self.countries = countries
    self.networks = networks.map { ($0.key, $0.value) }
  }

  mutating func close() {
    while closeSystems() || closeCountries() {}
  }

  /// `false` where nothing had to be done.
  private mutating func closeSystems() -> Bool {
    let open = openComponents(folded: systems.folded, shown: systems.shown, countries.shown) {
      ($0.asn, $0.country)
    }
    for component in open {
      if let smallest = component.near.last {
        systems.swallow(smallest)
      } else if let smallest = component.far.last {
        countries.swallow(smallest)
      }
    }
    return !open.isEmpty
  }

  private mutating func closeCountries() -> Bool {
    let open = openComponents(folded: countries.folded, shown: countries.shown, systems.shown) {
      ($0.country, $0.asn)
    }
    for component in open {
      // The smallest of both is the system: it is wholly or partly in the country.
      if let smallest = component.far.last {
        systems.swallow(smallest)
      } else if let smallest = component.near.last {
        countries.swallow(smallest)
      }
    }
    return !open.isEmpty
  }

  /// The components whose sum of edges to folded rows of the near side is not safe, each with the
  /// rows that it has on both sides, the smallest last.
  private func openComponents<Near: Hashable, Far: Hashable>(
    folded: [Cell<Near>], shown: [Cell<Near>], _ farShown: [Cell<Far>],
    _ ends: (Network) -> (Near, Far)
  ) -> [(near: [Near], far: [Far])] {
    if folded.isEmpty || systems.safety.leftOut == .linkedTables { return [] }
    let nearPosition = Dictionary(
      uniqueKeysWithValues: shown.enumerated().map { ($0.element.key, $0.offset) })
    let farPosition = Dictionary(
      uniqueKeysWithValues: farShown.enumerated().map { ($0.element.key, $0.offset + shown.count) })
    // One node for all folded rows of the far side: only their sum is told.
    let farFold = shown.count + farShown.count
    var components = DisjointSets(count: farFold + 1)
    var toFolded: [(near: Near, node: Int, counters: TallyCounters)] = []
    for (network, counters) in networks {
      let (near, far) = ends(network)
      let node = farPosition[far] ?? farFold
      if let position = nearPosition[near] {
        components.join(position, node)
      } else {
        toFolded.append((near, node, counters))
      }
    }
    let cells = Dictionary(uniqueKeysWithValues: folded.map { ($0.key, $0) })
    var masses: [Int: [Near: TallyCounters]] = [:]
    for edge in toFolded {
      masses[components.root(edge.node), default: [:]][edge.near, default: TallyCounters()] +=
        edge.counters
    }
    if masses.count < 2 { return [] }  // all of the fold, which is safe already
    let open = Set(
      masses.filter { !isSafe($0.value, cells) }.map { components.root($0.key) })
    var found: [Int: (near: [Near], far: [Far])] = [:]
    for root in open { found[root] = ([], []) }
    for (position, cell) in shown.enumerated() {
      found[components.root(position)]?.near.append(cell.key)
    }
    for (position, cell) in farShown.enumerated() {
      found[components.root(position + shown.count)]?.far.append(cell.key)
    }
    // What lies in both folds alone has no row to take: then the smallest of the far side's rows
    // that meet the fold joins theirs.
    if found.removeValue(
      forKey: components.root(farFold), where: { $0.near.isEmpty && $0.far.isEmpty }),
      let smallest = farShown.indices.last(where: {
        masses[components.root($0 + shown.count)] != nil
      })
    {
      found[-1] = ([], [farShown[smallest].key])
    }
    return found.sorted { $0.key < $1.key }.map(\.value)
  }

  /// Whether parts of folded rows, added up, tell nothing of an unsafe one.
  private func isSafe<Near: Hashable>(
    _ parts: [Near: TallyCounters], _ cells: [Near: Cell<Near>]
  ) -> Bool {
    let unsafe = parts.filter { part in cells[part.key]?.isSafe == false }
    if unsafe.isEmpty { return true }
    if parts.count == 1, let (key, part) = unsafe.first, cells[key]?.counters != part {
      return systems.safety.allows(part)
    }
    return systems.safety.protects(unsafe.values, in: Array(parts.values))
  }
}

extension Dictionary {
  /// Whether there was such a value, which is gone then.
  fileprivate mutating func removeValue(forKey key: Key, where condition: (Value) -> Bool) -> Bool {
    guard let value = self[key], condition(value) else { return false }
    self[key] = nil
    return true
  }
}

/// Sets of small integers that grow together.
private struct DisjointSets {
  private var parents: [Int]

  init(count: Int) { parents = Array(0..<count) }

  mutating func root(_ element: Int) -> Int {
    var element = element
    while parents[element] != element {
      parents[element] = parents[parents[element]]
      element = parents[element]
    }
    return element
  }

  mutating func join(_ one: Int, _ other: Int) { parents[root(one)] = root(other) }
}
