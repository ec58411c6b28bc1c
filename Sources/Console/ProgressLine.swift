// Progress on standard error, one line that is drawn again and again, on a terminal only.

internal import Glibc
internal import Tallies

public final class ProgressLine {
  private let began = ContinuousClock.now
  private var drawn: ContinuousClock.Instant?
  private var packets: UInt64 = 0

  /// `nil` where standard error is no terminal.
  public init?() {
    guard isatty(STDERR_FILENO) == 1 else { return nil }
  }

  /// - Parameters:
  ///   - packets: packets read since the last call.
  ///   - bytes: bytes read since the beginning.
  ///   - size: bytes there are to read, where that is known.
  public func show(packets: Int, bytes: UInt64, of size: UInt64?) {
    self.packets += UInt64(packets)
    let now = ContinuousClock.now
    if let drawn, now - drawn < .milliseconds(200) { return }
    drawn = now
    let elapsed = (now - began) / .seconds(1)
    guard elapsed > 0 else { return }
    var text = iecBytes(bytes)
    var left = ""
    if let size, size > 0, bytes > 0 {
      text = "\(100 * min(bytes, size) / size) %, \(text) of \(iecBytes(size))"
      let seconds = Double(size - min(size, bytes)) / Double(bytes) * elapsed
      left = ", \(duration(seconds)) left"
    }
    let rate = UInt64(Double(self.packets) / elapsed)
    writeToStandardError("\r\u{1b}[K\(text), \(grouped(rate)) packets/s\(left)")
  }

  /// Where something else than packets is read.
  public func show(_ text: String) {
    let now = ContinuousClock.now
    if let drawn, now - drawn < .milliseconds(200) { return }
    drawn = now
    writeToStandardError("\r\u{1b}[K\(text)")
  }

  public func clear() {
    if drawn != nil { writeToStandardError("\r\u{1b}[K") }
  }

  private func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded(.up))
    return whole < 60 ? "\(whole) s" : "\(whole / 60) min \(whole % 60) s"
  }
}
