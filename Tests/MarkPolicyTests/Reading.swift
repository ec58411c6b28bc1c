// Short ways to settings, addresses and socket names, for all tests of the policy.

import MarkPolicy

/// - Parameter variables: entries of an environment, in their order.
func settings(_ variables: String...) -> Settings { settings(variables) }

func settings(_ variables: [String]) -> Settings {
  var reader = SettingsReader()
  for (index, variable) in variables.enumerated() {
    reader.read(Array(variable.utf8).span, at: index)
  }
  return reader.finish()
}

func address(_ text: String) -> Address? { Address(Array(text.utf8).span) }

/// A name as a caller of bind(2) has it: an IPv6 form only for what is written as IPv6.
func name(_ text: String, port: UInt16 = 0) throws -> SocketName {
  guard let address = address(text) else { throw NotAnAddress(text: text) }
  return SocketName(address: address, port: port, isIPv6Form: text.contains(":"))
}

struct NotAnAddress: Error {
  var text: String
}

func socketName(_ bytes: [UInt8]) -> SocketName? { SocketName(bytes.span) }

func text(_ line: MessageLine) -> String {
  let bytes = line.bytes
  return String(decoding: (0..<line.count).map { bytes[$0] }, as: UTF8.self)
}
