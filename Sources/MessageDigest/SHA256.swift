// SHA-256 (FIPS 180-4) by libmd, in the form that `sha256sum` prints.

internal import CMessageDigest

public enum SHA256 {
  /// `SHA256_DIGEST_STRING_LENGTH`, a macro too intricate for the importer.
  private static let digitsAndTerminator = 65

  /// 64 hexadecimal digits; `nil` where the file can't be read, with `errno` saying why.
  public static func hexadecimal(ofFile path: String) -> String? {
    var text = [CChar](repeating: 0, count: digitsAndTerminator)
    guard unsafe SHA256File(path, &text) != nil else { return nil }
    return string(text)
  }

  /// 64 hexadecimal digits.
  public static func hexadecimal(of bytes: [UInt8]) -> String {
    var text = [CChar](repeating: 0, count: digitsAndTerminator)
    unsafe SHA256Data(bytes, bytes.count, &text)
    return string(text)
  }

  private static func string(_ text: [CChar]) -> String {
    String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
