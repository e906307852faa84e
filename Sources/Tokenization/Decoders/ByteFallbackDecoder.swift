/// Reads runs of byte tokens such as `<0xE2>`.
///
/// A run that is not UTF-8 becomes U+FFFD for every byte.
struct ByteFallbackDecoder: TokenDecoder {
  func decode(_ tokens: inout [[UInt8]]) {
    var output: [[UInt8]] = []
    output.reserveCapacity(tokens.count)
    var run: [UInt8] = []
    for token in tokens {
      if let byte = Self.byte(token) {
        run.append(byte)
      } else {
        Self.close(&run, into: &output)
        output.append(token)
      }
    }
    Self.close(&run, into: &output)
    tokens = output
  }

  private static func close(_ run: inout [UInt8], into output: inout [[UInt8]]) {
    if run.isEmpty { return }
    if String(validating: run, as: UTF8.self) != nil {
      output.append(run)
    } else {
      for _ in run { output.append(Array("\u{FFFD}".utf8)) }
    }
    run.removeAll()
  }

  /// The byte of a token `<0xHH>`, with hexadecimal digits of either case.
  private static func byte(_ token: [UInt8]) -> UInt8? {
    guard token.count == 6, token.starts(with: "<0x".utf8), token[5] == UInt8(ascii: ">"),
      let high = hexadecimal(token[3]), let low = hexadecimal(token[4])
    else { return nil }
    return high << 4 | low
  }

  private static func hexadecimal(_ digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x41...0x46: digit - 0x41 + 10
    case 0x61...0x66: digit - 0x61 + 10
    default: nil
    }
  }
}
