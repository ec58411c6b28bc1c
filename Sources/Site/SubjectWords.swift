// How a page calls what a row is about.

import Disclosure
import Tallies

struct SubjectWords {
  /// What names the row, such as `443/tcp`.
  let subject: String
  /// More about it, from a name table or a database.
  let name: String?
  let note: String?

  init(_ subject: ReleasedSubject, names: SiteTemplates) {
    switch subject {
    case .servicePort(let service):
      let registration = names.services[service]
      self.init(
        "\(service.port)/\(service.transportName)", registration?.name,
        registration?.description ?? "not in the list of names")
    case .autonomousSystem(asn: 0, _): self.init("No AS", nil, "address in no database")
    case .autonomousSystem(let asn, let name):
      self.init(
        "AS\(asn)", name.isEmpty ? nil : shortened(name),
        name.isEmpty ? "no name in the database" : nil)
    case .country(let code):
      let name = names.countries[code]
      self.init(name, name == code.description ? nil : code.description, nil)
    case .encryptionClass(let kind): self.init(kind.heading, nil, kind.meaning)
    case .ipVersion(let number): self.init("IPv\(number)", nil, nil)
    case .transport(let number): self.init(transportName(number).uppercased(), nil, nil)
    case .day(let date): self.init(date.description, nil, nil)
    case .relay(let name): self.init(shortened(name), nil, nil)
    }
  }

  private init(_ subject: String, _ name: String?, _ note: String?) {
    self.subject = subject
    self.name = name
    self.note = note
  }
}

extension ReleasedTable.Dimension {
  /// Of a section.
  var heading: String {
    switch self {
    case .servicePort: "Service ports"
    case .autonomousSystem: "Networks"
    case .country: "Countries"
    case .encryptionClass: "Encryption"
    case .ipVersion: "IP versions"
    case .transport: "Protocols"
    case .day: "Days"
    case .relay: "Relays"
    }
  }

  /// Of a column, and in `by …`.
  var subject: String {
    switch self {
    case .servicePort: "Port"
    case .autonomousSystem: "Network"
    case .country: "Country"
    case .encryptionClass: "Class"
    case .ipVersion: "Version"
    case .transport: "Protocol"
    case .day: "Day"
    case .relay: "Relay"
    }
  }

  var explanation: String? {
    switch self {
    case .servicePort:
      "By the port that connections went to. A port’s registered name says what it is meant for, not what was spoken there: IANA itself warns that a number doesn’t prove the protocol."
    case .autonomousSystem:
      "By the network (autonomous system) that the contacted address belongs to."
    case .country:
      "By the country of the contacted address: the service’s, never the user’s, of whom nothing is known."
    case .relay: "Only relays with enough traffic of their own are told apart."
    default: nil
    }
  }
}
