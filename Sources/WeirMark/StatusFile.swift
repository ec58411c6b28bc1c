// The counters' file. A file that can't be had is reported, and is no reason to mark nothing.

import CInterposition

/// - Returns: the counters in a page that other processes can read, or `nil` after a message.
func mapStatusFile(_ path: UnsafePointer<CChar>) -> UnsafeMutableRawPointer? {
  let file = unsafe weir_open(path)
  guard file >= 0 else {
    let number = weir_errno()
    return unsafe withoutFile {
      $0.append("can't be opened: ")
      $0.appendErrorNumber(number)
    }
  }
  defer { close(file) }
  var status = stat()
  guard unsafe fstat(file, &status) == 0, weir_is_regular(status.st_mode) != 0 else {
    return unsafe withoutFile { $0.append("is not a regular file") }
  }
  // Two processes that find it empty make it the same size, and write the same beginning.
  if status.st_size == 0, ftruncate(file, StatusLayout.size) != 0 {
    let number = weir_errno()
    return unsafe withoutFile {
      $0.append("can't be made: ")
      $0.appendErrorNumber(number)
    }
  }
  guard status.st_size == 0 || status.st_size == StatusLayout.size,
    let page = unsafe weir_map_shared(file, StatusLayout.size), unsafe weir_map_failed(page) == 0
  else { return unsafe withoutFile { $0.append("is not a status file") } }
  let magic = unsafe page.loadUnaligned(
    fromByteOffset: StatusLayout.magicOffset, as: UInt64.self)
  let version = unsafe page.load(fromByteOffset: StatusLayout.versionOffset, as: UInt32.self)
  guard
    magic == 0 && version == 0
      || magic == StatusLayout.magic.littleEndian
        && version == StatusLayout.version
  else {
    unsafe munmap(page, StatusLayout.size)
    return unsafe withoutFile { $0.append("is not a status file") }
  }
  unsafe page.storeBytes(
    of: StatusLayout.counters, toByteOffset: StatusLayout.countOffset, as: UInt32.self)
  unsafe page.storeBytes(
    of: StatusLayout.version, toByteOffset: StatusLayout.versionOffset, as: UInt32.self)
  unsafe page.storeBytes(
    of: StatusLayout.magic.littleEndian, toByteOffset: StatusLayout.magicOffset, as: UInt64.self)
  return unsafe page
}

private func withoutFile(_ reason: (inout MessageLine) -> Void) -> UnsafeMutableRawPointer? {
  sayOnStandardError(
    message { line in
      line.append(Setting.status.name)
      line.append(": the file ")
      reason(&line)
      line.append("; nobody can read the counters")
    })
  return nil
}
