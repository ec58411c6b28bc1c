// The calendar against Foundation's, and against counting days.

import Foundation
import Testing
import TestSupport

@testable import Tallies

@Suite struct CalendarTests {
  private static let foundation: Calendar = {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    return calendar
  }()

  /// 1600-01-01 and 10000-01-01. (Before 1582 Foundation's calendar is the Julian one.)
  private static let seconds = -11_676_096_000..<253_402_300_800 as Range<Int64>

  @Test("days, months and times are Foundation's", arguments: UInt64(0)..<8)
  func foundation(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var differences: [Int64] = []
    for _ in 0..<1500 {
      let seconds = Int64.random(in: Self.seconds, using: &generator)
      let parts = Self.foundation.dateComponents(
        [.year, .month, .day, .hour, .minute, .second],
        from: Date(timeIntervalSince1970: TimeInterval(seconds)))
      let date = CalendarDate(unixSeconds: seconds)
      let (year, month, day) = (parts.year ?? 0, parts.month ?? 0, parts.day ?? 0)
      let text = String(
        format: "%04d-%02d-%02dT%02d:%02d:%02dZ", year, month, day, parts.hour ?? 0,
        parts.minute ?? 0, parts.second ?? 0)
      if (date.year, date.month, date.day) != (year, month, day)
        || CalendarMonth(containing: seconds) != CalendarMonth(year: year, month: month)
        || iso8601(seconds) != text || date.description != String(text.prefix(10))
      {
        differences.append(seconds)
      }
    }
    #expect(differences == [])
  }

  private static func length(of month: Int, _ year: Int) -> Int {
    let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
    return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
  }

  @Test("day follows day, through leap years and the years before the first")
  func everyDay() {
    // 0001-01-01 on the proleptic Gregorian calendar.
    var days = -719_162
    for year in stride(from: 0, through: -401, by: -1) {
      for month in 1...12 { days -= Self.length(of: month, year) }
    }
    var differences = 0
    for year in -401...401 {
      for month in 1...12 {
        for day in 1...Self.length(of: month, year) {
          let date = CalendarDate(daysSinceEpoch: days)
          if (date.year, date.month, date.day) != (year, month, day) { differences += 1 }
          if CalendarDate(year: year, month: month, day: day).daysSinceEpoch != days {
            differences += 1
          }
          days += 1
        }
      }
    }
    #expect(differences == 0)
  }

  @Test("a month ends where the next begins, and is as long as the calendar says")
  func months() throws {
    var end: Int64?
    for year in 1890...2110 {
      for number in 1...12 {
        let month = try #require(CalendarMonth(year: year, month: number))
        #expect(end == nil || month.seconds.lowerBound == end)
        #expect(month.seconds.count == Self.length(of: number, year) * 86_400)
        #expect(CalendarMonth(containing: month.seconds.lowerBound) == month)
        #expect(CalendarMonth(containing: month.seconds.upperBound - 1) == month)
        #expect(CalendarMonth(month.description) == month)
        end = month.seconds.upperBound
      }
    }
  }

  @Test(
    "only four digits, a hyphen and two digits are a month",
    arguments: [
      "", "2026", "2026-", "2026-1", "2026-001", "026-01", "2026-00", "2026-13", "0000-01",
      "2026/01", "202601", "2026-01-01", "2026--1", "-026-01", "+026-01", "2026-+1", " 2026-01",
      "2026-01 ", "2026-0x", "20२6-01", "12026-01",
    ])
  func notAMonth(text: String) {
    #expect(CalendarMonth(text) == nil)
  }

  @Test("a day is read as it is written, and only so")
  func days() throws {
    for text in ["0001-01-01", "2024-02-29", "2026-10-31", "9999-12-31"] {
      #expect(try #require(CalendarDate(text)).description == text)
    }
    for text in [
      "", "2026-10", "2026-10-00", "2026-10-32", "2026-02-29", "2026-13-01", "2026-1-010",
      "2026-10-+1", "2026-10/31", "2026-10-310", "02026-10-1", "2026-10-3１",
    ] {
      #expect(CalendarDate(text) == nil, "\(text)")
    }
    let days = try ["2025-12-31", "2026-01-01", "2026-01-02", "2026-02-01"].map {
      try #require(CalendarDate($0))
    }
    #expect(days.reversed().sorted() == days)
  }

  @Test("the first and the last month", arguments: ["0001-01", "9999-12", "1970-01", "2026-10"])
  func month(text: String) throws {
    let month = try #require(CalendarMonth(text))
    #expect(month.description == text)
    let outside = CalendarMonth(containing: month.seconds.lowerBound - 1)
    #expect((outside == nil) == (text == "0001-01"))
    let after = CalendarMonth(containing: month.seconds.upperBound)
    #expect((after == nil) == (text == "9999-12"))
  }

  @Test("months are ordered by year, then by month")
  func order() throws {
    let texts = ["0001-12", "1969-12", "1970-01", "1970-02", "2025-12", "2026-01", "2026-02"]
    let months = try texts.map { try #require(CalendarMonth($0)) }
    #expect(months.reversed().sorted() == months)
    #expect(!(months[0] < months[0]))
  }

  @Test("division rounds down", arguments: -20...20, 1...7)
  func floorDivision(number: Int, divisor: Int) {
    #expect(
      Double(number.floorDivided(by: divisor)) == (Double(number) / Double(divisor)).rounded(.down))
  }
}
