// Whether the collector could run as it is set up. Looks, and changes nothing.

import Capture
import Confinement
import Flows
import Glibc
import Ledger
import Networks
import Packets
import Tallies

struct SettingsCheck {
  let settings: CollectSettings
  private(set) var findings: [Finding] = []
  private var who = Operator.current

  /// Ages of databases beyond which they are worth a warning: makers give out new ones each month.
  private static let oldestDatabase: Int64 = 60 * 86_400

  init(_ settings: CollectSettings) { self.settings = settings }

  /// Everything that can be known beforehand.
  mutating func checkAll(configuration: String?, now: Int64) {
    if let configuration { checkConfiguration(configuration) }
    checkAccount()
    checkInterface()
    checkExitAddresses()
    checkMark()
    checkLedger()
    checkDatabase(.asnDatabase, settings.asnDatabase, .asn, now: now)
    checkDatabase(.countryDatabase, settings.countryDatabase, .country, now: now)
    if let folder = settings.statusFolder { checkWritable(.statusFolder, folder: folder) }
    if let file = settings.textfile { checkTextfile(file) }
    checkKernel()
  }

  /// What opening the ledger does not tell: that others could change or replace it.
  mutating func checkOwnership() {
    checkAccount()
    checkLedger()
  }

  var failures: [Finding] { findings.filter { $0.level == .fail } }

  private mutating func add(_ level: Finding.Level, _ setting: CollectSetting, _ message: String) {
    findings.append(
      Finding(level: level, subject: settings.subject(setting), message: message))
  }

  // MARK: Who

  private mutating func checkConfiguration(_ path: String) {
    guard let status = FileStatus(path) else { return }
    let subject = path
    if status.isWritableByAll {
      findings.append(
        Finding(
          level: .fail, subject: subject,
          message: "everybody can change it: 'chmod o-w \(path)'"))
    } else if status.owner != 0, status.owner != geteuid() {
      findings.append(
        Finding(
          level: .warn, subject: subject,
          message: "belongs to \(accountName(status.owner)), who decides what is counted"))
    } else {
      findings.append(Finding(level: .ok, subject: subject, message: "read"))
    }
  }

  private mutating func checkAccount() {
    if let name = settings.user {
      do throws(ConfinementError) {
        who = Operator(try Account(named: name))
        if geteuid() != 0, geteuid() != who.user {
          add(.warn, .user, "only root can become \(name): start it as root, or without this")
        } else {
          add(.ok, .user, name)
        }
      } catch {
        add(.fail, .user, "\(error)")
      }
    } else if geteuid() == 0 {
      add(.fail, .user, "\(ConfinementError.staysRoot)")
    }
  }

  // MARK: What is listened to

  private mutating func checkInterface() {
    let name = settings.interface
    if name == "any" { return add(.fail, .interface, "\(LiveCaptureError.everyInterface)") }
    guard unsafe if_nametoindex(name) != 0 else {
      add(.fail, .interface, "there is no interface \(name): 'ip link' lists those there are")
      return
    }
    guard let type = LinkLayer.hardwareType(of: name) else {
      add(.warn, .interface, "\(name) is there, but its link type can't be told")
      return
    }
    if let unsupported = LinkLayer.unsupported[type] {
      add(
        .fail, .interface,
        "\(name) is \(unsupported), which is not supported: name an Ethernet, raw IP (tun) or PPP"
          + " interface")
    } else if LinkLayer.isUp(name) == false {
      add(.fail, .interface, "\(LiveCaptureError.interfaceDown(name))")
    } else if LinkLayer.hasCarrier(name) == false {
      add(.warn, .interface, "\(name) has no carrier: nothing comes before its other end is up")
    } else if !LinkLayer.mayListen {
      let error = "\(LiveCaptureError.noPermission(name))"
      // A service is given the capability when it is started.
      add(geteuid() == 0 ? .fail : .warn, .interface, error)
    } else {
      add(.ok, .interface, name)
    }
  }

  private mutating func checkExitAddresses() {
    var worst = Finding.Level.ok
    for (position, range) in settings.exitAddresses.enumerated() {
      if let kind = AddressKind.all.first(where: { $0.speaks(against: range) }) {
        worst = kind.isPossible && worst != .fail ? .warn : .fail
        let what =
          kind.contains(range) ? "it is \(kind.name)" : "among its addresses is \(kind.name)"
        add(
          kind.isPossible ? .warn : .fail, .exitAddress,
          "number \(position + 1) of them \(kind.isPossible ? "is unlikely" : "can't be one"): \(what)"
        )
      } else if range.prefixLength < (range.ipVersion == .v4 ? 16 : 32) {
        worst = worst == .fail ? .fail : .warn
        add(
          .warn, .exitAddress,
          "number \(position + 1) of them is as large as a provider's network: name those that exit"
            + " connections come from")
      }
      if settings.exitAddresses[..<position].contains(where: { $0.overlaps(range) }) {
        worst = worst == .fail ? .fail : .warn
        add(.warn, .exitAddress, "number \(position + 1) of them is named twice")
      }
    }
    if worst == .ok { add(.ok, .exitAddress, "\(settings.exitAddresses.count) given") }
  }

