public import Diagnostics
import Tasks

/// The results of one task's items as bytes, for the store.
///
/// Layout, all numbers little-endian; `varint` is an unsigned LEB128 number, `text` a varint length in bytes
/// followed by UTF-8:
///
///     byte     version, 1
///     varint   number of metrics, then for each: text name, byte 0 (a value) or 1 (a ratio)
///     varint   number of items, then for each:
///       text   item id
///       f64…   for each metric its value, or numerator and denominator
///       byte   detail: 0 choices, 1 continuation, 2 text, 3 generation
///         0    varint predicted, varint count, then `scored` for each choice
///         1, 2 scored
///         3    byte evidence (0 decoded, 1 proved, 2 open), byte 1 and text if the text was kept, else byte 0
///     scored = f64 nats, varint tokens, byte 1 if greedy else 0
public enum ItemResultCoding {
  static let version: UInt8 = 1

  /// - Precondition: All items have the same metrics, as those of one task do.
  public static func encode(_ items: [ItemResult]) -> [UInt8] {
    var writer = ByteWriter()
    writer.bytes.append(version)
    let metrics = (items.first?.values ?? [:]).sorted { $0.key.rawValue < $1.key.rawValue }
    writer.count(metrics.count)
    for (name, value) in metrics {
      writer.text(name.rawValue)
      if case .ratio = value { writer.bytes.append(1) } else { writer.bytes.append(0) }
    }
    writer.count(items.count)
    for item in items {
      writer.text(item.itemID)
      precondition(item.values.count == metrics.count, "\(item.itemID) has other metrics")
      for (name, first) in metrics {
        switch (item.values[name], first) {
        case (.value(let value)?, .value): writer.number(value)
        case (.ratio(let numerator, let denominator)?, .ratio):
          writer.number(numerator)
          writer.number(denominator)
        default: preconditionFailure("\(item.itemID) has another \(name)")
        }
      }
      write(item.detail, to: &writer)
    }
    return writer.bytes
  }

  private static func write(_ detail: ItemDetail, to writer: inout ByteWriter) {
    switch detail {
    case .choices(let choices, let predicted):
      writer.bytes.append(0)
      writer.count(predicted)
      writer.count(choices.count)
      for choice in choices { writer.scored(choice) }
    case .continuation(let scored):
      writer.bytes.append(1)
      writer.scored(scored)
    case .text(let scored):
      writer.bytes.append(2)
      writer.scored(scored)
    case .generation(let text, let evidence):
      writer.bytes.append(3)
      writer.bytes.append(evidence.rawValue)
      writer.bytes.append(text == nil ? 0 : 1)
      if let text { writer.text(text) }
    }
  }

  /// - Parameters:
  ///   - bytes: What ``encode(_:)`` made.
  ///   - location: Where they were found, for messages.
  /// - Returns: The items in their order.
  /// - Throws: ``Diagnostic`` if they are cut off, of another version, or otherwise damaged.
  public static func decode(_ bytes: [UInt8], at location: String) throws(Diagnostic)
    -> [ItemResult]
  {
    var reader = ByteReader(bytes: bytes, location: location)
    let found = try reader.byte()
    guard found == version else {
      throw Diagnostic(
        "item results of version \(found), but this program reads version \(version)", at: location,
        fix: "read them with the program that wrote them")
    }
    var metrics: [(name: MetricName, isRatio: Bool)] = []
    for _ in 0..<(try reader.count(minimumSize: 2)) {
      metrics.append((MetricName(rawValue: try reader.text()), try reader.flag()))
    }
    var items: [ItemResult] = []
    for _ in 0..<(try reader.count(minimumSize: 2)) {
      let id = try reader.text()
      var values: [MetricName: ItemValue] = [:]
      for metric in metrics {
        if metric.isRatio {
          values[metric.name] = .ratio(
            numerator: try reader.number(), denominator: try reader.number())
        } else {
          values[metric.name] = .value(try reader.number())
        }
      }
      items.append(ItemResult(itemID: id, values: values, detail: try detail(from: &reader)))
    }
    try reader.finish()
    return items
  }

  private static func detail(from reader: inout ByteReader) throws(Diagnostic) -> ItemDetail {
    switch try reader.byte() {
    case 0:
      let predicted = try reader.varint()
      var choices: [ScoredText] = []
      for _ in 0..<(try reader.count(minimumSize: 10)) { choices.append(try reader.scored()) }
      guard choices.indices.contains(predicted) else { throw reader.damaged }
      return .choices(choices, predicted: predicted)
    case 1: return .continuation(try reader.scored())
    case 2: return .text(try reader.scored())
    case 3:
      guard let evidence = GenerationEvidence(rawValue: try reader.byte()) else {
        throw reader.damaged
      }
      let text = try reader.flag() ? try reader.text() : nil
      return .generation(text: text, evidence: evidence)
    default: throw reader.damaged
    }
  }
}

private struct ByteWriter {
  var bytes: [UInt8] = []

  mutating func count(_ value: Int) {
    var rest = UInt64(value)
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func number(_ value: Double) {
    let pattern = value.bitPattern
    for shift in stride(from: 0, to: 64, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: pattern >> UInt64(shift)))
    }
  }

  mutating func text(_ text: String) {
    count(text.utf8.count)
    bytes.append(contentsOf: text.utf8)
  }

  mutating func scored(_ scored: ScoredText) {
    number(scored.nats)
    count(scored.tokenCount)
    bytes.append(scored.isGreedy ? 1 : 0)
  }
}

private struct ByteReader {
  let bytes: [UInt8]
  let location: String
  var position = 0

  init(bytes: [UInt8], location: String) {
    self.bytes = bytes
    self.location = location
  }

  var damaged: Diagnostic {
    Diagnostic(
      "the item results are damaged at byte \(position)", at: location,
      fix: "restore the store from a copy")
  }

  mutating func byte() throws(Diagnostic) -> UInt8 {
    guard position < bytes.count else { throw damaged }
    position += 1
    return bytes[position - 1]
  }

  mutating func flag() throws(Diagnostic) -> Bool {
    switch try byte() {
    case 0: false
    case 1: true
    default: throw damaged
    }
  }

  mutating func varint() throws(Diagnostic) -> Int {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 63, by: 7) {
      let byte = try byte()
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 {
        guard let number = Int(exactly: value) else { throw damaged }
        return number
      }
    }
    throw damaged
  }

  /// A number of elements that take at least `minimumSize` bytes each.
  mutating func count(minimumSize: Int) throws(Diagnostic) -> Int {
    let count = try varint()
    guard count <= (bytes.count - position) / minimumSize else { throw damaged }
    return count
  }

  mutating func number() throws(Diagnostic) -> Double {
    guard bytes.count - position >= 8 else { throw damaged }
    var pattern: UInt64 = 0
    for offset in 0..<8 { pattern |= UInt64(bytes[position + offset]) << UInt64(8 * offset) }
    position += 8
    return Double(bitPattern: pattern)
  }

  mutating func text() throws(Diagnostic) -> String {
    let count = try count(minimumSize: 1)
    guard let text = String(validating: bytes[position..<(position + count)], as: UTF8.self) else {
      throw damaged
    }
    position += count
    return text
  }

  mutating func scored() throws(Diagnostic) -> ScoredText {
    ScoredText(nats: try number(), tokenCount: try varint(), isGreedy: try flag())
  }

  func finish() throws(Diagnostic) {
    guard position == bytes.count else { throw damaged }
  }
}
