// Publishing: the site is the old one or the new one, and nobody else's files are lost.

import Disclosure
import Foundation
import Glibc
import Tallies
import Testing

@testable import Site

@Suite struct PublishTests {
  private let workplace: Workplace
  private let writer: SiteWriter

  init() throws {
    workplace = try Workplace()
    writer = try workplace.writer()
  }

  @Test("The same months give the same bytes, in whatever order they come")
  func byteIdentical() throws {
    let first = try MonthBuilder.everyKind("2026-09")
    let second = try MonthBuilder.everyKind("2026-10")
    try writer.publish([first, second])
    let before = try workplace.files()
    try writer.publish(second)
    try writer.publish(first)
    #expect(try workplace.files() == before)
    let elsewhere = try Workplace()
    try elsewhere.writer().publish([second, first])
    #expect(try elsewhere.files() == before)
    var expected = [
      "index.html", "methodology.html", "coverage.html", "data.html", "changes.html", "about.html",
      "style.css", "months.csv", "months.json", "encryption-classes.csv", "SHA256SUMS",
      "weir-site.json",
    ]
    let subjects: [(folder: String, pages: [String])] = [
      ("service-ports", ["tcp-443", "tcp-80", "udp-53", "tcp-40123"]),
      ("autonomous-systems", ["AS0", "AS64500", "AS64501", "AS64502"]),
      ("countries", ["DE", "FR", "XK", "ZZ"]),
    ]
    for (folder, pages) in subjects {
      let files = pages.map { "\($0).html" } + ["index.html", "over-time.csv", "over-time.json"]
      expected += files.map { "\(folder)/\($0)" }
    }
    let tables = [
      "totals", "service-ports", "autonomous-systems", "countries", "encryption-classes",
      "ip-versions", "protocols", "days",
    ]
    let single = [
      "index.html", "month.json", "released.json", "coverage.json", "datapackage.json",
    ]
    for month in ["2026-09", "2026-10"] {
      let files = single + tables.flatMap { ["\($0).csv", "\($0).json"] }
      expected += files.map { "\(month)/\($0)" }
    }
    #expect(Set(before.keys) == Set(expected))
  }

  @Test("The data of other months stay byte for byte, and their pages lead to the new one")
  func carriedOver() throws {
    try writer.publish(try MonthBuilder.everyKind("2026-08"))
    func data() throws -> [String: Data] {
      try workplace.files().filter {
        $0.key.hasPrefix("2026-08/") && !$0.key.hasSuffix(".html")
      }
    }
    let before = try data()
    #expect(before.count == 20)
    try writer.publish(try MonthBuilder.everyKind("2026-09"))
    #expect(try data() == before)
    #expect(try workplace.text("2026-08/index.html").contains("../2026-09/index.html"))
    #expect(try workplace.text("index.html").contains("August 2026"))
    try writer.publish([])
    #expect(try workplace.text("index.html").contains("September 2026"))
    #expect(try workplace.besideTheSite() == [])
  }

  @Test("A month that is built again replaces what it was")
  func builtAgain() throws {
    try writer.publish(try MonthBuilder.everyKind())
    var builder = try MonthBuilder()
    try builder.add(flows: 123_457)
    try writer.publish(try builder.released())
    #expect(try workplace.text("2026-10/index.html").contains("123,460 flows"))
    #expect(try workplace.text("index.html").contains("123,460"))
  }

  @Test("An empty directory is taken, with its permissions")
  func emptyDirectory() throws {
    try FileManager.default.createDirectory(
      atPath: workplace.site, withIntermediateDirectories: false,
      attributes: [.posixPermissions: 0o2751])
    for _ in 0..<2 {
      try writer.publish(try MonthBuilder.everyKind())
      let attributes = try FileManager.default.attributesOfItem(atPath: workplace.site)
      #expect(attributes[.posixPermissions] as? Int == 0o2751)
    }
  }

