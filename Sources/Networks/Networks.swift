// Address → (autonomous system, country). An address goes in, and nothing of it stays.

internal import Glibc
public import Packets
public import Tallies

/// Why the databases cannot be used. Says what the user can do about it.
public enum NetworksError: Error, CustomStringConvertible, Sendable {
  case unreadable(path: String, kind: DatabaseRecord.Kind, errno: Int32)
  case notADatabase(path: String, kind: DatabaseRecord.Kind, reason: String)
  case wrongKind(path: String, kind: DatabaseRecord.Kind, type: String)

  public var description: String {
    switch self {
    case .unreadable(let path, let kind, let number):
      return
        "can't read the \(kind.name) database \(path): \(unsafe String(cString: strerror(number)))"
        + (number == ENOENT ? "; download one, or name one that there is" : "")
    case .notADatabase(let path, let kind, let reason):
      return "the \(kind.name) database \(path) is not a usable MMDB file: \(reason)"
        + "; download it again"
    case .wrongKind(let path, let kind, let type):
      let wanted = kind == .asn ? "AS numbers" : "countries"
      return "\(path) has no \(wanted) (its type is \(type)): give --\(kind.rawValue)-database"
        + " a file such as \(kind == .asn ? "GeoLite2-ASN.mmdb" : "GeoLite2-Country.mmdb")"
    }
  }
}

extension NetworksError {
  /// What the database was to be used for.
  public var kind: DatabaseRecord.Kind {
    switch self {
    case .unreadable(_, let kind, _), .notADatabase(_, let kind, _), .wrongKind(_, let kind, _):
      kind
    }
  }
}

extension DatabaseRecord.Kind {
  var name: String {
    switch self {
    case .asn: "ASN"
    case .country: "country"
    }
  }
}

/// What a database says of itself, once it is known to have what it is wanted for.
public func databaseRecord(
  path: String, kind: DatabaseRecord.Kind
) throws(NetworksError) -> DatabaseRecord {
  try NetworkDatabase(path: path, kind: kind).record
}

/// The pair of databases that tell networks apart.
public final class Networks {
  private let asnDatabase: NetworkDatabase
  private let countryDatabase: NetworkDatabase
  private var cache = PrefixCache()
  /// Names of the autonomous systems that have been looked up.
  public private(set) var names: [UInt32: String] = [:]
  /// Look-ups that met a damaged record. Their flows count, with what could be read of their network.
  public private(set) var failedLookups: UInt64 = 0

  /// Opens both and checks that each has what it is wanted for.
  public init(asnDatabase: String, countryDatabase: String) throws(NetworksError) {
    self.asnDatabase = try NetworkDatabase(path: asnDatabase, kind: .asn)
    self.countryDatabase = try NetworkDatabase(path: countryDatabase, kind: .country)
  }

  public var databases: [DatabaseRecord] { [asnDatabase.record, countryDatabase.record] }

  /// To be called where no more look-ups are expected soon.
  public func releaseMemory() {
    asnDatabase.releaseMemory()
    countryDatabase.releaseMemory()
  }

  /// What the databases say of an address: ASN 0 and country `ZZ` where they say nothing.
  public func network(of address: Address, _ version: IPVersion) -> Network {
    let position = cache.position(of: address, version)
    if let known = cache[position] { return known }
    var network = Network.unknown
    var isDamaged = false
    var prefixLength = 0
    do throws(NetworksError) {
      let asnMatch = try asnDatabase.match(address, version)
      if var entry = asnMatch.entry {
        if let asn = entry.asn() {
          network.asn = asn
          if asn != 0, names[asn] == nil { names[asn] = entry.networkName() ?? "" }
        }
        isDamaged = entry.isDamaged
      }
      let countryMatch = try countryDatabase.match(address, version)
      if var entry = countryMatch.entry {
        if let country = entry.country() { network.country = country }
        isDamaged = isDamaged || entry.isDamaged
      }
      prefixLength = max(asnMatch.prefixLength, countryMatch.prefixLength)
    } catch {
      isDamaged = true
    }
    if isDamaged {
      failedLookups += 1
    } else if prefixLength <= PrefixCache.prefixLength(version) {
      cache[position] = network
    }
    return network
  }
}
