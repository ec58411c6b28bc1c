// What the library knows in this process: made once by the constructor, then only read.

import CInterposition

/// Its pointers last as long as the process.
@safe struct ProcessState {
  var settings: Settings
  var bind: weir_bind_function?
  var sendto: weir_sendto_function?
  /// `nil` in a process without libevent.
  var warn: weir_warn_function?
  /// What is wrong with the settings; empty if nothing is.
  var problem: MessageLine
  /// Laid out as StatusLayout says, in the status file or in memory of this process.
  var counters: UnsafeMutableRawPointer
  /// What changes: flags of this process.
  var flags: UnsafeMutablePointer<UInt32>
}

/// What is said once in a process.
enum OnceFlag: Int {
  case failedMark, failedBind, failedSandboxRule, problem
}

/// `nil` until the constructor is done: other libraries' constructors may call us before.
nonisolated(unsafe) private(set) var processState: UnsafePointer<ProcessState>? = nil

func setProcessState(_ state: UnsafePointer<ProcessState>) {
  unsafe processState = state
}

extension ProcessState {
  func count(_ counter: Counter) {
    // The offset lies within the page that the constructor mapped.
    unsafe weir_count((counters + counter.offset).assumingMemoryBound(to: UInt64.self))
  }

  func isFirst(_ flag: OnceFlag) -> Bool {
    unsafe weir_is_first(flags + flag.rawValue) != 0
  }
}
