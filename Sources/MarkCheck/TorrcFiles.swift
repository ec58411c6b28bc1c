// A torrc with what it includes, in the order that tor sees it. How files are read is a parameter.

/// The part of a file system that "%include" needs.
public protocol TorrcFolder {
  /// - Throws: with the errno for a file that can't be read.
  func contents(of path: String) throws(TorrcError) -> [UInt8]
  /// The names in a folder, or `nil` if there is no such folder.
  func names(inFolder path: String) -> [String]?
  func isFile(_ path: String) -> Bool
  /// What matches a pattern with "*" and "?", as glob(7) has it.
  func matches(of pattern: String) -> [String]
}

/// As tor has it: a file that includes itself ends there.
private let greatestDepth = 31

/// - Returns: every entry but the "%include"s.
public func torrcLines(
  ofFile path: String, in folder: some TorrcFolder
) throws(TorrcError) -> [TorrcLine] {
  try torrcLines(ofFile: path, in: folder, depth: 1)
}

private func torrcLines(
  ofFile path: String, in folder: some TorrcFolder, depth: Int
) throws(TorrcError) -> [TorrcLine] {
  guard depth <= greatestDepth else { throw TorrcError(reason: .tooDeep, file: path, line: 1) }
  let bytes = try folder.contents(of: path)
  let own: [TorrcLine]
  do throws(TorrcError) {
    own = try torrcLines(bytes)
  } catch {
    throw TorrcError(reason: error.reason, file: path, line: error.line)
  }
  var lines: [TorrcLine] = []
  for line in own {
    // tor compares this name alone with its case.
    guard line.name == "%include" else {
      lines.append(line)
      continue
    }
    for included in files(namedBy: line.value, in: folder) {
      lines += try torrcLines(ofFile: included, in: folder, depth: depth + 1)
    }
  }
  return lines
}

private func files(namedBy pattern: String, in folder: some TorrcFolder) -> [String] {
  let hasWildcard = pattern.contains { "*?".contains($0) }
  var files: [String] = []
  for path in hasWildcard ? inOrder(folder.matches(of: pattern)) : [pattern] {
    if let names = folder.names(inFolder: path) {
      files += inOrder(names).filter { !$0.hasPrefix(".") }.map { "\(path)/\($0)" }
        .filter(folder.isFile)
    } else {
      files.append(path)
    }
  }
  return files
}

/// By bytes, as strcmp(3) orders them.
private func inOrder(_ names: [String]) -> [String] {
  names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}
