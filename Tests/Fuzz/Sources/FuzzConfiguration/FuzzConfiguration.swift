// A configuration file.
//
// Beyond not crashing: what was read can be written down and is read again the same, and every place
// is a line that the text has.

import Configuration

@c(LLVMFuzzerTestOneInput)
public func fuzzConfiguration(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let text = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let document = try? ConfigurationDocument(text, file: "f") else { return 0 }
  let lines = text.count { $0 == 0x0a } + 1
  for table in document.tables {
    precondition((1...lines).contains(table.place.line ?? 0), "a line that is not there")
    for entry in table.entries {
      precondition((1...lines).contains(entry.place.line ?? 0), "a line that is not there")
    }
  }
  guard let again = try? ConfigurationDocument(Array(written(document).utf8), file: "g") else {
    preconditionFailure("what was written is refused")
  }
  precondition(written(again) == written(document), "read differently")
  return 0
}

private func written(_ document: ConfigurationDocument) -> String {
  document.tables.map { table in
    (table.name.isEmpty ? "" : "[\(table.name)]\n")
      + table.entries.map { "\($0.key) = \(written($0.value))\n" }.joined()
  }.joined()
}

private func written(_ value: ConfigurationValue) -> String {
  switch value {
  case .integer(let number): "\(number)"
  case .boolean(let truth): "\(truth)"
  case .array(let elements): "[" + elements.map { written($0.value) }.joined(separator: ",\n") + "]"
  case .string(let text):
    "\"" + text.unicodeScalars.map { "\\U" + padded(String($0.value, radix: 16)) }.joined() + "\""
  }
}

private func padded(_ digits: String) -> String {
  String(repeating: "0", count: 8 - digits.utf8.count) + digits
}
