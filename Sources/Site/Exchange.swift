// Puts a finished directory in the place of another one, at once where the system can.

import Glibc

/// Exchanges two directories of the same file system in one step, so that readers find one or the
/// other at every moment. `false` where the kernel or the file system can't.
func exchange(_ one: String, _ other: String) throws(SystemFailure) -> Bool {
  // glibc declares renameat2(2) under _GNU_SOURCE, which Swift's Glibc module is built without.
  typealias RenameAt2 =
    @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
  guard let symbol = unsafe dlsym(nil, "renameat2") else { return false }
  let renameAt2 = unsafe unsafeBitCast(symbol, to: RenameAt2.self)
  let exchangeFlag: UInt32 = 2  // RENAME_EXCHANGE, linux/fs.h
  if unsafe renameAt2(AT_FDCWD, one, AT_FDCWD, other, exchangeFlag) == 0 { return true }
  if [ENOSYS, EINVAL].contains(errno) { return false }
  throw SystemFailure(other)
}

private func isOccupied(_ directory: String) throws(SystemFailure) -> Bool {
  guard try status(of: directory) != nil else { return false }
  return try !entries(of: directory).isEmpty
}

/// Puts `new` in the place of `present`, which ends up as `aside` or is gone if it was empty or
/// absent. On failure `present` is what it was.
func replace(_ present: String, with new: String, keeping aside: String) throws(SystemFailure) {
  if try !isOccupied(present) {
    try move(new, to: present)
  } else if try exchange(new, present) {
    try? move(new, to: aside)  // under either name the next build removes it
  } else {
    try replaceInTwoSteps(present, with: new, keeping: aside)
  }
}

/// The same with a moment in between in which there is neither.
func replaceInTwoSteps(
  _ present: String, with new: String, keeping aside: String
) throws(SystemFailure) {
  try move(present, to: aside)
  do throws(SystemFailure) {
    try move(new, to: present)
  } catch {
    try? move(aside, to: present)
    throw error
  }
}
