// The digests of every file, and a signature of them that `ssh-keygen` makes and verifies.
//
// The private key is never opened here: `ssh-keygen` reads it, or asks an agent that has it. What
// goes into the site is the public half and the signature.

import Glibc

/// Why the site could not be signed.
struct SigningFailure: Error {
  let reason: String
}

enum SiteSignature {
  static let digests = "SHA256SUMS"
  static let signature = "SHA256SUMS.sig"
  static let signers = "allowed_signers"
  /// What the signature is for, so that it can't be passed off as one for something else.
  static let namespace = "weir-site"

  /// The line of `allowed_signers`: an identity, what it may sign, and its public key.
  static func signersLine(_ key: SigningKey) throws -> String {
    let file = key.file.hasSuffix(".pub") ? key.file : key.file + ".pub"
    let text: String
    do {
      text = String(decoding: try readFile(file), as: UTF8.self)
    } catch {
      throw SigningFailure(reason: "can't read the public key \(file): \(error.reason)")
    }
    let fields = text.split(whereSeparator: \.isWhitespace)
    let base64 = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
    guard fields.count >= 2, fields[0] == "ssh-ed25519", fields[1].allSatisfy(base64.contains)
    else { throw SigningFailure(reason: "\(file) is no public Ed25519 key of OpenSSH's") }
    return "\(key.identity) namespaces=\"\(namespace)\" ssh-ed25519 \(fields[1])\n"
  }

  /// Signs the digests that stand in `directory`, and checks the signature against the key that the
  /// site names.
  static func sign(in directory: String, with key: SigningKey) throws {
    let digests = "\(directory)/\(Self.digests)"
    try run(
      ["ssh-keygen", "-q", "-Y", "sign", "-f", key.file, "-n", namespace, digests],
      input: "/dev/null")
    try run(
      [
        "ssh-keygen", "-Y", "verify", "-f", "\(directory)/\(signers)", "-I", key.identity, "-n",
        namespace, "-s", "\(directory)/\(signature)",
      ], input: digests)
  }

  /// Runs a program and waits for it; what it says is the reason where it fails.
  private static func run(_ arguments: [String], input: String) throws {
    var ends: [Int32] = [0, 0]
    guard unsafe pipe(&ends) == 0 else { throw failure("pipe", errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[0]) }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 2)

    // C wants pointers that it could write through.
    var pointers = unsafe arguments.map { unsafe strdup($0) }
    defer { for index in unsafe pointers.indices { unsafe free(pointers[index]) } }
    unsafe pointers.append(nil)
    var process = pid_t()
    let code = unsafe posix_spawnp(&process, arguments[0], &actions, nil, pointers, environ)
    close(ends[1])
    guard code == 0 else {
      throw SigningFailure(
        reason: "can't run ssh-keygen: \(SystemFailure("", code).reason); install openssh-client")
    }
    let words = said(ends[0])
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) < 0 {
      guard errno == EINTR else { throw failure("waitpid", errno) }
    }
    guard status == 0 else {
      throw SigningFailure(
        reason: words.isEmpty ? "ssh-keygen ended with status \(status)" : words)
    }
  }

  /// All that comes out of a pipe, on one line.
  private static func said(_ descriptor: Int32) -> String {
    var words: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      words += buffer[..<count]
    }
    return String(decoding: words, as: UTF8.self).split(whereSeparator: \.isNewline)
      .joined(separator: "; ")
  }

  private static func failure(_ call: String, _ code: Int32) -> SigningFailure {
    SigningFailure(reason: "\(call): \(SystemFailure("", code).reason)")
  }
}
