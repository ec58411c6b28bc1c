// When a month is published, kept or revised.

import Tallies
import TestSupport
import Testing

@testable import Disclosure

@Suite struct PublicationTests {
  private static let day: Int64 = 86_400
  private static let begin = TestMonth.month.seconds.lowerBound
  private static let end = TestMonth.month.seconds.upperBound
  private static let final = end + 2 * day

  private func publication(
    at now: Int64, policy: ReleasePolicy? = nil, reason: String? = nil
  ) throws -> Publication {
    Publication(
      time: PublicationTime(now: now), policy: try policy ?? .test(minimumFlows: 100),
      classes: EncryptionClasses(), reasonForRevision: reason)
  }

  /// What a build makes of a month at some time.
  private func build(
    _ month: TestMonth, at now: Int64, over earlier: ReleasedMonth? = nil,
    policy: ReleasePolicy? = nil, reason: String? = nil
  ) throws -> (month: ReleasedMonth, outcome: PublicationOutcome) {
    let publication = try publication(at: now, policy: policy, reason: reason)
    let hours = month.tallies.map(\.key.hour)
    let last = try #require(hours.max())
    let until = publication.time.coveredUntil(
      TestMonth.month, tallies: try #require(hours.min())...last)
    var exact = MonthTallies(month: TestMonth.month, coveredUntil: until)
    for (key, counters) in month.tallies { exact.add(key, counters) }
    return try publication.release(exact, over: earlier)
  }

  private var month: TestMonth {
    var month = TestMonth()
    for day in Int64(1)...31 {
      for port: UInt16 in [22, 80, 443] {
        month.add(port: port, flows: UInt64(port), bytes: UInt64(port) << 20, day: day)
      }
    }
    return month
  }

  /// What has been counted by the end of a day.
  private func month(until day: Int64) -> TestMonth {
    var month = month
    month.tallies.removeAll { $0.key.hour >= Self.begin + day * Self.day }
    return month
  }

  @Test("a month is final from its end plus the delay on")
  func status() {
    let month = TestMonth.month
    for (delay, now, status) in [
      (2 * Self.day, Self.final - 1, .provisional), (2 * Self.day, Self.final, .final),
      (0, Self.end - 1, .provisional), (0, Self.end, .final),
    ] as [(Int64, Int64, ReleaseStatus)] {
      #expect(PublicationTime(now: now, delay: delay).status(of: month) == status)
    }
  }

  @Test("a month that goes on is published up to the last midnight")
  func wholeDays() {
    let begin = Self.begin
    for (now, first, last, until) in [
      (begin + 9 * Self.day + 5, begin, begin + 9 * Self.day, begin + 9 * Self.day),
      (begin + 9 * Self.day, begin, begin, begin + 9 * Self.day),
      // The first day, while it is under way.
      (
        begin + 9 * Self.day + 7200, begin + 9 * Self.day, begin + 9 * Self.day + 3600,
        begin + 10 * Self.day
      ),
      (begin + 50, begin, begin, begin + Self.day),
      // After the end, but not final.
      (Self.end + 5, begin, Self.end - 3600, Self.end),
      (Self.final, begin, Self.end - 3600, Self.end),
      // A clock that is behind that of the capture.
      (begin - 5, begin, begin + 50 * 3600, Self.end),
    ] as [(Int64, Int64, Int64, Int64)] {
      #expect(
        PublicationTime(now: now).coveredUntil(TestMonth.month, tallies: first...last) == until)
    }
  }

  @Test("a provisional month is coarse, of whole days, and the same all day")
  func provisional() throws {
    let now = Self.begin + 9 * Self.day + 1000
    let first = try build(month(until: 10), at: now)
    #expect(first.outcome == .published)
    #expect(first.month.status == .provisional)
    #expect(first.month.coveredUntil == Self.begin + 9 * Self.day)
    #expect(first.month.flows(.servicePort)?[.tcp(22)] == 200, "198, in hundreds")
    // 9 · 443 MiB; the unit is the power of two from a fifth of it on.
    #expect(first.month[.servicePort]?.rows[0].figures.bytesOut == 4096 << 20)
    // Whatever comes in on the same day.
    var more = month(until: 10)
    more.add(port: 22, flows: 5000, day: 2)
    let again = try build(more, at: now + 70_000, over: first.month)
    #expect(again.outcome == .waiting)
    #expect(again.month == first.month)
    let next = try build(more, at: now + Self.day, over: again.month)
    #expect(next.outcome == .published)
    #expect(next.month.flows(.servicePort)?[.tcp(22)] == 5200)
    // A clock that was set back changes nothing either.
    #expect(try build(more, at: now, over: next.month).month == next.month)
  }

