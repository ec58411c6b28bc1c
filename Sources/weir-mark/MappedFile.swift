// Whether the library that is mapped into a process is still the file of that name.

import Glibc
import MarkCheck

extension MappedLibrary {
  /// `nil` where it is.
  func problem(in process: ProcessFiles) -> String? {
    if isDeleted { return "\(path), as mapped, has been removed or replaced" }
    if let now = mappedFile(process.path(path)), now != file {
      return "\(path) is another file than the one that is mapped"
    }
    return nil
  }
}

/// What the kernel calls a file where it is mapped: on some file systems this is not what stat(2)
/// says, so it is mapped here to find out.
private func mappedFile(_ path: String) -> String? {
  let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { return nil }
  defer { close(file) }
  let size = 4096
  guard let page = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, file, 0),
    unsafe page != MAP_FAILED
  else { return nil }
  defer { unsafe munmap(page, size) }
  let start = String(UInt(bitPattern: page), radix: 16)
  return ProcessFiles(pid: getpid()).maps?.split(separator: "\n").first {
    $0.hasPrefix("\(start)-")
  }.map { $0.split(separator: " ", maxSplits: 5)[3...4].joined(separator: " ") }
}
