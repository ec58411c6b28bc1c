// One MMDB file, opened through libmaxminddb, and what its records say of a network.
//
// Makers shape their records differently, and rename their files. So a record is read by its shape:
//
//   autonomous system   autonomous_system_number, autonomous_system_organization  MaxMind, DB-IP
//                       asn = "AS64500", as_name or name                          IPinfo
//   country             country.iso_code, else registered_country.iso_code        MaxMind, DB-IP
//                       country_code, else country = "DE"                         IPinfo

internal import CMaxMindDB
internal import Glibc
internal import MessageDigest
internal import Packets
internal import Tallies

/// An open MMDB file. Closed once, by `deinit`.
@safe
final class NetworkDatabase {
  let record: DatabaseRecord
  private let path: String
  // Allocated rather than stored, since libmaxminddb keeps pointers into it.
  private let handle: UnsafeMutablePointer<MMDB_s>

  /// Opens the file and makes sure that it has what it is wanted for.
  init(path: String, kind: DatabaseRecord.Kind) throws(NetworksError) {
    self.path = path
    var status = stat()
    guard unsafe stat(path, &status) == 0, unsafe access(path, R_OK) == 0 else {
      throw .unreadable(path: path, kind: kind, errno: errno)
    }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw .unreadable(path: path, kind: kind, errno: EISDIR)
    }
    unsafe handle = .allocate(capacity: 1)
    let opened = unsafe MMDB_open(path, UInt32(MMDB_MODE_MMAP), handle)
    guard opened == MMDB_SUCCESS else {
      unsafe handle.deallocate()
      throw .notADatabase(
        path: path, kind: kind, reason: unsafe String(cString: MMDB_strerror(opened)))
    }
    let type = unsafe String(cString: handle.pointee.metadata.database_type)
    let maker = DatabaseMaker(databaseType: type)
    guard let digest = SHA256.hexadecimal(ofFile: path) else {
      let reason = errno
      unsafe MMDB_close(handle)
      unsafe handle.deallocate()
      throw .unreadable(path: path, kind: kind, errno: reason)
    }
    record = DatabaseRecord(
      sha256: digest, kind: kind, type: type,
      builtAt: Int64(clamping: unsafe handle.pointee.metadata.build_epoch),
      licence: maker?.licence ?? "", attribution: maker?.attribution ?? "")
    // From here on `deinit` closes the handle.
    try checkRecords()
  }

  /// Tells the kernel that what it has mapped of the file is not needed for now. It is read again
  /// from the page cache where it is.
  func releaseMemory() {
    unsafe madvise(
      UnsafeMutableRawPointer(mutating: handle.pointee.file_content),
      Int(handle.pointee.file_size), MADV_DONTNEED)
  }

  deinit {
    unsafe MMDB_close(handle)
    unsafe handle.deallocate()
  }

  /// What a search for an address ended at.
  @safe
  struct Match {
    /// `nil` where the database has none.
    var entry: Entry?
    /// The answer is the same for all addresses that begin with as many bits.
    var prefixLength: Int
  }

  func match(_ address: Address, _ version: IPVersion) throws(NetworksError) -> Match {
    var status: Int32 = 0
    let result: MMDB_lookup_result_s
    switch version {
    case .v4:
      var socketAddress = sockaddr_in()
      socketAddress.sin_family = sa_family_t(AF_INET)
      socketAddress.sin_addr.s_addr = UInt32(truncatingIfNeeded: address.low).bigEndian
      unsafe result = withUnsafePointer(to: &socketAddress) {
        unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe MMDB_lookup_sockaddr(handle, $0, &status)
        }
      }
    case .v6:
      guard unsafe handle.pointee.metadata.ip_version == 6 else {
        return Match(entry: nil, prefixLength: 0)
      }
      var socketAddress = sockaddr_in6()
      socketAddress.sin6_family = sa_family_t(AF_INET6)
      let words = (address.high.bigEndian, address.low.bigEndian)
      unsafe withUnsafeMutableBytes(of: &socketAddress.sin6_addr) { bytes in
        unsafe withUnsafeBytes(of: words) { unsafe bytes.copyMemory(from: $0) }
      }
      unsafe result = withUnsafePointer(to: &socketAddress) {
        unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe MMDB_lookup_sockaddr(handle, $0, &status)
        }
      }
    }
    guard status == MMDB_SUCCESS else { throw damaged(status) }
    // In a tree for IPv6, IPv4 addresses lie below 96 bits.
    let above = unsafe version == .v4 && handle.pointee.metadata.ip_version == 6 ? 96 : 0
    return unsafe Match(
      entry: result.found_entry ? Entry(raw: result.entry) : nil,
      prefixLength: max(0, Int(result.netmask) - above))
  }

  /// A record of the database. Valid as long as the database is.
  @safe
  struct Entry {
    fileprivate var raw: MMDB_entry_s
    /// Something that was looked for could not be read.
    private(set) var isDamaged = false

    fileprivate init(raw: MMDB_entry_s) { unsafe self.raw = raw }

    /// The value at a path of map keys; `nil` where there is none, or the record is damaged.
    fileprivate mutating func value(_ path: [StaticString]) -> MMDB_entry_data_s? {
      var keys = unsafe path.map {
        unsafe Optional(UnsafeRawPointer($0.utf8Start).assumingMemoryBound(to: CChar.self))
      }
      unsafe keys.append(nil)
      var data = unsafe MMDB_entry_data_s()
      switch unsafe MMDB_aget_value(&raw, &data, keys) {
      case MMDB_SUCCESS: return unsafe data.has_data ? data : nil
      case MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR: return nil
      default:
        isDamaged = true
        return nil
      }
    }

    private mutating func text(_ path: StaticString...) -> [UInt8]? {
      guard let data = unsafe value(path), unsafe data.type == MMDB_DATA_TYPE_UTF8_STRING else {
        return nil
      }
      return unsafe data.utf8_string.withMemoryRebound(
        to: UInt8.self, capacity: Int(data.data_size)
      ) { unsafe Array(UnsafeBufferPointer(start: $0, count: Int(data.data_size))) }
    }

    mutating func asn() -> UInt32? {
      if let data = unsafe value(["autonomous_system_number"]) {
        switch unsafe Int32(data.type) {
        case MMDB_DATA_TYPE_UINT32: return unsafe data.uint32
        case MMDB_DATA_TYPE_UINT16: return unsafe UInt32(data.uint16)
        case MMDB_DATA_TYPE_UINT64: return unsafe UInt32(exactly: data.uint64)
        default: return nil
        }
      }
      guard let text = text("asn"), text.starts(with: "AS".utf8) else { return nil }
      return UInt32(String(decoding: text.dropFirst(2), as: UTF8.self))
    }

    mutating func networkName() -> String? {
      let name = text("autonomous_system_organization") ?? text("as_name") ?? text("name")
      return name.map { String(decoding: $0, as: UTF8.self) }
    }

    mutating func country() -> CountryCode? {
      if let code = text("country", "iso_code").flatMap({ CountryCode($0) }) { return code }
      if let code = text("registered_country", "iso_code").flatMap({ CountryCode($0) }) {
        return code
      }
      if let code = text("country_code").flatMap({ CountryCode($0) }) { return code }
      return text("country").flatMap { CountryCode($0) }
    }

    mutating func has(_ kind: DatabaseRecord.Kind) -> Bool {
      switch kind {
      case .asn: asn() != nil
      case .country: country() != nil
      }
    }
  }

  /// Records that are tried, in the order of the tree, before the database is taken for another
  /// kind's. A few without the wanted field are normal (a continent, an unassigned network).
  private static let recordsTried = 10_000

  /// Walks the search tree until a record has the field, so that a wrong or damaged file is known
  /// before the first packet.
  private func checkRecords() throws(NetworksError) {
    var nodes: [UInt32] = [0]
    var seen: Set<UInt32> = []
    var tried = 0
    while let number = nodes.popLast(), tried < Self.recordsTried {
      var node = unsafe MMDB_search_node_s()
      let status = unsafe MMDB_read_node(handle, number, &node)
      guard status == MMDB_SUCCESS else { throw damaged(status) }
      for isRight in [true, false] {
        let type = unsafe Int32(isRight ? node.right_record_type : node.left_record_type)
        switch type {
        case MMDB_RECORD_TYPE_SEARCH_NODE:
          let next = unsafe UInt32(
            truncatingIfNeeded: isRight ? node.right_record : node.left_record)
          // Aliased subtrees (6to4, Teredo) are met once; a cycle in a damaged file ends here.
          if seen.insert(next).inserted { nodes.append(next) }
        case MMDB_RECORD_TYPE_DATA:
          tried += 1
          var entry = unsafe Entry(
            raw: isRight ? node.right_record_entry : node.left_record_entry)
          if entry.has(record.kind) { return }
          if entry.isDamaged { throw damaged(MMDB_INVALID_DATA_ERROR) }
        case MMDB_RECORD_TYPE_EMPTY: break
        default: throw damaged(MMDB_CORRUPT_SEARCH_TREE_ERROR)
        }
      }
    }
    throw .wrongKind(path: path, kind: record.kind, type: record.type)
  }

  private func damaged(_ status: Int32) -> NetworksError {
    .notADatabase(
      path: path, kind: record.kind, reason: unsafe String(cString: MMDB_strerror(status)))
  }
}
