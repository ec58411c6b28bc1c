import MarkCheck
import Testing

private struct Folder: TorrcFolder {
  var files: [String: String]

  func contents(of path: String) throws(TorrcError) -> [UInt8] {
    guard let text = files[path] else {
      throw TorrcError(reason: .unreadable(2), file: path, line: 0)
    }
    return Array(text.utf8)
  }

  func names(inFolder path: String) -> [String]? {
    let names = files.keys.filter { $0.hasPrefix("\(path)/") }.map { $0.dropFirst(path.count + 1) }
    return names.isEmpty ? nil : names.map { String($0.prefix { $0 != "/" }) }
  }

  func isFile(_ path: String) -> Bool { files[path] != nil }

  /// Of patterns with one "*" at their end.
  func matches(of pattern: String) -> [String] {
    files.keys.filter { $0.hasPrefix(pattern.dropLast()) }
  }
}

@Suite("Included torrc files") struct TorrcFilesTests {
  @Test("stand where they are included")
  func order() throws {
    let folder = Folder(files: [
      "/t": "A 1\n%include /u\nA 4", "/u": "A 2\n%include /v", "/v": "A 3",
    ])
    #expect(try torrcLines(ofFile: "/t", in: folder).map(\.value) == ["1", "2", "3", "4"])
  }

  @Test("of a folder come in order, without hidden ones and without subfolders")
  func folders() throws {
    let folder = Folder(files: [
      "/t": "%include /d", "/d/b": "A 2", "/d/B": "A 1", "/d/.x": "A 9", "/d/sub/x": "A 9",
    ])
    #expect(try torrcLines(ofFile: "/t", in: folder).map(\.value) == ["1", "2"])
  }

  @Test("that match a pattern come in order, and there may be none")
  func patterns() throws {
    let folder = Folder(files: [
      "/t": "%include /d/1*\n%include /e*", "/d/12": "A 2", "/d/11": "A 1",
    ])
    #expect(try torrcLines(ofFile: "/t", in: folder).map(\.value) == ["1", "2"])
  }

  @Test("that are named and missing are an error")
  func missing() {
    let folder = Folder(files: ["/t": "%include /none"])
    #expect(throws: TorrcError(reason: .unreadable(2), file: "/none", line: 0)) {
      try torrcLines(ofFile: "/t", in: folder)
    }
  }

  @Test("tell the file that an error is in")
  func file() {
    let folder = Folder(files: ["/t": "A 1\n%include /u", "/u": "A 1\nB \"x"])
    #expect(throws: TorrcError(reason: .badEscape, file: "/u", line: 2)) {
      try torrcLines(ofFile: "/t", in: folder)
    }
  }

  @Test("that include themselves come to an end")
  func endless() {
    #expect(throws: TorrcError(reason: .tooDeep, file: "/t", line: 1)) {
      try torrcLines(ofFile: "/t", in: Folder(files: ["/t": "%include /t"]))
    }
  }
}