  private mutating func checkMark() {
    guard settings.selection == .marked(dscp: 0) else { return }
    add(
      .warn, .dscp,
      "0 is what packets without a mark have: every flow that has such a packet would count")
  }

  // MARK: Files

  private mutating func checkLedger() {
    let path = settings.ledger
    let folder = enclosingFolder(of: path)
    guard let around = FileStatus(folder), around.isFolder else {
      add(.fail, .ledger, "there is no folder \(folder): make it, and give it to \(who.name)")
      return
    }
    if around.owner != who.user {
      add(
        .fail, .ledger,
        "the folder \(folder) belongs to \(accountName(around.owner)), and the collector runs as"
          + " \(who.name): 'chown \(who.name) \(folder)'")
      return
    }
    if around.mode & 0o002 != 0 {
      add(.fail, .ledger, "everybody can write to the folder \(folder): 'chmod o-w \(folder)'")
      return
    }
    if !around.allows(3, who) {
      add(
        .fail, .ledger, "\(who.name) can't write to the folder \(folder): 'chmod u+rwx \(folder)'")
      return
    }
    if let closed = closedFolder(above: folder + "/x", for: who) {
      add(.fail, .ledger, "\(who.name) can't enter the folder \(closed)")
      return
    }
    guard let status = FileStatus(path) else {
      add(.ok, .ledger, "\(path) will be made")
      return
    }
    guard status.isFile else {
      add(.fail, .ledger, "\(path) is no regular file")
      return
    }
    if status.isWritableByAll {
      add(.fail, .ledger, "everybody can write to \(path): 'chmod o-w \(path)'")
      return
    }
    if status.owner != who.user {
      add(
        .fail, .ledger,
        "\(path) belongs to \(accountName(status.owner)), and the collector runs as \(who.name):"
          + " 'chown \(who.name) \(path)*'")
      return
    }
    do throws(LedgerError) {
      try checkLedgerHeader(path: path)
    } catch {
      add(.fail, .ledger, "\(error)")
      return
    }
    if status.mode & 0o004 != 0 {
      add(
        .warn, .ledger,
        "everybody can read \(path), which has unreleased numbers: 'chmod o-r \(path)'")
    } else {
      add(.ok, .ledger, path)
    }
  }

  private mutating func checkDatabase(
    _ setting: CollectSetting, _ path: String, _ kind: DatabaseRecord.Kind, now: Int64
  ) {
    let record: DatabaseRecord
    do throws(NetworksError) {
      record = try databaseRecord(path: path, kind: kind)
    } catch {
      add(.fail, setting, "\(error)")
      return
    }
    let folder = enclosingFolder(of: path)
    if let status = FileStatus(path), status.isWritableByAll {
      add(.fail, setting, "everybody can change \(path): 'chmod o-w \(path)'")
    } else if let status = FileStatus(folder), status.isWritableByAll {
      add(.fail, setting, "everybody can replace files in \(folder): 'chmod o-w \(folder)'")
    } else if let status = FileStatus(path),
      !status.allows(4, who) || closedFolder(above: path, for: who) != nil
    {
      add(
        .fail, setting,
        "\(who.name) can't read \(path), and couldn't read it again on SIGHUP:"
          + " 'chmod a+r \(path)', and let its folders be entered")
    } else if now - record.builtAt > Self.oldestDatabase {
      add(
        .warn, setting,
        "\(record.type) of \(CalendarDate(unixSeconds: record.builtAt)) is"
          + " \((now - record.builtAt) / 86_400) days old: download it again")
    } else {
      add(.ok, setting, "\(record.type) of \(CalendarDate(unixSeconds: record.builtAt))")
    }
  }

  private mutating func checkWritable(_ setting: CollectSetting, folder: String) {
    guard let status = FileStatus(folder), status.isFolder else {
      add(.fail, setting, "there is no folder \(folder): make it, and give it to \(who.name)")
      return
    }
    if !status.allows(3, who) || closedFolder(above: folder + "/x", for: who) != nil {
      add(.fail, setting, "\(who.name) can't write to the folder \(folder)")
    } else if status.isWritableByAll {
      add(.fail, setting, "everybody can replace files in \(folder): 'chmod o-w \(folder)'")
    } else {
      add(.ok, setting, folder)
    }
  }

  private mutating func checkTextfile(_ path: String) {
    if path.hasSuffix("/") || FileStatus(path)?.isFile == false {
      add(.fail, .textfile, "\(path) is no regular file: name one in a folder, such as weir.prom")
    } else if !path.hasSuffix(".prom") {
      add(.warn, .textfile, "node_exporter reads no file whose name does not end in .prom")
    } else {
      checkWritable(.textfile, folder: enclosingFolder(of: path))
    }
  }

  // MARK: The kernel

  private mutating func checkKernel() {
    let problems = confinementProblems()
    for problem in problems {
      let isFatal = settings.requiresConfinement && problem.isFatalWhereRequired
      add(isFatal ? .fail : .warn, .confinement, problem.error.description)
    }
    if problems.isEmpty { add(.ok, .confinement, "the kernel has what it takes") }
  }
}
