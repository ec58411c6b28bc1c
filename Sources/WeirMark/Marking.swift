// Sets the mark on a socket, and says so, once, if that fails.

import CInterposition

enum MarkOutcome {
  case marked
  /// No IPv4 or IPv6 socket: the kernel will refuse what was asked, with an error of its own.
  case notForUs
  case failed(CInt)
}

extension ProcessState {
  /// TCP keeps its ECN bits whatever is set here (ip(7)); tor's resolver sets none on its UDP sockets.
  /// No capability is needed for it.
  func mark(_ socket: CInt, _ family: PacketFamily) -> MarkOutcome {
    var value = CInt(settings.trafficClass)
    let size = socklen_t(MemoryLayout<CInt>.size)
    let result =
      switch family {
      case .ipv4: unsafe setsockopt(socket, CInt(IPPROTO_IP), IP_TOS, &value, size)
      case .ipv6: unsafe setsockopt(socket, CInt(IPPROTO_IPV6), IPV6_TCLASS, &value, size)
      }
    guard result != 0 else { return .marked }
    let number = weir_errno()
    return switch number {
    case EBADF, ENOTSOCK, EOPNOTSUPP, ENOPROTOOPT: .notForUs
    default: .failed(number)
    }
  }

  func failedMark(_ number: CInt) {
    count(.failed)
    guard isFirst(.failedMark) else { return }
    say { line in
      line.append("a socket can't be marked: ")
      line.appendErrorNumber(number)
      line.append("; ")
      line.appendConsequence(settings.onError)
      line.append(", and this is said once")
    }
  }

  /// - Returns: what the interposed call returns.
  func refuse(_ number: CInt) -> CInt {
    count(.refused)
    weir_set_errno(number)
    return -1
  }
}

/// What an exit connection fails with under a wrong setting: no call here fails with it otherwise, so
/// it can be told in tor's log.
var refusal: CInt { ECANCELED }