  @Test("A site that is reached by a symbolic link is replaced, not the link")
  func symbolicLink() throws {
    let link = workplace.path + "/link"
    try writer.publish(try MonthBuilder.everyKind())
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "site")
    let templates = try SiteTemplates(directory: Workplace.reports)
    try SiteWriter(templates: templates, directory: link + "/")
      .publish(try MonthBuilder.everyKind("2026-11"))
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "site")
    #expect(try workplace.text("index.html").contains("November 2026"))
  }

  @Test("A directory that holds a foreign file is refused and left as it was")
  func foreignDirectory() throws {
    try FileManager.default.createDirectory(
      atPath: workplace.site, withIntermediateDirectories: false)
    try Data("mine".utf8).write(to: URL(filePath: workplace.site + "/thesis.txt"))
    let month = try MonthBuilder.everyKind()
    #expect(throws: SiteError.foreignFile(directory: workplace.site, file: "thesis.txt")) {
      try writer.publish(month)
    }
    #expect(try workplace.files() == ["thesis.txt": Data("mine".utf8)])
    #expect(try workplace.besideTheSite() == [])
  }

  @Test(
    "A foreign file inside of a site is refused, wherever it is",
    arguments: [
      "robots.txt", "2026-10/notes.txt", "2026-12", "photos/", "2026-10/raw/", "2026-13/",
    ])
  func foreignFileInSite(_ path: String) throws {
    try writer.publish(try MonthBuilder.everyKind())
    let whole = "\(workplace.site)/\(path)"
    if path.hasSuffix("/") {
      try FileManager.default.createDirectory(atPath: whole, withIntermediateDirectories: false)
    } else {
      try Data().write(to: URL(filePath: whole))
    }
    let month = try MonthBuilder.everyKind()
    #expect(throws: SiteError.foreignFile(directory: workplace.site, file: path)) {
      try writer.publish(month)
    }
    #expect(FileManager.default.fileExists(atPath: whole))
  }

  @Test("A target that is a file, or whose parent is missing, is refused")
  func noDirectory() throws {
    let month = try MonthBuilder.everyKind()
    let templates = try SiteTemplates(directory: Workplace.reports)
    try Data().write(to: URL(filePath: workplace.site))
    #expect(
      throws: SiteError.cannotReplace(directory: workplace.site, reason: "not a directory")
    ) {
      try writer.publish(month)
    }
    let orphan = SiteWriter(templates: templates, directory: workplace.path + "/none/site")
    #expect(
      throws: SiteError.cannotWrite(
        path: workplace.path + "/none", reason: "no such file or directory")
    ) {
      try orphan.publish(month)
    }
    #expect(throws: SiteError.self) {
      try SiteWriter(templates: templates, directory: "/").publish(month)
    }
  }

  @Test("A released month that was changed by hand, cut or lost is refused, and nothing is built")
  func changedDocument() throws {
    try writer.publish(try MonthBuilder.everyKind("2026-08"))
    let document = workplace.site + "/2026-08/released.json"
    let text = try workplace.text("2026-08/released.json")
    let month = try MonthBuilder.everyKind("2026-09")
    for damage in [text.replacing("60040", with: "60050"), "", text + " "] {
      try Data(damage.utf8).write(to: URL(filePath: document))
      let before = try workplace.files()
      #expect(throws: SiteError.changedDocument(file: document)) { try writer.publish(month) }
      #expect(try workplace.files() == before)
      #expect(try workplace.besideTheSite() == [])
    }
    try FileManager.default.removeItem(atPath: document)
    #expect(
      throws: SiteError.damagedFile(file: document, reason: "no such file or directory")
    ) { try writer.publish(month) }
  }

  @Test("A revision leaves the version before it in a file of its own, for good")
  func revisions() throws {
    let month = try #require(CalendarMonth("2026-10"))
    let day: Int64 = 86_400
    var versions: [[UInt8]] = []
    for (number, flows) in ([5000, 9000, 20_000] as [UInt64]).enumerated() {
      var builder = try MonthBuilder()
      try builder.add(flows: flows)
      let publication = Publication(
        time: PublicationTime(now: month.seconds.upperBound + Int64(number + 9) * day),
        policy: try #require(ReleasePolicy()), classes: EncryptionClasses(),
        reasonForRevision: number == 0 ? nil : "reason \(number)")
      try writer.publish([month]) { _, earlier throws(RevisionNeeded) in
        try publication.release(builder.tallies, over: earlier).month
      }.get()
      versions.append(Array(try workplace.text("2026-10/released.json").utf8))
    }
    #expect(Array(try workplace.text("2026-10/released-r1.json").utf8) == versions[0])
    #expect(Array(try workplace.text("2026-10/released-r2.json").utf8) == versions[1])
    let released = try ReleasedMonth(document: versions[2])
    #expect(released.revisions.map(\.number) == [2, 3])
    #expect(released.revisions.map(\.reason) == ["reason 1", "reason 2"])
    #expect(released.revisions.map(\.date.description) == ["2026-11-11", "2026-11-12"])
    // They stay when another month is built.
    try writer.publish(try MonthBuilder.everyKind("2026-12"))
    #expect(Array(try workplace.text("2026-10/released-r1.json").utf8) == versions[0])
  }

  @Test("Where it can't be decided what to publish, the site stays as it is")
  func undecided() throws {
    try writer.publish(try MonthBuilder.everyKind())
    let before = try workplace.files()
    let month = try #require(CalendarMonth("2026-10"))
    let outcome = try writer.publish([month]) { _, earlier throws(CancellationError) in
      #expect(earlier?.month == month)
      throw CancellationError()
    }
    #expect(throws: CancellationError.self) { try outcome.get() }
    #expect(try workplace.files() == before)
    #expect(try workplace.besideTheSite() == [])
  }

  @Test("A site that a later version wrote is left alone")
  func laterVersion() throws {
    try writer.publish(try MonthBuilder.everyKind())
    let marker = workplace.site + "/weir-site.json"
    try Data("{\"format\": 9, \"contents\": {}}".utf8).write(to: URL(filePath: marker))
    let before = try workplace.files()
    let month = try MonthBuilder.everyKind("2026-11")
    #expect(throws: SiteError.laterFormat(file: marker, format: 9)) { try writer.publish(month) }
    #expect(try workplace.files() == before)
    #expect(try workplace.besideTheSite() == [])
  }

  @Test("While another build holds the lock, a second one fails and says so")
  func locked() throws {
    try writer.publish(try MonthBuilder.everyKind())
    let lock = workplace.path + "/.site.lock"
    let descriptor = unsafe open(lock, O_RDWR | O_CLOEXEC)
    #expect(flock(descriptor, LOCK_EX) == 0)
    let month = try MonthBuilder.everyKind()
    let busy = SiteError.busy(directory: workplace.site, lockFile: lock)
    #expect(throws: busy) { try writer.publish(month) }
    close(descriptor)
    try writer.publish(month)
  }

  @Test("Of builds at the same time, each succeeds whole or fails as busy; readers see a site")
  func concurrentBuilds() async throws {
    try writer.publish(try MonthBuilder.everyKind("2026-01"))
    let writer = writer
    let site = workplace.site
    let outcomes = try await withThrowingTaskGroup(of: Int?.self) { group in
      for number in 2...9 {
        let month = try MonthBuilder.everyKind("2026-0\(number)")
        group.addTask {
          do throws(SiteError) {
            try writer.publish(month)
            return number
          } catch {
            guard case .busy = error else { throw error }
            return nil
          }
        }
      }
      group.addTask {
        for _ in 0..<2000 {
          guard unsafe access(site + "/2026-01/index.html", R_OK) == 0 else { return -1 }
        }
        return nil
      }
      return try await group.reduce(into: [Int]()) { $0 += $1.map { [$0] } ?? [] }
    }
    #expect(!outcomes.contains(-1))
    #expect(!outcomes.isEmpty)
    let index = try workplace.text("index.html")
    for number in 2...9 {
      #expect(index.contains("2026-0\(number)/index.html") == outcomes.contains(number))
    }
    #expect(try workplace.besideTheSite() == [])
  }

  @Test("What a killed build left behind is removed, and an old site put back")
  func recovery() throws {
    try writer.publish(try MonthBuilder.everyKind("2026-08"))
    let manager = FileManager.default
    try manager.moveItem(atPath: workplace.site, toPath: workplace.path + "/.site.old-12345")
    try manager.createDirectory(
      atPath: workplace.path + "/.site.new-12345/2026-09", withIntermediateDirectories: true)
    try manager.createDirectory(
      atPath: workplace.path + "/.site.new-backup", withIntermediateDirectories: true)
    try writer.publish(try MonthBuilder.everyKind("2026-09"))
    #expect(try workplace.text("index.html").contains("August 2026"))
    #expect(try workplace.besideTheSite() == [".site.new-backup"])
  }

  @Test("Where directories can't be exchanged, two renames do, and undo themselves")
  func twoRenames() throws {
    let present = workplace.path + "/a"
    let new = workplace.path + "/b"
    for directory in [present, new] {
      try makeDirectory(directory)
      try writeNewFile(directory + "/file", Array(directory.utf8))
    }
    try replaceInTwoSteps(present, with: new, keeping: workplace.path + "/old")
    #expect(try readFile(present + "/file") == Array(new.utf8))
    #expect(try readFile(workplace.path + "/old/file") == Array(present.utf8))
    #expect(throws: SystemFailure.self) {
      try replaceInTwoSteps(present, with: new, keeping: workplace.path + "/older")
    }
    #expect(try readFile(present + "/file") == Array(new.utf8))
  }
}
