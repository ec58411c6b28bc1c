// Threads of our own, and how they tell each other that something is there.

internal import Glibc

public struct ThreadNotStarted: Error, CustomStringConvertible, Sendable {
  public let description: String

  fileprivate init(errno: Int32) {
    description = "can't start a thread: \(unsafe String(cString: strerror(errno)))"
  }
}

/// Runs `body` in a thread of its own; what it needs it brings with it.
public func startThread(_ body: @escaping @Sendable () -> Void) throws(ThreadNotStarted) {
  final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }
  var thread = pthread_t()
  // Given to the thread, which takes it.
  let retained = unsafe Unmanaged.passRetained(Body(body))
  let status = unsafe pthread_create(
    &thread, nil,
    { body in
      if let body = unsafe body {
        // Retained above, for this thread.
        unsafe Unmanaged<Body>.fromOpaque(body).takeRetainedValue().run()
      }
      return nil
    }, retained.toOpaque())
  guard status == 0 else {
    unsafe retained.release()
    throw ThreadNotStarted(errno: status)
  }
  pthread_detach(thread)
}

/// A value that threads share, one at a time, and can wait for a change of (pthread_cond_init(3)).
@safe
public final class Monitor<Value: Sendable>: @unchecked Sendable {
  // Allocated, since neither may be moved.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let changed: UnsafeMutablePointer<pthread_cond_t>
  /// Touched by whoever holds the mutex.
  private var value: Value

  public init(_ value: Value) {
    self.value = value
    unsafe mutex = .allocate(capacity: 1)
    unsafe changed = .allocate(capacity: 1)
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(changed, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(changed)
    unsafe pthread_mutex_destroy(mutex)
    unsafe changed.deallocate()
    unsafe mutex.deallocate()
  }

  /// Changes the value, and wakes whoever waits.
  public func change(_ body: (inout Value) -> Void) {
    unsafe pthread_mutex_lock(mutex)
    body(&value)
    unsafe pthread_cond_broadcast(changed)
    unsafe pthread_mutex_unlock(mutex)
  }

  /// Waits until `look` finds what it looks for.
  public func wait<Result>(_ look: (borrowing Value) -> Result?) -> Result {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    while true {
      if let result = look(value) { return result }
      unsafe pthread_cond_wait(changed, mutex)
    }
  }
}

/// A value that is made in a thread of its own, for somebody who needs it later.
public struct Later<Value: Sendable>: Sendable {
  private let made = Monitor<Value?>(nil)

  /// Begins to make it; where there can be no thread, makes it at once.
  public init(_ make: @escaping @Sendable () -> Value) {
    let made = made
    do throws(ThreadNotStarted) {
      try startThread {
        let value = make()
        made.change { $0 = value }
      }
    } catch {
      let value = make()
      made.change { $0 = value }
    }
  }

  /// Waits until it is there.
  public var value: Value { made.wait { $0 } }
}
