/// The 256 characters that byte-level tokenizers write for bytes.
///
/// Bytes 33–126, 161–172 and 174–255 stand for themselves as code points; the other 68, in ascending
/// order, become U+0100 … U+0143. So a space is `Ġ`.
enum ByteAlphabet {
  private static let scalars: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (0..<256).map { (byte: UInt32) in
      switch byte {
      case 33...126, 161...172, 174...255:
        return Unicode.Scalar(UInt8(byte))
      default:
        defer { next += 1 }
        return Unicode.Scalar(next) ?? "\u{FFFD}"
      }
    }
  }()

  /// First and second byte of each character in UTF-8; the second is 0 for ASCII.
  private static let encoded: [(UInt8, UInt8)] = scalars.map { scalar in
    let units = Array(String(scalar).utf8)
    return (units[0], units.count == 2 ? units[1] : 0)
  }

  /// The byte of each code point below 0x144.
  private static let bytes: [UInt8?] = {
    var bytes = [UInt8?](repeating: nil, count: 0x144)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar.value)] = UInt8(byte) }
    return bytes
  }()

  /// Appends the characters of `text[range]`, in UTF-8.
  static func append(_ text: [UInt8], _ range: Range<Int>, to output: inout [UInt8]) {
    for index in range {
      let (first, second) = encoded[Int(text[index])]
      output.append(first)
      if second != 0 { output.append(second) }
    }
  }

  /// The bytes that a token stands for; nil if a character of it is not of the alphabet.
  static func decode(_ token: [UInt8]) -> [UInt8]? {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(token.count)
    var index = 0
    while index < token.count {
      let (scalar, length) = token.scalar(at: index)
      guard scalar.value < 0x144, let byte = bytes[Int(scalar.value)] else { return nil }
      decoded.append(byte)
      index += length
    }
    return decoded
  }
}
