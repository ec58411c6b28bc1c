// The library that is loaded into the command. The loader only warns of one that it can't load, and
// would run the command without the mark: so it is looked at here.

import Glibc

struct MarkLibrary {
  let path: String

  /// - Parameter path: as an option named it, or `nil` to look where it is installed.
  init(path: String?) throws(Failure) {
    if let path {
      self.path = try Self.absolute(path)
    } else {
      let places = Self.places
      guard let found = places.first(where: { unsafe access($0, F_OK) == 0 }) else {
        throw .noLibrary(tried: places)
      }
      self.path = found
    }
    if self.path.contains(where: { $0 == ":" || $0 == " " }) {
      throw .badLibrary(
        path: self.path, why: "LD_PRELOAD can't name a path with a blank or a colon")
    }
    let library = try Self.kind(of: self.path)
    let own = try Self.kind(of: "/proc/self/exe")
    if library.prefix(4) != [0x7f, 0x45, 0x4c, 0x46] {
      throw .badLibrary(path: self.path, why: "not a shared library")
    }
    if library != own {
      throw .badLibrary(path: self.path, why: "a library for another machine")
    }
  }

  /// Beside this program, in the lib folder that belongs to its bin folder, and as packages install it.
  private static var places: [String] {
    let name = "libweirmark.so"
    var places: [String] = []
    if let program = try? absolute("/proc/self/exe"), let slash = program.lastIndex(of: "/") {
      let folder = program[..<slash]
      places.append("\(folder)/\(name)")
      if let parent = folder.lastIndex(of: "/") {
        places.append("\(folder[..<parent])/lib/weir/\(name)")
      }
    }
    let installed = "/usr/lib/weir/\(name)"
    if !places.contains(installed) { places.append(installed) }
    return places
  }

  private static func absolute(_ path: String) throws(Failure) -> String {
    guard let resolved = unsafe realpath(path, nil) else {
      throw .badLibrary(path: path, why: errorText(errno))
    }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  /// What the beginning of an ELF file says of the machine that it is for: magic, class, byte order,
  /// and e_machine.
  private static func kind(of path: String) throws(Failure) -> [UInt8] {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw .badLibrary(path: path, why: errorText(errno)) }
    defer { close(file) }
    var header = [UInt8](repeating: 0, count: 20)
    let count = unsafe header.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
    guard count == header.count else { throw .badLibrary(path: path, why: "not a shared library") }
    return Array(header[0..<6]) + header[18..<20]
  }
}
