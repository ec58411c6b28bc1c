// What a service manager is told of a daemon's life: sd_notify(3), which is one datagram.

internal import CSystem
internal import Glibc

/// Silent where no service manager listens. Closed once, by `deinit`.
public struct ServiceNotifier: ~Copyable {
  /// -1 where nobody listens.
  private let socket: Int32
  /// Seconds between two signs of life that the service manager waits for at most; `nil`: it does
  /// not watch.
  public let watchdogSeconds: Double?

  /// Opens the socket that the environment names. A path that begins with `@` is an abstract one.
  public init(environment: (String) -> String? = variable) {
    if let path = environment("NOTIFY_SOCKET"), path.hasPrefix("/") || path.hasPrefix("@") {
      socket = unsafe weir_connect_datagram(path)
    } else {
      socket = -1
    }
    let isForUs = environment("WATCHDOG_PID").map { $0 == "\(getpid())" } ?? true
    watchdogSeconds =
      isForUs ? environment("WATCHDOG_USEC").flatMap { Double($0) }.map { $0 / 1_000_000 } : nil
  }

  deinit { if socket >= 0 { close(socket) } }

  public func ready() { send("READY=1") }
  public func status(_ text: String) { send("STATUS=\(text)") }
  public func alive() { send("WATCHDOG=1") }
  public func stopping() { send("STOPPING=1") }

  /// Until ``ready()`` is sent again. The time is asked for by `Type=notify-reload`.
  public func reloading() {
    var now = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &now)
    send("RELOADING=1\nMONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1000)")
  }

  private func send(_ text: String) {
    guard socket >= 0 else { return }
    let bytes = Array(text.utf8)
    // Where it cannot be told, the service manager finds out by itself.
    _ = unsafe bytes.withUnsafeBytes { unsafe weir_send_datagram(socket, $0.baseAddress, $0.count) }
  }
}

/// A variable of the environment; `nil` where it is not set.
public func variable(_ name: String) -> String? {
  unsafe getenv(name).map { unsafe String(cString: $0) }
}
