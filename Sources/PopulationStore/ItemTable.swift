public import Diagnostics

/// Results of some items of one task, in columns: metric values and whatever a task kind tells about an item.
public struct ItemTable: Sendable, Hashable {
  /// One value per item, in the order of ``positions``.
  public enum Values: Sendable, Hashable {
    case reals([Double])
    /// Such as nats over bytes; summed separately before they are divided.
    case ratios(numerators: [Double], denominators: [Double])
    case integers([Int])
    case realLists([[Double]])
    case texts([String])

    public var count: Int {
      switch self {
      case .reals(let values): values.count
      case .ratios(let numerators, let denominators): min(numerators.count, denominators.count)
      case .integers(let values): values.count
      case .realLists(let values): values.count
      case .texts(let values): values.count
      }
    }
  }

  public struct Column: Sendable, Hashable {
    public var name: String
    public var values: Values

    public init(_ name: String, _ values: Values) {
      self.name = name
      self.values = values
    }
  }

  /// Of the items in their task and split, from 0.
  public var positions: [Int]
  public var columns: [Column]

  /// - Precondition: Every column has one value per position, and positions are below 2³².
  public init(positions: [Int], columns: [Column]) {
    for column in columns {
      precondition(
        column.values.count == positions.count,
        "column \(column.name): \(column.values.count) values for \(positions.count) items")
    }
    self.positions = positions
    self.columns = columns
  }

  public subscript(name: String) -> Values? { columns.first { $0.name == name }?.values }
}

// The layout of `item_result.items`, all numbers little-endian:
//
//   4 bytes "MVIT", u8 version = 1, u32 items n, n × u32 positions, u16 columns, then per column
//   u8 length of the name, UTF-8 name, u8 kind, values:
//     1 reals    n × f64                      2 flags   n × u8, reals that are 0 or 1
//     3 ratios   n × f64, then n × f64        4 integers  n × i64
//     5 bytes    n × u8, integers 0…255       6 real lists  n × (u32 length, f64…)
//     7 texts    n × (u32 bytes, UTF-8)
extension ItemTable {
  private static let magic: [UInt8] = Array("MVIT".utf8)
  private static let version: UInt8 = 1

  private enum Kind: UInt8 {
    case reals = 1
    case flags, ratios, integers, bytes, realLists, texts
  }

  public var encoded: [UInt8] {
    var writer = ByteWriter()
    writer.append(bytes: Self.magic)
    writer.append(Self.version)
    writer.append(UInt32(positions.count))
    for position in positions { writer.append(UInt32(position)) }
    writer.append(UInt16(columns.count))
    for column in columns {
      let name = Array(column.name.utf8)
      writer.append(UInt8(name.count))
      writer.append(bytes: name)
      Self.append(column.values, to: &writer)
    }
    return writer.bytes
  }

  private static func append(_ values: Values, to writer: inout ByteWriter) {
    switch values {
    case .reals(let reals):
      let one = (1.0).bitPattern
      if reals.allSatisfy({ $0.bitPattern == 0 || $0.bitPattern == one }) {
        writer.append(Kind.flags.rawValue)
        for real in reals { writer.append(UInt8(real)) }
      } else {
        writer.append(Kind.reals.rawValue)
        for real in reals { writer.append(real.bitPattern) }
      }
    case .ratios(let numerators, let denominators):
      writer.append(Kind.ratios.rawValue)
      for real in numerators { writer.append(real.bitPattern) }
      for real in denominators { writer.append(real.bitPattern) }
    case .integers(let integers):
      if integers.allSatisfy({ (0...255).contains($0) }) {
        writer.append(Kind.bytes.rawValue)
        for integer in integers { writer.append(UInt8(integer)) }
      } else {
        writer.append(Kind.integers.rawValue)
        for integer in integers { writer.append(UInt64(bitPattern: Int64(integer))) }
      }
    case .realLists(let lists):
      writer.append(Kind.realLists.rawValue)
      for list in lists {
        writer.append(UInt32(list.count))
        for real in list { writer.append(real.bitPattern) }
      }
    case .texts(let texts):
      writer.append(Kind.texts.rawValue)
      for text in texts {
        let utf8 = Array(text.utf8)
        writer.append(UInt32(utf8.count))
        writer.append(bytes: utf8)
      }
    }
  }

  /// - Throws: ``Diagnostic`` naming `location` when the bytes are not a table of a known version.
  public init(decoding bytes: [UInt8], at location: String) throws(Diagnostic) {
    var reader = ByteReader(bytes: bytes, location: location)
    guard try reader.bytes(4) == Self.magic, try reader.integer(UInt8.self) == Self.version else {
      throw reader.damaged("does not begin with MVIT and version 1")
    }
    let count = Int(try reader.integer(UInt32.self))
    positions = try reader.array(count, width: 4) { (reader) throws(Diagnostic) in
      Int(try reader.integer(UInt32.self))
    }
    let columnCount = Int(try reader.integer(UInt16.self))
    columns = []
    for _ in 0..<columnCount {
      let name = try reader.text(Int(try reader.integer(UInt8.self)))
      let code = try reader.integer(UInt8.self)
      guard let kind = Kind(rawValue: code) else {
        throw reader.damaged("column '\(name)' has the unknown kind \(code)")
      }
      columns.append(Column(name, try Self.values(kind, count: count, from: &reader)))
    }
    guard reader.isAtEnd else { throw reader.damaged("has bytes after the last column") }
  }

  private static func values(
    _ kind: Kind, count: Int, from reader: inout ByteReader
  ) throws(Diagnostic) -> Values {
    switch kind {
    case .reals: .reals(try reader.reals(count))
    case .flags: .reals(try reader.bytes(count).map(Double.init))
    case .ratios:
      .ratios(numerators: try reader.reals(count), denominators: try reader.reals(count))
    case .integers:
      .integers(
        try reader.array(count, width: 8) { (reader) throws(Diagnostic) in
          Int(Int64(bitPattern: try reader.integer(UInt64.self)))
        })
    case .bytes: .integers(try reader.bytes(count).map(Int.init))
    case .realLists:
      .realLists(
        try reader.array(count, width: 4) { (reader) throws(Diagnostic) in
          try reader.reals(Int(try reader.integer(UInt32.self)))
        })
    case .texts:
      .texts(
        try reader.array(count, width: 4) { (reader) throws(Diagnostic) in
          try reader.text(Int(try reader.integer(UInt32.self)))
        })
    }
  }
}
