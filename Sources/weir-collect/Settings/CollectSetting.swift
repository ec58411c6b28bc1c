// Every setting of the running collector: its name, what it takes, what it is where nobody says. One
// place for the options of the command, the keys of the file, their check, and the manual's.

import Flows

enum CollectSetting: String, CaseIterable {
  case interface
  case exitAddress = "exit-address"
  case dscp
  case everyFlow = "every-flow"
  case ledger
  case asnDatabase = "asn-database"
  case countryDatabase = "country-database"
  case user
  case flushSeconds = "flush-seconds"
  case ringBytes = "ring-bytes"
  case threads
  case promiscuous
  case maxFlows = "max-flows"
  case tcpIdle = "tcp-idle"
  case udpIdle = "udp-idle"
  case statusFolder = "status-folder"
  case textfile
  case confinement
  case hoursForDays = "fold-hours-after-days"
  case daysForMonths = "fold-days-after-months"

  enum Kind: Equatable {
    case text(valueName: String)
    /// One of these words.
    case choice([String])
    case texts(valueName: String)
    case number(ClosedRange<Int64>)
    case truth
  }

  var kind: Kind {
    switch self {
    case .interface, .user: .text(valueName: "name")
    case .exitAddress: .texts(valueName: "address")
    case .dscp: .number(0...63)
    case .everyFlow, .promiscuous: .truth
    case .ledger, .asnDatabase, .countryDatabase, .textfile: .text(valueName: "file")
    case .statusFolder: .text(valueName: "folder")
    case .flushSeconds: .number(1...3600)
    // libpcap takes no more.
    case .ringBytes: .number(1 << 20...Int64(Int32.max))
    case .threads: .number(1...64)
    case .maxFlows: .number(1...(1 << 28))
    case .tcpIdle, .udpIdle: .number(1...86_400)
    case .confinement: .choice(["required", "best-effort"])
    case .hoursForDays: .number(0...36_500)
    case .daysForMonths: .number(0...1200)
    }
  }

  /// `nil`: has to be given, or stays without a value.
  var defaultNumber: Int64? {
    switch self {
    case .dscp: Int64(MeterConfiguration.defaultDSCP)
    case .flushSeconds: 10
    case .ringBytes: 16 << 20
    case .threads: 1
    case .maxFlows: Int64(MeterConfiguration.defaultMaximumFlows)
    case .tcpIdle: Int64(MeterConfiguration.defaultTCPIdleSeconds)
    case .udpIdle: Int64(MeterConfiguration.defaultUDPIdleSeconds)
    case .hoursForDays: 2
    case .daysForMonths: 13
    default: nil
    }
  }

  var defaultText: String? {
    switch self {
    case .confinement: "required"
    case .everyFlow: "false"
    case .promiscuous: "true"
    default: defaultNumber.map { "\($0)" }
    }
  }

  var isRequired: Bool {
    [.interface, .exitAddress, .ledger, .asnDatabase, .countryDatabase].contains(self)
  }

  /// What it is for, in words for the help.
  var summary: String {
    switch self {
    case .interface: "The interface to listen on, such as a mirror port's."
    case .exitAddress:
      "Source address of exit connections, or a prefix such as 192.0.2.0/28 (repeatable). It tells "
        + "outbound packets from replies."
    case .dscp: "DSCP value of the mark."
    case .everyFlow:
      "Count unmarked flows too: for a mirror of a link that carries nothing else."
    case .ledger: "The ledger to add to (an SQLite file); made if it does not exist."
    case .asnDatabase: "MMDB file with AS numbers, such as GeoLite2-ASN.mmdb."
    case .countryDatabase: "MMDB file with countries, such as GeoLite2-Country.mmdb."
    case .user: "Account to become, for good, once everything is open; needed when started as root."
    case .flushSeconds: "Seconds from one transaction on the ledger to the next."
    case .ringBytes: "Bytes of the kernel's ring of packets, for each thread."
    case .threads: "Threads that count."
    case .promiscuous: "Take packets that are not for this host, as a mirror port's are."
    case .maxFlows:
      "Flows to follow at one time. Packets of further ones are left out, and counted."
    case .tcpIdle: "Seconds of silence that end a TCP flow."
    case .udpIdle: "Seconds of silence that end a UDP flow."
    case .statusFolder: "Folder for the status file that 'weir-collect status' reads."
    case .textfile: "File of figures for node_exporter's textfile collector."
    case .confinement:
      "Whether to stop where the kernel can't confine the process or lock its memory."
    case .hoursForDays: "Days after the end of a month until its hours are folded into days."
    case .daysForMonths: "Months after the end of a month until its days are folded into one."
    }
  }
}
