// datapackage.json: what the CSV files of a month hold, for programs (Frictionless Data Package 1).
//
// It also says where the figures come from: databases, collectors, the rules of publication.

import Disclosure
import Tallies

/// A column of a CSV file.
struct Column {
  enum Kind: String {
    case string
    case integer
    case date
    case yearMonth = "yearmonth"
  }

  let name: String
  let kind: Kind
  let description: String
  var unit: String?
  var isRequired = true
  var values: [String]?

  fileprivate var descriptor: JSONValue {
    var field: [String: JSONValue] = [
      "name": .string(name), "type": .string(kind.rawValue), "description": .string(description),
    ]
    if let unit { field["unit"] = .string(unit) }
    var constraints: [String: JSONValue] = [:]
    if isRequired { constraints["required"] = .truth(true) }
    if kind == .integer { constraints["minimum"] = .integer(0) }
    if let values { constraints["enum"] = .array(values.map { .string($0) }) }
    if !constraints.isEmpty { field["constraints"] = .object(constraints) }
    return .object(field)
  }
}

/// A CSV file as it was written.
struct DataResource {
  let name: String
  let path: String
  let title: String
  let columns: [Column]
  let contents: WrittenFile
}

struct DataPackage {
  static let file = "datapackage.json"

  let released: ReleasedMonth
  let resources: [DataResource]
  let settings: SiteSettings

  func serialised() -> [UInt8] { Document(self).serialised() }

  private struct Document: JSONDocument {
    let format = 1
    let value: JSONValue

    init(_ package: DataPackage) { value = package.descriptor }

    func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
  }

  private var descriptor: JSONValue {
    var package: [String: JSONValue] = [
      "profile": "tabular-data-package",
      "name": .string("exit-traffic-\(released.month)"),
      "title": .string("\(settings.title): \(released.month.name)"),
      "description": .string(
        "Exit traffic of Tor relays in \(released.month.name), by service port, network, country and more. No address was ever recorded; figures have passed disclosure control."
      ),
      "version": .string("\(released.revision)"),
      "licenses": .array([
        [
          "name": .string(settings.licence.identifier), "title": .string(settings.licence.title),
          "path": .string(settings.licence.address),
        ]
      ]),
      "sources": .array(
        [["title": "Tallies of exit traffic, measured at the relays"]]
          + released.databases.map { database in
            var source: [String: JSONValue] = [
              "title": .string("\(database.type), \(CalendarDate(unixSeconds: database.builtAt))")
            ]
            if let address = AttributionView(database.attribution).link?.address {
              source["path"] = .string(address)
            }
            return .object(source)
          }),
      "resources": .array(resources.map(Self.descriptor)),
      "weir": provenance,
    ]
    if let address = settings.baseAddress {
      package["homepage"] = .string("\(address)\(released.month)/index.html")
    }
    return .object(package)
  }

  private static func descriptor(_ resource: DataResource) -> JSONValue {
    [
      "profile": "tabular-data-resource", "name": .string(resource.name),
      "path": .string(resource.path), "title": .string(resource.title), "format": "csv",
      "mediatype": "text/csv", "encoding": "utf-8",
      "bytes": .integer(UInt64(resource.contents.bytes)),
      "hash": .string("sha256:\(resource.contents.sha256)"),
      "dialect": ["lineTerminator": "\r\n", "delimiter": ",", "header": .truth(true)],
      "schema": [
        "fields": .array(resource.columns.map(\.descriptor)), "missingValues": [""],
      ],
    ]
  }

  private var provenance: JSONValue {
    let policy = released.policy
    var rules: [String: JSONValue] = [
      "minimum_flows": .integer(policy.minimumFlows),
      "dominance_percent": .integer(policy.dominance),
      "rows": .integer(UInt64(policy.rows)),
      "rounding_flows": .integer(policy.rounding.flows),
      "rounding_packets": .integer(policy.rounding.packets),
      "rounding_bytes": .integer(policy.rounding.bytes),
      "noise": .null,
    ]
    if let noise = policy.noise {
      rules["noise"] = [
        "epsilon_thousandths": .integer(noise.thousandthsOfEpsilon),
        "protected_connections": .integer(noise.protectedConnections),
        "protected_bytes": .integer(noise.protectedBytes),
      ]
    }
    return [
      "month": .string(released.month.description), "status": .string(released.status.rawValue),
      "covered_until": .string(iso8601(released.coveredUntil)),
      "revisions": .array(
        released.revisions.map {
          [
            "number": .integer(UInt64($0.number)), "date": .string($0.date.description),
            "reason": .string($0.reason),
          ]
        }),
      "collectors": .array(
        released.collectors.map {
          [
            "version": .string($0.version),
            "configuration_digest": .string($0.configurationHash),
            "program_sha256": $0.programDigest.isEmpty ? .null : .string($0.programDigest),
          ]
        }),
      "databases": .array(
        released.databases.map {
          [
            "kind": .string($0.kind.rawValue), "type": .string($0.type),
            "built": .string(CalendarDate(unixSeconds: $0.builtAt).description),
            "sha256": .string($0.sha256), "licence": .string($0.licence),
            "attribution": .string($0.attribution),
          ]
        }),
      "disclosure": .object(rules),
    ]
  }
}
