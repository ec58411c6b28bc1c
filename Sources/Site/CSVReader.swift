// Reads the name tables: comma-separated values after RFC 4180, with LF or CRLF.

/// A record and the line that it begins on.
struct CSVRecord: Equatable {
  let line: Int
  let fields: [String]
}

struct CSVSyntaxError: Error, Equatable {
  let line: Int
  let reason: String
}

/// Empty lines are skipped.
func parseCSV(_ text: String) throws(CSVSyntaxError) -> [CSVRecord] {
  var records: [CSVRecord] = []
  var fields: [String] = []
  var field = String.UnicodeScalarView()
  var line = 1
  var beginning = 1
  var isQuoted = false
  var wasQuoted = false

  func endField() {
    fields.append(String(field))
    field.removeAll()
    wasQuoted = false
  }
  func endRecord() {
    let isEmpty = fields.isEmpty && field.isEmpty && !wasQuoted
    if !isEmpty {
      endField()
      records.append(CSVRecord(line: beginning, fields: fields))
      fields.removeAll()
    }
  }

  var scalars = text.unicodeScalars.makeIterator()
  var pending = scalars.next()
  while let scalar = pending {
    pending = scalars.next()
    if scalar == "\n" { line += 1 }
    if isQuoted {
      if scalar != "\"" {
        field.append(scalar)
      } else if pending == "\"" {
        field.append(scalar)
        pending = scalars.next()
      } else {
        isQuoted = false
        wasQuoted = true
      }
    } else if scalar == "," {
      endField()
    } else if scalar == "\n" {
      endRecord()
      beginning = line
    } else if scalar == "\r", pending == "\n" {
      continue
    } else if scalar == "\"", field.isEmpty, !wasQuoted {
      isQuoted = true
    } else if wasQuoted || scalar == "\"" {
      throw CSVSyntaxError(line: line, reason: "a quotation mark in the middle of a field")
    } else {
      field.append(scalar)
    }
  }
  if isQuoted {
    throw CSVSyntaxError(line: beginning, reason: "a quoted field without an end")
  }
  endRecord()
  return records
}
