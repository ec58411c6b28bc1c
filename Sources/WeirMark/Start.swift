// The constructor: reads the environment, looks up the functions behind ours, maps what is needed.
// The only place that may take its time.

import CInterposition

@c
func weirMarkStart() {
  let number = weir_errno()
  start()
  weir_set_errno(number)
}

@section(".init_array") @used
private let constructor: @convention(c) () -> Void = weirMarkStart

private func start() {
  let environment = unsafe readEnvironment()
  let settings = unsafe environment.settings
  // Two pages: what changes, and what is only read from now on.
  let pageSize = max(sysconf(CInt(_SC_PAGESIZE)), StatusLayout.size)
  let pages = unsafe weir_map_private(2 * pageSize)
  guard let pages = unsafe pages, unsafe weir_map_failed(pages) == 0 else {
    // Unmarked exit traffic would be the alternative, and nothing starts in so little memory.
    sayOnStandardError(message { $0.append("no memory for two pages") })
    _exit(71)
  }
  var counters = unsafe pages
  if let path = unsafe environment.statusPath, let mapped = unsafe mapStatusFile(path) {
    unsafe counters = mapped
  }
  let state = unsafe (pages + pageSize).bindMemory(to: ProcessState.self, capacity: 1)
  unsafe state.initialize(
    to: ProcessState(
      settings: settings,
      bind: unsafeBitCast(weir_next(name("bind")), to: weir_bind_function?.self),
      sendto: unsafeBitCast(weir_next(name("sendto")), to: weir_sendto_function?.self),
      warn: unsafeBitCast(weir_anywhere(name("event_warnx")), to: weir_warn_function?.self),
      problem: environment.problem,
      counters: counters,
      flags: (pages + StatusLayout.size / 2).bindMemory(to: UInt32.self, capacity: 8)))
  _ = unsafe mprotect(state, pageSize, PROT_READ)
  unsafe setProcessState(state)
}

/// The path lasts as long as the environment does.
@unsafe private struct Environment {
  var settings: Settings
  var statusPath: UnsafePointer<CChar>?
  var problem: MessageLine
}

/// Reports a wrong setting on standard error: later it may be closed.
private func readEnvironment() -> Environment {
  var reader = SettingsReader()
  var statusPath: UnsafePointer<CChar>? = nil
  let entries = unsafe weir_environment()
  var index = 0
  while let entry = unsafe entries?[index] {
    if unsafe reader.read(bytes(of: entry).span, at: index) == .status {
      // The name, "=", and then the path, which may be empty.
      let path = unsafe entry + Setting.status.name.utf8CodeUnitCount + 1
      if unsafe path.pointee != 0 { unsafe statusPath = UnsafePointer(path) }
    }
    index += 1
  }
  let settings = reader.finish()
  var line = MessageLine()
  if let problem = settings.problem {
    if problem.setting == .status { unsafe statusPath = nil }
    line = message { line in
      if let index = problem.entry, let entry = unsafe entries?[index] {
        unsafe line.append(problem, entry: bytes(of: entry).span)
      } else {
        line.append(problem, entry: nil)
      }
      line.append("; nothing is marked, and ")
      line.appendConsequence(settings.onError)
      // Each of these has a line in tor's log, with no room for a reason.
      if settings.onError == .refuse { line.append(" (tor logs \"Operation canceled\")") }
    }
    sayOnStandardError(line)
  }
  return unsafe Environment(settings: settings, statusPath: statusPath, problem: line)
}

/// The bytes before the zero of an environment entry, which nothing changes while constructors run.
private func bytes(of entry: UnsafeMutablePointer<CChar>) -> UnsafeBufferPointer<UInt8> {
  var count = 0
  while unsafe entry[count] != 0 { count += 1 }
  let start = unsafe UnsafeRawPointer(entry).assumingMemoryBound(to: UInt8.self)
  return unsafe UnsafeBufferPointer(start: start, count: count)
}

func name(_ text: StaticString) -> UnsafePointer<CChar> {
  unsafe UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
}
