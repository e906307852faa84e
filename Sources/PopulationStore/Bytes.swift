import Diagnostics

/// Numbers to little-endian bytes.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  mutating func append(bytes: [UInt8]) { self.bytes.append(contentsOf: bytes) }

  mutating func append<Number: FixedWidthInteger & UnsignedInteger>(_ number: Number) {
    for index in 0..<(Number.bitWidth / 8) {
      bytes.append(UInt8(truncatingIfNeeded: number >> (8 * index)))
    }
  }
}

/// Little-endian bytes to numbers; every read is checked against what is left.
struct ByteReader {
  let bytes: [UInt8]
  /// What the bytes are, for messages.
  let location: String
  private var position = 0

  init(bytes: [UInt8], location: String) {
    self.bytes = bytes
    self.location = location
  }

  var isAtEnd: Bool { position == bytes.count }

  mutating func bytes(_ count: Int) throws(Diagnostic) -> [UInt8] {
    guard count <= bytes.count - position else { throw damaged("ends too early") }
    defer { position += count }
    return Array(bytes[position..<position + count])
  }

  mutating func integer<Number: FixedWidthInteger & UnsignedInteger>(
    _ type: Number.Type
  ) throws(Diagnostic) -> Number {
    let width = Number.bitWidth / 8
    guard width <= bytes.count - position else { throw damaged("ends too early") }
    defer { position += width }
    var number: Number = 0
    for index in 0..<width { number |= Number(bytes[position + index]) << (8 * index) }
    return number
  }

  /// `count` values of at least `width` bytes each, so that a wrong count cannot ask for much memory.
  mutating func array<Value>(
    _ count: Int, width: Int, _ value: (inout ByteReader) throws(Diagnostic) -> Value
  ) throws(Diagnostic) -> [Value] {
    guard count <= (bytes.count - position) / width else { throw damaged("ends too early") }
    var values: [Value] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(try value(&self)) }
    return values
  }

  mutating func reals(_ count: Int) throws(Diagnostic) -> [Double] {
    try array(count, width: 8) { (reader) throws(Diagnostic) in
      Double(bitPattern: try reader.integer(UInt64.self))
    }
  }

  mutating func text(_ count: Int) throws(Diagnostic) -> String {
    guard let text = String(validating: try bytes(count), as: UTF8.self) else {
      throw damaged("holds text that is not UTF-8")
    }
    return text
  }

  func damaged(_ problem: String) -> Diagnostic {
    Diagnostic(
      problem, at: location,
      fix: "the store was changed by another program or is damaged; restore it from a copy")
  }
}

/// IEEE-754 doubles one after the other, little-endian.
func encode(_ reals: [Double]) -> [UInt8] {
  var writer = ByteWriter()
  for real in reals { writer.append(real.bitPattern) }
  return writer.bytes
}

func decodeReals(_ bytes: [UInt8], at location: String) throws(Diagnostic) -> [Double] {
  var reader = ByteReader(bytes: bytes, location: location)
  let reals = try reader.reals(bytes.count / 8)
  guard reader.isAtEnd else { throw reader.damaged("is not a whole number of doubles") }
  return reals
}
