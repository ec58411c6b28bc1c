// The check of one tor process, from the library that is mapped into it to its sockets.

import Glibc
import MarkCheck
import MarkPolicy

struct CheckedProcess: Encodable {
  let pid: Int32
  private(set) var networkNamespace: ProcessFiles.NetworkNamespace
  private(set) var findings: [Finding] = []
  private(set) var counters: Counters?
  private(set) var sockets: SocketTally?
  /// Without the rights for it nothing was learnt of the process itself.
  private(set) var isVisible = true

  private enum CodingKeys: String, CodingKey {
    case pid, networkNamespace, findings, counters, sockets
  }

  /// - Parameters:
  ///   - torrc: in place of what the process was started with.
  ///   - status: in place of the file that its settings name.
  init(_ process: ProcessFiles, torrc: String?, status: String?) throws(Failure) {
    pid = process.pid
    networkNamespace = process.networkNamespace
    let configuration = TorrcFindings(process: process, torrc: torrc)
    // A client beside the relay needs no mark.
    let isExit = configuration.configuration?.isExit ?? true
    checkLibrary(process, without: isExit ? .fail : .warn)
    let settings = checkSettings(process, without: isExit ? .fail : .warn)
    checkCounters(process, settings, status)
    findings += configuration.findings(settings)
    let host: OwnHost? = networkNamespace == .same ? OwnHost() : nil
    if let settings, settings.problem == nil, let host { findings += settings.findings(on: host) }
    try checkSockets(process, settings, configuration.configuration, host)
  }

  private mutating func note(_ level: Level, _ subject: String, _ text: String) {
    findings.append(Finding(level, subject, text))
  }

  private mutating func checkLibrary(_ process: ProcessFiles, without level: Level) {
    guard let maps = process.maps, !maps.isEmpty else {
      isVisible = false
      note(
        .warn, "library", "can't see what is mapped into process \(pid): run this as root")
      return
    }
    guard let library = MappedLibrary(maps: maps) else {
      note(
        level, "library",
        "\(MappedLibrary.name) is not mapped into process \(pid): tor runs without the mark; start it"
          + " with LD_PRELOAD, as weir-mark run and the systemd drop-in do")
      return
    }
    let again = "restart tor to use the one that is there now"
    if let problem = library.problem(in: process) {
      note(.warn, "library", "\(problem): \(again)")
    } else {
      note(.ok, "library", "\(library.path) is mapped")
    }
  }

  private mutating func checkSettings(_ process: ProcessFiles, without level: Level) -> Settings? {
    guard let entries = process.environment else {
      if isVisible { note(.warn, "settings", "can't see the environment: run this as root") }
      return nil
    }
    let environment = ProcessEnvironment(entries: entries)
    guard environment.hasSettings else {
      note(
        .fail, "settings", "there is no WEIR_MARK_ variable in the environment of process \(pid)")
      return nil
    }
    let settings = environment.readSettings()
    if let problem = settings.problem {
      note(
        .fail, "settings",
        environment.describe(problem)
          + (settings.onError == .refuse
            ? "; exit connections are refused" : "; exit connections go on unmarked"))
    } else {
      findings += settings.findings
    }
    return settings
  }

  private mutating func checkCounters(
    _ process: ProcessFiles, _ settings: Settings?, _ status: String?
  ) {
    let named = process.environment
      .flatMap { ProcessEnvironment(entries: $0).value(of: "\(Setting.status.name)") }
      .flatMap { $0.isEmpty ? nil : $0 }
    guard let path = status ?? named else {
      if settings != nil {
        note(.ok, "counters", "there is no status file (WEIR_MARK_STATUS names one)")
      }
      return
    }
    switch readFile(status ?? process.path(path)) {
    case .success(let bytes):
      counters = Counters(bytes)
      if let counters {
        findings += counters.findings
      } else {
        note(.fail, "counters", "\(path) is not a status file of this version")
      }
    case .failure(let failure):
      note(.warn, "counters", "\(path): \(errorText(failure.number))")
    }
  }

  private mutating func checkSockets(
    _ process: ProcessFiles, _ settings: Settings?, _ configuration: TorConfiguration?,
    _ host: OwnHost?
  ) throws(Failure) {
    switch networkNamespace {
    case .same: break
    case .other:
      note(
        .warn, "sockets",
        "process \(pid) is in another network namespace, whose sockets and addresses can't be seen"
          + " from here: nsenter --net --target \(pid) weir-mark check --pid \(pid)")
      return
    case .unknown:
      if isVisible { note(.warn, "sockets", "can't see the network namespace: run this as root") }
      return
    }
    guard let before = process.socketInodes else {
      note(
        .warn, "sockets", "can't see which sockets are those of process \(pid): run this as root")
      return
    }
    let tcp = try weir_mark.sockets(.tcp)
    let udp = try weir_mark.sockets(.udp)
    let inodes = before.union(process.socketInodes ?? [])
    let isOwn = { (socket: SocketRecord) in socket.inode != 0 && inodes.contains(socket.inode) }
    let rule = SocketRule(settings: settings, configuration: configuration, host: host)
    let tally = rule.tally(
      tcp: tcp.filter(isOwn), udp: udp.filter(isOwn),
      udpListeners: configuration?.dnsListenerPorts ?? [])
    sockets = tally
    findings += tally.findings(rule, marksDNS: settings.map { !$0.dnsPorts.isEmpty } ?? false)
  }
}
