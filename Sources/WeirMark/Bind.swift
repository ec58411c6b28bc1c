// bind(2): the signal of an exit connection.

import CInterposition

@c(bind)
public func interposedBind(_ socket: CInt, _ name: UnsafeRawPointer?, _ length: UInt32) -> CInt {
  let before = weir_errno()
  guard let state = unsafe processState else {
    return unsafe weir_raw_bind(socket, name, length)
  }
  guard let asked = unsafe socketName(name, length) else {
    return unsafe state.pointee.bindAsAsked(socket, name, length)
  }
  unsafe state.pointee.sayProblem()
  return switch unsafe state.pointee.settings.decide(bindTo: asked) {
  case .passBy:
    unsafe state.pointee.passBy(socket, name, length)
  case .refuse:
    unsafe state.pointee.refuse(refusal)
  case .exit(let exit):
    unsafe state.pointee.bind(exit, socket, name, length, errnoBefore: before)
  }
}

/// - Returns: `nil` for what is no address of IPv4 or IPv6.
func socketName(_ name: UnsafeRawPointer?, _ length: UInt32) -> SocketName? {
  guard let name = unsafe name else { return nil }
  // The caller says that so many bytes are there; no more of them than a socket address has are read.
  let bytes = unsafe Span<UInt8>(
    _unsafeStart: name.assumingMemoryBound(to: UInt8.self), count: Int(length))
  return SocketName(bytes)
}

extension ProcessState {
  fileprivate func passBy(
    _ socket: CInt, _ name: UnsafeRawPointer?, _ length: UInt32
  ) -> CInt {
    count(.passedBy)
    return unsafe bindAsAsked(socket, name, length)
  }

  fileprivate func bindAsAsked(
    _ socket: CInt, _ name: UnsafeRawPointer?, _ length: UInt32
  ) -> CInt {
    if let bind = unsafe bind { return unsafe bind(socket, name, length) }
    return unsafe weir_raw_bind(socket, name, length)
  }

  fileprivate func bind(
    _ exit: ExitBind, _ socket: CInt, _ name: UnsafeRawPointer?, _ length: UInt32,
    errnoBefore: CInt
  ) -> CInt {
    guard exit.isMarked else {
      return unsafe bindExit(exit, socket, name, length, errnoBefore: errnoBefore)
    }
    switch mark(socket, exit.family) {
    case .marked:
      let result = unsafe bindExit(exit, socket, name, length, errnoBefore: errnoBefore)
      if result == 0 { count(.marked) } else { noteFailedBind() }
      return result
    case .notForUs:
      weir_set_errno(errnoBefore)
      let result = unsafe bindAsAsked(socket, name, length)
      // The kernel should have refused this. If it did not, the socket is an unmarked exit.
      guard result == 0 else { return result }
      failedMark(ENOPROTOOPT)
      return settings.onError == .refuse ? refuse(ENOPROTOOPT) : result
    case .failed(let number):
      failedMark(number)
      if settings.onError == .refuse { return refuse(number) }
      return unsafe bindExit(exit, socket, name, length, errnoBefore: errnoBefore)
    }
  }

  private func bindExit(
    _ exit: ExitBind, _ socket: CInt, _ name: UnsafeRawPointer?, _ length: UInt32,
    errnoBefore: CInt
  ) -> CInt {
    weir_set_errno(errnoBefore)
    switch exit.binding {
    case .asAsked:
      return unsafe bindAsAsked(socket, name, length)
    case .skip:
      return 0
    case .to(let name):
      let encoded = name.encoded
      let bytes = encoded.bytes
      return unsafe bytes.span.withUnsafeBytes {
        unsafe bindAsAsked(socket, $0.baseAddress, UInt32(encoded.length))
      }
    }
  }

  private func noteFailedBind() {
    let number = weir_errno()
    guard number == EADDRNOTAVAIL, isFirst(.failedBind) else { return }
    say { line in
      line.append("this host does not have the address that an exit connection is to come from: ")
      line.appendErrorNumber(number)
      line.append("; this is said once")
    }
  }
}
