// Which file a process has the mark's library from: the text of /proc/PID/maps (proc(5)).

public struct MappedLibrary: Equatable, Sendable {
  public var path: String
  /// Device and inode as the kernel writes them there, to compare with another mapping's.
  public var file: String
  /// The file that was mapped has no name any more.
  public var isDeleted: Bool

  public init(path: String, file: String, isDeleted: Bool) {
    self.path = path
    self.file = file
    self.isDeleted = isDeleted
  }
}

extension MappedLibrary {
  public static var name: String { "libweirmark.so" }

  /// - Parameter maps: the lines of /proc/PID/maps.
  /// - Returns: the first mapping of a file with the library's name.
  public init?(maps: String, named name: String = Self.name) {
    let deleted = " (deleted)"
    for line in maps.split(separator: "\n") {
      // Address range, permissions, offset, device, inode, and the path behind blanks.
      let fields = line.split(separator: " ", maxSplits: 5)
      guard fields.count == 6 else { continue }
      var path = fields[5].drop { $0 == " " }
      let isDeleted = path.hasSuffix(deleted)
      if isDeleted { path = path.dropLast(deleted.count) }
      guard path.hasPrefix("/"), path.split(separator: "/").last == name[...] else { continue }
      self.init(path: String(path), file: "\(fields[3]) \(fields[4])", isDeleted: isDeleted)
      return
    }
    return nil
  }
}
