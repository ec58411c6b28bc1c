// A value of the wrong kind, a key that nobody knows, a file that is none.

import Configuration
import Foundation
import Glibc
import Testing
import TestSupport

@Suite struct WantedValueTests {
  @Test("a value of another kind is refused with what is wanted")
  func kinds() throws {
    let root = try configuration("t = 'x'\ni = 5\nb = true\nl = ['x',\n 5]").root
    let (text, integer) = (try #require(root["t"]), try #require(root["i"]))
    let (boolean, list) = (try #require(root["b"]), try #require(root["l"]))
    #expect(try text.string() == "x")
    #expect(try text.strings().map(\.text) == ["x"])
    #expect(try integer.integer(in: 0...5) == 5)
    #expect(try boolean.boolean())
    let refused: [(() throws -> Void, String)] = [
      ({ _ = try integer.string() }, "2: 'i' takes a string in quotes, and this is an integer"),
      ({ _ = try boolean.integer(in: 0...1) }, "3: 'b' takes an integer without quotes"),
      ({ _ = try integer.integer(in: 0...4) }, "2: 'i' takes 0 to 4"),
      ({ _ = try integer.integer(in: 6...7) }, "2: 'i' takes 6 to 7"),
      (
        { _ = try text.boolean() },
        "1: 't' takes true or false without quotes, and this is a string"
      ),
      ({ _ = try list.strings() }, "5: 'l' takes strings in quotes, and this is an integer"),
      ({ _ = try boolean.strings() }, "3: 'b' takes a string in quotes or an array of them"),
      ({ _ = try list.string() }, "4: 'l' takes a string in quotes, and this is an array"),
    ]
    for (read, message) in refused {
      #expect(performing: read, throws: { "\($0)".hasPrefix("collect.toml:\(message)") })
    }
  }

  @Test(
    "an unknown key or table is refused with what was probably meant",
    arguments: [
      ("a = 1\ninterfaces = 'x'", "2: there is no setting 'interfaces': did you mean 'interface'?"),
      ("dspc = 7", "1: there is no setting 'dspc': did you mean 'dscp'?"),
      ("zebra = 7", "1: there is no setting 'zebra': known are a, dscp, interface"),
      ("a = 1\n\n[page]", "3: there is no table [page]: did you mean 'pages'?"),
      ("[pages]\na = 1", "2: there is no setting 'a': known are title"),
    ])
  func unknown(text: String, message: String) throws {
    let document = try configuration(text)
    #expect {
      try document.refuseUnknown(["": ["a", "dscp", "interface"], "pages": ["title"]])
    } throws: {
      "\($0)" == "collect.toml:\(message)"
    }
  }

  @Test("a file is read, and what is no configuration file is refused with its exit code")
  func files() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "collect.toml").path
      try "a = 1\nb =".write(toFile: file, atomically: false, encoding: .utf8)
      let large = folder.appending(path: "large").path
      try Data(repeating: 0x0a, count: ConfigurationDocument.largestFile + 1)
        .write(to: URL(filePath: large))
      let pipe = folder.appending(path: "pipe").path
      #expect(unsafe mkfifo(pipe, 0o600) == 0)
      let cases: [(String, Int32, String)] = [
        (file, EX_CONFIG, "\(file):2: a value is missing"),
        (folder.path + "/none", EX_NOINPUT, "can't read \(folder.path)/none: no such file"),
        (folder.path, EX_NOINPUT, "\(folder.path) is no regular file"),
        (pipe, EX_NOINPUT, "\(pipe) is no regular file"),
        (large, EX_CONFIG, "\(large) has more than"),
      ]
      for (path, code, message) in cases {
        #expect {
          try ConfigurationDocument(path: path)
        } throws: {
          ($0 as? ConfigurationError)?.exitCode == code && "\($0)".hasPrefix(message)
        }
      }
      #expect(ConfigurationError.unreadable(file: "f", errno: EACCES).exitCode == EX_NOPERM)
    }
  }
}
