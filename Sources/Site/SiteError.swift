// What can stand in the way of a site, said so that the reader knows what to do about it.

import Glibc

/// Why no site was written. The site that was there before is untouched in every case.
public enum SiteError: Error, Equatable, Sendable {
  /// A file of the reports folder can't be read.
  case unreadableResource(file: String, reason: String)
  /// The list of incidents can't be read.
  case unreadableIncidents(file: String, reason: String)
  /// A template that can't be used.
  case invalidTemplate(file: String, line: Int, reason: String)
  /// A table of names that can't be used.
  case invalidNames(file: String, line: Int, reason: String)
  /// The target holds something that Weir didn't write, and that a new site would sweep away.
  case foreignFile(directory: String, file: String)
  /// The site, or a month in it, was written by a later version.
  case laterFormat(file: String, format: Int)
  /// A file of the present site that doesn't say what it should.
  case damagedFile(file: String, reason: String)
  /// A released month is not as it was written.
  case changedDocument(file: String)
  /// There is no site to be read.
  case noSite(directory: String)
  /// Another build holds the lock.
  case busy(directory: String, lockFile: String)
  /// This account may not write there.
  case noPermission(path: String, reason: String)
  /// A file or folder of the new site can't be written.
  case cannotWrite(path: String, reason: String)
  /// The digests can't be signed.
  case cannotSign(reason: String)
  /// The new site is whole, but can't take the place of the old one.
  case cannotReplace(directory: String, reason: String)
}

extension SiteError {
  init(writing failure: SystemFailure) {
    self =
      switch failure.code {
      case EACCES, EPERM, EROFS: .noPermission(path: failure.path, reason: failure.reason)
      default: .cannotWrite(path: failure.path, reason: failure.reason)
      }
  }
}

extension SiteError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unreadableResource(let file, let reason):
      "can't read \(file): \(reason); name the folder that holds templates, style.css and the"
        + " name tables"
    case .unreadableIncidents(let file, let reason):
      "can't read \(file): \(reason); name a list of incidents (CSV with the header from,to,text)"
    case .invalidTemplate(let file, let line, let reason):
      "\(file), line \(line): \(reason)"
    case .invalidNames(let file, let line, let reason):
      "\(file), line \(line): \(reason)"
    case .foreignFile(let directory, let file):
      "\(directory) holds \(file), which is no part of a site that weir wrote and would be lost;"
        + " move it elsewhere, or name an empty or a new directory"
    case .laterFormat(let file, let format):
      "\(file) has format \(format), which is later than this version of weir knows; use the"
        + " version that wrote it"
    case .damagedFile(let file, let reason):
      "\(file) is damaged: \(reason); build its month again, or restore the site from a copy"
    case .changedDocument(let file):
      "\(file) was changed after weir wrote it, so that its numbers can't be trusted; restore the"
        + " site from a copy"
    case .noSite(let directory):
      "no site in \(directory); name a folder that 'weir-report build' wrote"
    case .busy(let directory, let lockFile):
      "another build is writing \(directory) (it holds \(lockFile)); wait until it has finished"
    case .noPermission(let path, let reason):
      "no permission to write \(path): \(reason); the site is as it was"
    case .cannotWrite(let path, let reason):
      "can't write \(path): \(reason); the site is as it was"
    case .cannotSign(let reason):
      "can't sign the site: \(reason); the site is as it was"
    case .cannotReplace(let directory, let reason):
      "can't replace \(directory): \(reason); it has to be a directory that can be renamed, not"
        + " a mount point, in a parent directory that can be written to"
    }
  }
}