  @Test("a final month is fine, and stays whatever the policy has become")
  func final() throws {
    let provisional = try build(month, at: Self.final - 1).month
    let final = try build(month, at: Self.final, over: provisional)
    #expect(final.outcome == .published)
    #expect(final.month.status == .final)
    #expect(final.month.flows(.servicePort)?[.tcp(22)] == 680, "682, in tens")
    for policy in [nil, try ReleasePolicy.test(minimumFlows: 700)] {
      let again = try build(
        month, at: Self.final + 90 * Self.day, over: final.month, policy: policy)
      #expect(again.outcome == .unchanged)
      #expect(again.month.document() == final.month.document())
    }
    // Also where the ledger has folded its days by then.
    var old = TestMonth()
    for port: UInt16 in [22, 80, 443] {
      old.add(port: port, flows: 31 * UInt64(port), bytes: 31 * UInt64(port) << 20)
    }
    #expect(try build(old, at: Self.final, over: final.month).outcome == .unchanged)
  }

  @Test("a final month with other numbers is refused unless there is a reason")
  func revision() throws {
    let final = try build(month, at: Self.final).month
    var changed = month
    changed.add(port: 22, flows: 30)
    #expect(throws: RevisionNeeded(month: TestMonth.month, table: nil)) {
      try build(changed, at: Self.final, over: final)
    }
    var moved = month
    moved.tallies[0].key.servicePort = 80
    #expect(throws: RevisionNeeded(month: TestMonth.month, table: .servicePort)) {
      try build(moved, at: Self.final, over: final)
    }
    let later = Self.final + 5 * Self.day
    let revised = try build(changed, at: later, over: final, reason: "a lost file")
    #expect(revised.outcome == .revised)
    #expect(revised.month.revision == 2)
    #expect(
      revised.month.revisions == [
        Revision(number: 2, date: CalendarDate(unixSeconds: later), reason: "a lost file")
      ])
    #expect(revised.month.flows(.servicePort)?[.tcp(22)] == 700, "712, in hundreds")
    // The revision is as frozen as what it replaced.
    #expect(try build(changed, at: later, over: revised.month).outcome == .unchanged)
    changed.add(port: 22, flows: 300)
    #expect(throws: RevisionNeeded.self) { try build(changed, at: later, over: revised.month) }
    // A reason without a change makes none.
    #expect(try build(month, at: later, over: final, reason: "why").outcome == .unchanged)
  }

  @Test("what was shown before protects nothing that comes later")
  func shownBefore() throws {
    let first = try build(month(until: 10), at: Self.begin + 10 * Self.day).month
    #expect(first.flows(.servicePort)?.count == 3)
    // A port that appears with few flows, and three that were shown: the smallest would be folded
    // with it, but its number is known; so is that of the others.
    var month = month
    month.add(port: 7, flows: 5, day: 20)
    month.add(port: 9, flows: 4000, bytes: 10 << 30, day: 20)
    let final = try build(month, at: Self.final, over: first).month
    #expect(
      final.flows(.servicePort)?.keys.sorted { $0.order < $1.order } == [
        .tcp(22), .tcp(80), .tcp(443),
      ])
    // Without the earlier version port 22 is good enough.
    #expect(try build(month, at: Self.final).month.flows(.servicePort)?[.tcp(9)] != nil)
  }

  @Test("with noise a month is published once, when it is final")
  func noise() throws {
    let policy = try ReleasePolicy.test(noise: NoisePolicy())
    #expect(!(try publication(at: Self.final - 1, policy: policy).isDue(TestMonth.month)))
    #expect(try publication(at: Self.final, policy: policy).isDue(TestMonth.month))
    let final = try build(month, at: Self.final, policy: policy).month
    let again = try build(month, at: Self.final, over: final, policy: policy)
    #expect(again.outcome == .unchanged)
    #expect(again.month == final)
    #expect(try build(month, at: Self.final, policy: policy).month.total != final.total)
  }
}
