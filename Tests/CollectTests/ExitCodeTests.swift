// One exit code for each thing that can go wrong (sysexits.h).

import ArgumentParser
import Capture
import Foundation
import Ledger
import Networks
import Tallies
import Testing

@testable import weir_collect

@Suite struct ExitCodeTests {
  private static let table: [(any Error & Sendable, Int32)] = [
    (CaptureError.unreadable(path: "p", errno: ENOENT), 66),
    (CaptureError.unreadable(path: "p", errno: EIO), 66),
    (CaptureError.unreadable(path: "p", errno: EACCES), 77),
    (CaptureError.unreadable(path: "p", errno: EPERM), 77),
    (CaptureError.compressed(path: "p", by: .gzip), 65),
    (CaptureError.notACapture(path: "p", reason: "r"), 65),
    (CaptureError.unsupportedLinkType(path: "p", name: "n"), 65),
    (CaptureError.damaged(path: "p", reason: "r"), 65),
    (NetworksError.unreadable(path: "p", kind: .asn, errno: ENOENT), 66),
    (NetworksError.unreadable(path: "p", kind: .asn, errno: EACCES), 77),
    (NetworksError.notADatabase(path: "p", kind: .asn, reason: "r"), 65),
    (NetworksError.wrongKind(path: "p", kind: .country, type: "t"), 65),
    (LedgerError.missing(path: "p"), 66),
    (LedgerError.cannotOpen(path: "p", reason: "r"), 73),
    (LedgerError.noPermission(path: "p", reason: "r"), 77),
    (LedgerError.notALedger(path: "p", reason: "r"), 65),
    (LedgerError.newer(path: "p", version: 2, supported: 1), 65),
    (LedgerError.damaged(path: "p", reason: "r"), 65),
    (LedgerError.locked(path: "p"), 1),
    (LedgerError.diskFull(path: "p"), 1),
    (LedgerError.moved(path: "p"), 1),
    (LedgerError.failed(path: "p", reason: "r"), 1),
    (AlreadyRead(path: "p"), 65),
    (CocoaError(.fileNoSuchFile), 1),
  ]

  @Test("every error has its exit code", arguments: table.indices)
  func exitCode(position: Int) {
    let (error, code) = Self.table[position]
    #expect(report(error) == ExitCode(code), "\(error)")
  }

  @Test(
    "every message names the file, begins in lower case and ends without a full stop",
    arguments: table.indices.dropLast())
  func message(position: Int) {
    let text = "\(Self.table[position].0)"
    #expect(text.split { " :;'".contains($0) }.contains("p"), "\(text)")
    #expect(text.first?.isUppercase == false)
    #expect(text.last != ".")
  }
}
