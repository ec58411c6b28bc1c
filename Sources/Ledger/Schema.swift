// The ledger's tables. Other tools read them: names stay, columns are only added.
//
// There is no column for an address, a prefix, a port of ours, or a time of traffic finer than the
// hour. `captures` and `coverage` have seconds: those of our looking, not those of a flow.

internal import Tallies

enum Schema {
  /// `PRAGMA user_version` of a ledger that this version writes.
  static let version: Int64 = 3
  /// `PRAGMA application_id`: "Weir" in ASCII. file(1) and we tell ledgers by it.
  static let applicationID: Int64 = 0x5765_6972

  static let tables = """
    CREATE TABLE tallies (
      hour INTEGER NOT NULL,
      ip_version INTEGER NOT NULL,
      protocol INTEGER NOT NULL,
      port INTEGER NOT NULL,
      asn INTEGER NOT NULL,
      country TEXT NOT NULL,
      flows INTEGER NOT NULL,
      flows_answered INTEGER NOT NULL,
      packets_out INTEGER NOT NULL,
      packets_in INTEGER NOT NULL,
      bytes_out INTEGER NOT NULL,
      bytes_in INTEGER NOT NULL,
      -- Bytes of the largest flow by the end of the hour, of all its hours: max(), never sum().
      largest_flow INTEGER NOT NULL,
      PRIMARY KEY (hour, ip_version, protocol, port, asn, country)
    ) STRICT, WITHOUT ROWID;

    -- One source of packets, observed once. A file counts as one; it has a digest and a size.
    CREATE TABLE captures (
      id INTEGER PRIMARY KEY,
      source TEXT NOT NULL,
      began INTEGER,
      ended INTEGER,
      packets INTEGER NOT NULL,
      packets_counted INTEGER NOT NULL,
      unmarked_flows INTEGER NOT NULL,
      cut_off INTEGER NOT NULL,
      dropped_kernel INTEGER NOT NULL,
      dropped_interface INTEGER NOT NULL,
      \(leftOutColumns.map { "\($0) INTEGER NOT NULL," }.joined(separator: "\n  "))
      collector_version TEXT NOT NULL,
      config_hash TEXT NOT NULL,
      asn_database TEXT NOT NULL,
      country_database TEXT NOT NULL,
      file_size INTEGER,
      file_digest TEXT,
      \(programDigest)
    ) STRICT;

    -- The stretches of time, in whole seconds with both ends included, that a capture covers.
    CREATE TABLE coverage (
      capture INTEGER NOT NULL REFERENCES captures (id),
      began INTEGER NOT NULL,
      ended INTEGER NOT NULL,
      PRIMARY KEY (capture, began)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE databases (
      sha256 TEXT NOT NULL,
      kind TEXT NOT NULL,
      type TEXT NOT NULL,
      built_at INTEGER NOT NULL,
      licence TEXT NOT NULL,
      attribution TEXT NOT NULL,
      PRIMARY KEY (sha256, kind)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE networks (
      asn INTEGER PRIMARY KEY,
      name TEXT NOT NULL
    ) STRICT;

    \(folded)
    """

  /// A tally stands for an hour, but where it was folded with age: the tallies at `began` are those
  /// of the whole day, or month, that begins there.
  static let folded = """
    CREATE TABLE folded (
      began INTEGER PRIMARY KEY,
      span TEXT NOT NULL CHECK (span IN ('day', 'month'))
    ) STRICT;
    """

  /// Of the collector's file, as sha256sum has it; empty for captures that were read from files, and
  /// before version 3.
  static let programDigest = "program_sha256 TEXT NOT NULL DEFAULT ''"

  static func selectProgramDigest(version: Int64) -> String {
    version < 3 ? "''" : "program_sha256"
  }

  static let leftOutColumns = LeftOutReason.allCases.map { "left_out_\($0.rawValue)" }

  /// Reasons that version 1 did not know: it had nothing that runs, and so nothing that comes too late.
  static let leftOutSinceVersion2: [LeftOutReason] = [.sealedHour, .ledgerUnavailable]

  /// The counts of ``leftOutColumns``, in their order.
  static func selectLeftOut(version: Int64) -> String {
    LeftOutReason.allCases.map {
      version < 2 && leftOutSinceVersion2.contains($0) ? "0" : "left_out_\($0.rawValue)"
    }.joined(separator: ", ")
  }

  static let addTally = """
    INSERT INTO tallies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    \(onConflictAdd)
    """

  /// What of a tally is added up, and what of it is the largest of all.
  static let sums = [
    "flows", "flows_answered", "packets_out", "packets_in", "bytes_out", "bytes_in",
  ]
  static let maxima = ["largest_flow"]

  private static let onConflictAdd =
    "ON CONFLICT DO UPDATE SET "
    + (sums.map { "\($0) = \($0) + excluded.\($0)" }
    + maxima.map { "\($0) = max(\($0), excluded.\($0))" }).joined(separator: ", ")

  /// Adds the tallies of an hour to those of another.
  static let moveTallies = """
    INSERT INTO tallies
    SELECT ?, ip_version, protocol, port, asn, country, \((sums + maxima).joined(separator: ", "))
    FROM tallies WHERE hour = ? \(onConflictAdd)
    """

  /// Before version 2 the largest flow was not kept: it can't have been more than everything.
  static func selectTallies(version: Int64) -> String {
    """
    SELECT hour, ip_version, protocol, port, asn, country,
      flows, flows_answered, packets_out, packets_in, bytes_out, bytes_in,
      \(version < 2 ? "bytes_out + bytes_in" : "largest_flow")
    FROM tallies WHERE hour >= ? AND hour < ?
    """
  }
}
