// sendto(2): DNS queries, on sockets that are bound to nothing.

import CInterposition

/// The mark is set at every query rather than remembered by descriptor: a memory would have to follow
/// close, dup2, close_range and all else that gives a descriptor to another socket, and the option
/// costs a small part of what the query does.
@c(sendto)
public func interposedSendTo(
  _ socket: CInt, _ data: UnsafeRawPointer?, _ count: Int, _ flags: CInt,
  _ name: UnsafeRawPointer?, _ length: UInt32
) -> Int {
  let before = weir_errno()
  guard let state = unsafe processState else {
    return unsafe weir_raw_sendto(socket, data, count, flags, name, length)
  }
  guard let destination = unsafe socketName(name, length) else {
    return unsafe state.pointee.send(socket, data, count, flags, name, length)
  }
  switch unsafe state.pointee.settings.decide(sendTo: destination) {
  case .passBy:
    return unsafe state.pointee.send(socket, data, count, flags, name, length)
  case .refuse:
    return Int(unsafe state.pointee.refuse(refusal))
  case .mark(let family):
    let outcome = unsafe state.pointee.mark(socket, family)
    if case .failed(let number) = outcome {
      unsafe state.pointee.failedMark(number)
      if unsafe state.pointee.settings.onError == .refuse {
        return Int(unsafe state.pointee.refuse(number))
      }
    }
    weir_set_errno(before)
    let result = unsafe state.pointee.send(socket, data, count, flags, name, length)
    if case .marked = outcome, result >= 0 { unsafe state.pointee.count(.dnsMarked) }
    return result
  }
}

extension ProcessState {
  fileprivate func send(
    _ socket: CInt, _ data: UnsafeRawPointer?, _ count: Int, _ flags: CInt,
    _ name: UnsafeRawPointer?, _ length: UInt32
  ) -> Int {
    if let sendto = unsafe sendto {
      return unsafe sendto(socket, data, count, flags, name, length)
    }
    return unsafe weir_raw_sendto(socket, data, count, flags, name, length)
  }
}
