// The operator's list of what went wrong: CSV with the header `from,to,text`.

import Tallies

/// Newest first. `to` may be empty where it was a single day.
public func incidents(file: String) throws(SiteError) -> [Incident] {
  let text: String
  do {
    guard let valid = String(validating: try readFile(file), as: UTF8.self) else {
      throw SiteError.invalidNames(file: file, line: 1, reason: "not UTF-8")
    }
    text = valid
  } catch let error as SiteError {
    throw error
  } catch let error as SystemFailure {
    throw .unreadableIncidents(file: file, reason: error.reason)
  } catch {
    throw .unreadableIncidents(file: file, reason: "\(error)")
  }
  var incidents: [Incident] = []
  do throws(CSVSyntaxError) {
    for record in try body(of: try parseCSV(text), header: ["from", "to", "text"]) {
      let end = record.fields[1].isEmpty ? record.fields[0] : record.fields[1]
      guard let from = CalendarDate(record.fields[0]), let to = CalendarDate(end) else {
        throw CSVSyntaxError(line: record.line, reason: "a day is written 2026-10-31")
      }
      guard let incident = Incident(from: from, to: to, text: record.fields[2]) else {
        throw CSVSyntaxError(line: record.line, reason: "it ends before it begins")
      }
      incidents.append(incident)
    }
  } catch {
    throw .invalidNames(file: file, line: error.line, reason: error.reason)
  }
  return incidents.sorted { ($1.from, $1.to, $1.text) < ($0.from, $0.to, $0.text) }
}
