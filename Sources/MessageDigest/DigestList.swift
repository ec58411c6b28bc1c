// What a role can publish of itself: digests of its program, its configuration and its data, one form for
// all of them. It is that of sha256sum(1), which checks the files; of what is in no file, a comment has
// the digest.
//
//     # weir-collect 0.1.0
//     3f0a…  /usr/bin/weir-collect
//     # settings 9c61…

internal import FoundationEssentials
internal import Glibc

public struct DigestList: Codable, Equatable, Sendable {
  public struct File: Codable, Equatable, Sendable {
    public var path: String
    public var sha256: String

    public init(path: String, sha256: String) {
      self.path = path
      self.sha256 = sha256
    }

    /// As sha256sum writes and reads it: one line, whatever is in the name.
    var line: String {
      guard path.utf8.contains(where: { [0x0a, 0x0d, 0x5c].contains($0) }) else {
        return "\(sha256)  \(path)\n"
      }
      let escapes: [Unicode.Scalar: String] = ["\n": "\\n", "\r": "\\r", "\\": "\\\\"]
      return "\\\(sha256)  \(path.unicodeScalars.map { escapes[$0] ?? String($0) }.joined())\n"
    }
  }

  public struct Part: Codable, Equatable, Sendable {
    public var name: String
    public var sha256: String
  }

  public struct Unreadable: Error {
    public let path: String
    public let errno: Int32
  }

  public var program: String
  public var version: String
  public private(set) var files: [File] = []
  /// What is not in a file.
  public private(set) var parts: [Part] = []

  public init(program: String, version: String) {
    self.program = program
    self.version = version
  }

  /// - Parameters:
  ///   - path: as it is shown.
  ///   - place: where it is read, if that is another name of the same file.
  public mutating func add(file path: String, at place: String? = nil) throws(Unreadable) {
    guard let digest = SHA256.hexadecimal(ofFile: place ?? path) else {
      throw Unreadable(path: path, errno: Glibc.errno)
    }
    files.append(File(path: path, sha256: digest))
  }

  public mutating func add(_ file: File) { files.append(file) }

  public mutating func add(part name: String, sha256: String) {
    parts.append(Part(name: name, sha256: sha256))
  }

  /// The program that runs, as it was started, even if the file has been replaced since.
  public mutating func addRunningProgram() throws(Unreadable) {
    let link = "/proc/self/exe"
    guard let path = unsafe realpath(link, nil) else {
      throw Unreadable(path: link, errno: Glibc.errno)
    }
    defer { unsafe free(path) }
    // realpath(3) ends what it returns with a zero.
    try add(file: unsafe String(cString: path), at: link)
  }

  /// The same for machines.
  public var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    // Texts: there is nothing that could fail to be encoded.
    let data = (try? encoder.encode(self)) ?? Data()
    return String(decoding: data, as: UTF8.self) + "\n"
  }

  public var text: String {
    "# \(program) \(version)\n"
      + files.map(\.line).joined()
      + parts.map { "# \($0.name) \($0.sha256)\n" }.joined()
  }
}
