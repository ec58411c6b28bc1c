// MMDB files of the invented Internet, as large as the real ones.
//
// Written from the format's description (maxmind.github.io/MaxMind-DB): a binary tree of 24-bit
// records, 16 zero bytes, the data section, and the metadata behind a marker.

struct DatabaseWriter {
  private enum Child {
    static let none: UInt32 = 0
    /// Set where the rest is an offset in the data section, and not a node.
    static let isData: UInt32 = 1 << 31
  }

  /// Two per node.
  private var children: [UInt32] = [Child.none, Child.none]
  private var data = Encoding()
  private var offsets: [[UInt8]: UInt32] = [:]

  mutating func insert(_ prefix: Prefix, record: Encoding) {
    let offset: UInt32
    if let known = offsets[record.bytes] {
      offset = known
    } else {
      offset = UInt32(data.bytes.count)
      offsets[record.bytes] = offset
      data.bytes += record.bytes
    }
    var node = 0
    for depth in 0..<prefix.length {
      let word = depth < 64 ? prefix.high : prefix.low
      let side = Int(word >> UInt64(63 - depth % 64) & 1)
      if depth == prefix.length - 1 {
        children[node * 2 + side] = Child.isData | offset
      } else if children[node * 2 + side] == Child.none {
        let next = children.count / 2
        children[node * 2 + side] = UInt32(next)
        children += [Child.none, Child.none]
        node = next
      } else {
        node = Int(children[node * 2 + side])
      }
    }
  }

  func file(type: String) -> [UInt8] {
    let nodes = UInt32(children.count / 2)
    precondition(Int(nodes) + 16 + data.bytes.count < 1 << 24, "too large for 24-bit records")
    var bytes: [UInt8] = []
    for child in children {
      let record =
        child == Child.none
        ? nodes : child & Child.isData == 0 ? child : nodes + 16 + (child & ~Child.isData)
      for shift in [16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: record >> shift)) }
    }
    var metadata = Encoding()
    metadata.map(9)
    metadata.text("binary_format_major_version")
    metadata.uint16(2)
    metadata.text("binary_format_minor_version")
    metadata.uint16(0)
    metadata.text("build_epoch")
    metadata.uint64(1_767_225_600)
    metadata.text("database_type")
    metadata.text(type)
    metadata.text("description")
    metadata.map(1)
    metadata.text("en")
    metadata.text("Invented networks, to measure with")
    metadata.text("ip_version")
    metadata.uint16(6)
    metadata.text("languages")
    metadata.array(0)
    metadata.text("node_count")
    metadata.uint32(nodes)
    metadata.text("record_size")
    metadata.uint16(24)
    let marker: [UInt8] = [0xab, 0xcd, 0xef] + Array("MaxMind.com".utf8)
    return bytes + [UInt8](repeating: 0, count: 16) + data.bytes + marker + metadata.bytes
  }
}

/// Values of the data section.
struct Encoding {
  var bytes: [UInt8] = []

  private mutating func control(_ type: UInt8, _ size: Int) {
    precondition(size < 285)
    let length = UInt8(min(size, 29))
    bytes += type < 8 ? [type << 5 | length] : [length, type - 7]
    if size >= 29 { bytes.append(UInt8(size - 29)) }
  }

  private mutating func number(_ type: UInt8, _ value: UInt64) {
    let count = (64 - value.leadingZeroBitCount + 7) / 8
    control(type, count)
    for position in (0..<count).reversed() {
      bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * position)))
    }
  }

  mutating func text(_ text: String) {
    control(2, text.utf8.count)
    bytes += Array(text.utf8)
  }
  mutating func uint16(_ value: UInt16) { number(5, UInt64(value)) }
  mutating func uint32(_ value: UInt32) { number(6, UInt64(value)) }
  mutating func uint64(_ value: UInt64) { number(9, value) }
  mutating func map(_ count: Int) { control(7, count) }
  mutating func array(_ count: Int) { control(11, count) }
}

/// Writes `asn.mmdb` and `country.mmdb`.
func writeDatabases(folder: String) throws(OutputFailure) {
  var asn = DatabaseWriter()
  var country = DatabaseWriter()
  Internet.forEachNetwork { prefix, place in
    if place.asn != 0 {
      var record = Encoding()
      record.map(2)
      record.text("autonomous_system_number")
      record.uint32(place.asn)
      record.text("autonomous_system_organization")
      record.text("Example Network Number \(place.asn)")
      asn.insert(prefix, record: record)
    }
    if place.country != Place().country {
      let code = letters(place.country)
      var record = Encoding()
      record.map(3)
      record.text("continent")
      record.map(2)
      record.text("code")
      record.text("EX")
      record.text("names")
      record.map(1)
      record.text("en")
      record.text("Example Continent")
      for field in ["country", "registered_country"] {
        record.text(field)
        record.map(2)
        record.text("iso_code")
        record.text(code)
        record.text("names")
        record.map(1)
        record.text("en")
        record.text("Example Country \(code)")
      }
      country.insert(prefix, record: record)
    }
  }
  for (name, database) in [("asn", asn), ("country", country)] {
    let output = try Output(path: "\(folder)/\(name).mmdb")
    try output.write(database.file(type: "Weir-Benchmark-\(name)"))
  }
}

func letters(_ code: UInt16) -> String {
  String(decoding: [UInt8(code >> 8), UInt8(truncatingIfNeeded: code)], as: UTF8.self)
}
