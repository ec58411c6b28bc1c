// The names that go with codes: countries after ISO 3166-1, services as IANA registered them.

import Disclosure
import Tallies

struct CountryNames: Sendable {
  private let names: [CountryCode: String]

  /// `records` with the header `code,name`.
  init(records: [CSVRecord]) throws(CSVSyntaxError) {
    var names: [CountryCode: String] = [:]
    for record in try body(of: records, header: ["code", "name"]) {
      guard let code = CountryCode(record.fields[0]), code.description == record.fields[0] else {
        throw CSVSyntaxError(line: record.line, reason: "no code of two capital letters")
      }
      guard names.updateValue(record.fields[1], forKey: code) == nil else {
        throw CSVSyntaxError(line: record.line, reason: "a second name for \(code)")
      }
    }
    self.names = names
  }

  /// The code itself where it has no name: databases use codes, such as `XK`, that ISO doesn't.
  subscript(code: CountryCode) -> String { names[code] ?? code.description }
}

struct ServiceNames: Sendable {
  struct Registration: Sendable {
    /// As registered, such as `https`.
    let name: String
    /// What the name stands for, in a few words.
    let description: String
  }

  private let registrations: [ServicePort: Registration]

  /// `records` with the header `transport,port,name,description`.
  init(records: [CSVRecord]) throws(CSVSyntaxError) {
    var registrations: [ServicePort: Registration] = [:]
    for record in try body(of: records, header: ["transport", "port", "name", "description"]) {
      let service = try servicePort(record)
      let registration = Registration(name: record.fields[2], description: record.fields[3])
      guard registrations.updateValue(registration, forKey: service) == nil else {
        throw CSVSyntaxError(line: record.line, reason: "a second name for \(service.port)")
      }
    }
    self.registrations = registrations
  }

  subscript(service: ServicePort) -> Registration? { registrations[service] }
}

/// Which class a port is in, and who says so.
struct EncryptionTable: Sendable {
  struct Entry: Sendable {
    let kind: EncryptionClass
    /// The document that says what the port is for.
    let source: String
    let note: String
  }

  /// In the order of ports.
  let ports: [(service: ServicePort, entry: Entry)]
  let classes: EncryptionClasses
  private let entries: [ServicePort: Entry]

  /// `records` with the header `transport,port,class,source,note`.
  init(records: [CSVRecord]) throws(CSVSyntaxError) {
    var entries: [ServicePort: Entry] = [:]
    let header = ["transport", "port", "class", "source", "note"]
    for record in try body(of: records, header: header) {
      let service = try servicePort(record)
      guard let kind = EncryptionClass(rawValue: record.fields[2]) else {
        let known = EncryptionClass.allCases.map(\.rawValue).joined(separator: ", ")
        throw CSVSyntaxError(line: record.line, reason: "the class is none of \(known)")
      }
      guard !record.fields[3].isEmpty else {
        throw CSVSyntaxError(line: record.line, reason: "no source")
      }
      let entry = Entry(kind: kind, source: record.fields[3], note: record.fields[4])
      guard entries.updateValue(entry, forKey: service) == nil else {
        throw CSVSyntaxError(line: record.line, reason: "a second class for \(service.port)")
      }
    }
    self.entries = entries
    ports = entries.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    classes = EncryptionClasses(entries.mapValues(\.kind))
  }

  subscript(service: ServicePort) -> Entry? { entries[service] }
}

/// The first two fields of a record.
private func servicePort(_ record: CSVRecord) throws(CSVSyntaxError) -> ServicePort {
  let transports: [String: UInt8] = ["tcp": 6, "udp": 17]
  guard let transport = transports[record.fields[0]] else {
    throw CSVSyntaxError(line: record.line, reason: "a transport that is neither tcp nor udp")
  }
  guard let port = UInt16(record.fields[1]) else {
    throw CSVSyntaxError(line: record.line, reason: "no port from 0 to 65535")
  }
  return ServicePort(transport: transport, port: port)
}

/// The records below the header, each with as many fields as it.
func body(of records: [CSVRecord], header: [String]) throws(CSVSyntaxError)
  -> ArraySlice<CSVRecord>
{
  guard records.first?.fields == header else {
    throw CSVSyntaxError(
      line: 1, reason: "the header is not \(header.joined(separator: ","))")
  }
  let body = records.dropFirst()
  for record in body where record.fields.count != header.count {
    throw CSVSyntaxError(line: record.line, reason: "not \(header.count) fields")
  }
  return body
}
