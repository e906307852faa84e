/// Numbers encoded as the base64 text of their little-endian bits: exact in every encoding, and a
/// third of the size of decimal digits.
struct ExactDoubles: Sendable, Codable, Hashable {
  var values: [Double]

  init(_ values: [Double]) { self.values = values }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let values = Self.values(of: text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "not the base64 text of whole 64-bit numbers")
    }
    self.values = values
  }

  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let digits: [UInt8: UInt32] = Dictionary(
    uniqueKeysWithValues: alphabet.enumerated().map { ($0.element, UInt32($0.offset)) })

  private var text: String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 * values.count + 2)
    for value in values {
      for shift in stride(from: 0, to: 64, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(shift)))
      }
    }
    let padding = (3 - bytes.count % 3) % 3
    bytes += Array(repeating: 0, count: padding)
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group =
        UInt32(bytes[start]) << 16 | UInt32(bytes[start + 1]) << 8 | UInt32(bytes[start + 2])
      for shift: UInt32 in [18, 12, 6, 0] { text.append(Self.alphabet[Int(group >> shift & 63)]) }
    }
    text.replaceSubrange(
      (text.count - padding)..., with: Array(repeating: UInt8(ascii: "="), count: padding))
    return String(decoding: text, as: UTF8.self)
  }

  private static func values(of text: String) -> [Double]? {
    let characters = Array(text.utf8)
    guard characters.count % 4 == 0 else { return nil }
    let padding = characters.suffix(2).count { $0 == UInt8(ascii: "=") }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(characters.count / 4 * 3)
    for start in stride(from: 0, to: characters.count, by: 4) {
      var group: UInt32 = 0
      for offset in 0..<4 {
        let isPadding = start + offset >= characters.count - padding
        guard let digit = isPadding ? 0 : digits[characters[start + offset]] else { return nil }
        group = group << 6 | digit
      }
      for shift: UInt32 in [16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: group >> shift)) }
    }
    bytes.removeLast(padding)
    guard bytes.count % 8 == 0 else { return nil }
    return stride(from: 0, to: bytes.count, by: 8).map { start in
      var bits: UInt64 = 0
      for offset in 0..<8 { bits |= UInt64(bytes[start + offset]) << UInt64(8 * offset) }
      return Double(bitPattern: bits)
    }
  }
}
