// The options of `weir-report build` and `show` that say what may be published.

import ArgumentParser
import Disclosure
import Glibc
import Tallies

struct DisclosureOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Flows that a row must have to be published on its own, "
        + "\(ReleasePolicy.floorOfMinimumFlows) or more."))
  var minimumFlows: UInt64 = ReleasePolicy.defaultMinimumFlows

  @Option(
    help: ArgumentHelp(
      "The p of the p %-rule: a row is not published if one flow's bytes could be told from it to "
        + "within p percent, \(ReleasePolicy.dominanceRange.lowerBound) or more.",
      valueName: "percent"))
  var dominance: UInt64 = ReleasePolicy.defaultDominance

  @Option(
    help: ArgumentHelp(
      "Rows of a table at most; the others are added up as one.", valueName: "number"))
  var rows: Int = ReleasePolicy.defaultRows

  @Option(
    help: ArgumentHelp(
      "What flows are rounded to, \(Rounding.floorOfFlows) or more.", valueName: "unit"))
  var roundFlows: UInt64 = Rounding.standard.flows

  @Option(
    help: ArgumentHelp(
      "What packets are rounded to, \(Rounding.floorOfPackets) or more.", valueName: "unit"))
  var roundPackets: UInt64 = Rounding.standard.packets

  @Option(
    help: ArgumentHelp(
      "What bytes are rounded to, \(Rounding.floorOfBytes) or more.", valueName: "unit"))
  var roundBytes: UInt64 = Rounding.standard.bytes

  @Flag(
    help: "Add noise to every figure, after the practice of Tor's own measurements.")
  var noise = false

  @Option(
    help: ArgumentHelp(
      "Thousandths of the epsilon that each figure's noise is drawn with, "
        + "\(NoisePolicy.epsilonRange.lowerBound) to \(NoisePolicy.epsilonRange.upperBound).",
      valueName: "number"))
  var noiseEpsilon: UInt64 = NoisePolicy.defaultEpsilon

  @Option(
    help: ArgumentHelp(
      "Connections of 24 hours that the noise hides, \(NoisePolicy.floorOfConnections) or more.",
      valueName: "number"))
  var noiseConnections: UInt64 = NoisePolicy.defaultConnections

  @Option(
    help: ArgumentHelp(
      "Bytes of 24 hours that the noise hides, \(NoisePolicy.floorOfBytes) or more.",
      valueName: "number"))
  var noiseBytes: UInt64 = NoisePolicy.defaultBytes

  @Option(
    help: ArgumentHelp(
      "Days from the end of a month on which its figures become final, 0 to "
        + "\(PublicationTime.delayRange.upperBound).", valueName: "days"))
  var finalAfter: Int64 = PublicationTime.defaultDelay / 86_400

  @Option(
    help: ArgumentHelp(
      "Why figures of a final month change: without a reason they don't. Needs --month.",
      valueName: "reason"))
  var revise: String?

  func validate() throws {
    if minimumFlows < ReleasePolicy.floorOfMinimumFlows {
      throw ValidationError(
        "--minimum-flows takes \(ReleasePolicy.floorOfMinimumFlows) or more: that floor can't be"
          + " lowered")
    }
    _ = try currentTime()
    try check("--dominance", dominance, ReleasePolicy.dominanceRange)
    try check("--rows", rows, ReleasePolicy.rowsRange)
    try check("--round-flows", roundFlows, atLeast: Rounding.floorOfFlows)
    try check("--round-packets", roundPackets, atLeast: Rounding.floorOfPackets)
    try check("--round-bytes", roundBytes, atLeast: Rounding.floorOfBytes)
    try check("--noise-epsilon", noiseEpsilon, NoisePolicy.epsilonRange)
    try check("--noise-connections", noiseConnections, NoisePolicy.connectionsRange)
    try check("--noise-bytes", noiseBytes, NoisePolicy.bytesRange)
    try check("--final-after", finalAfter, PublicationTime.delayRange)
    if let revise, revise.allSatisfy(\.isWhitespace) {
      throw ValidationError("--revise takes a reason, which readers will see")
    }
  }

  /// A reason is for months that were named.
  func checkReason(months: [String]) throws {
    if revise != nil, months.isEmpty {
      throw ValidationError("--revise needs a --month: what is final changes by name only")
    }
  }

  private func check<Number: Comparable>(
    _ option: String, _ value: Number, _ range: ClosedRange<Number>
  ) throws {
    guard range.contains(value) else {
      throw ValidationError("\(option) takes \(range.lowerBound) to \(range.upperBound)")
    }
  }

  private func check(_ option: String, _ value: UInt64, atLeast floor: UInt64) throws {
    guard value >= floor else {
      throw ValidationError("\(option) takes \(floor) or more: that floor can't be lowered")
    }
  }

  /// What is published, given these options and the clock.
  func publication(classes: EncryptionClasses) throws -> Publication {
    let noisePolicy = NoisePolicy(
      thousandthsOfEpsilon: noiseEpsilon, protectedConnections: noiseConnections,
      protectedBytes: noiseBytes)
    guard
      let rounding = Rounding(flows: roundFlows, packets: roundPackets, bytes: roundBytes),
      let policy = ReleasePolicy(
        minimumFlows: minimumFlows, dominance: dominance, rows: rows, rounding: rounding,
        noise: noise ? noisePolicy : nil)
    else { throw ValidationError("options that contradict each other") }
    return Publication(
      time: PublicationTime(now: try currentTime(), delay: finalAfter * 86_400), policy: policy,
      classes: classes, reasonForRevision: revise)
  }
}

/// Now, or what SOURCE_DATE_EPOCH says (reproducible-builds.org): then a site is the same whenever
/// it is built.
private func currentTime() throws -> Int64 {
  guard let text = unsafe getenv("SOURCE_DATE_EPOCH").map({ unsafe String(cString: $0) }) else {
    return Int64(time(nil))
  }
  guard let seconds = Int64(text), seconds >= 0 else {
    throw ValidationError("SOURCE_DATE_EPOCH=\(text) is no number of seconds")
  }
  return seconds
}
