// seccomp_load(3): tor's "Sandbox 1" allows no IP_TOS and no IPV6_TCLASS; two rules more do.

import CInterposition

@c(seccomp_load)
public func interposedSeccompLoad(_ context: UnsafeMutableRawPointer?) -> CInt {
  // Looked up here: a program that has no libseccomp yet may load it later. tor calls this once.
  let next = unsafe unsafeBitCast(
    weir_next(name("seccomp_load")), to: weir_seccomp_load_function?.self)
  guard let next = unsafe next else { return -EOPNOTSUPP }
  if let state = unsafe processState, unsafe state.pointee.settings.problem == nil {
    let before = weir_errno()
    unsafe state.pointee.allowMarks(in: context)
    weir_set_errno(before)
  }
  return unsafe next(context)
}

extension ProcessState {
  fileprivate func allowMarks(in context: UnsafeMutableRawPointer?) {
    let addRule = unsafe unsafeBitCast(
      weir_anywhere(name("seccomp_rule_add_array")), to: weir_seccomp_rule_function?.self)
    guard let addRule = unsafe addRule else { return noteFailedRule(ENOSYS) }
    let ipv4 = unsafe allow(CInt(IPPROTO_IP), IP_TOS, in: context, addRule)
    let ipv6 = unsafe allow(CInt(IPPROTO_IPV6), IPV6_TCLASS, in: context, addRule)
    if ipv4 != 0 { noteFailedRule(-ipv4) }
    if ipv6 != 0 { noteFailedRule(-ipv6) }
  }

  private func allow(
    _ level: CInt, _ option: CInt, in context: UnsafeMutableRawPointer?,
    _ addRule: weir_seccomp_rule_function
  ) -> CInt {
    let comparisons: InlineArray<2, weir_seccomp_comparison> = [
      weir_seccomp_comparison(
        argument: 1, operation: WEIR_SECCOMP_EQUAL, datum: UInt64(level), unused: 0),
      weir_seccomp_comparison(
        argument: 2, operation: WEIR_SECCOMP_EQUAL, datum: UInt64(option), unused: 0),
    ]
    return unsafe comparisons.span.withUnsafeBufferPointer {
      unsafe addRule(
        context, UInt32(WEIR_SECCOMP_ALLOW), weir_setsockopt_number(), 2, $0.baseAddress)
    }
  }

  /// EACCES says that the filter allows by default: then there was nothing to add.
  private func noteFailedRule(_ number: CInt) {
    guard number != EACCES, isFirst(.failedSandboxRule) else { return }
    say { line in
      line.append("the sandbox gets no rule for marks: ")
      line.appendErrorNumber(number)
    }
  }
}
