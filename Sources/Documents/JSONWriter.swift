extension JSONValue {
  public enum Layout: Sendable {
    /// No spaces and no line breaks.
    case compact
    /// As ``compact``, in ASCII: for JSON Lines, which some readers cut at every line separator of
    /// Unicode.
    case ascii
    /// One member or element per line, indented by 2 spaces, as `transformers` writes `config.json`.
    case indented
  }

  /// The JSON text of the value; keys keep their order and numbers their literals.
  ///
  /// Characters outside of ASCII are written as they are, but for ``Layout/ascii``. No line break at
  /// the end.
  public func text(_ layout: Layout) -> String {
    String(decoding: utf8(layout), as: UTF8.self)
  }

  /// As ``text(_:)``, in bytes.
  public func utf8(_ layout: Layout) -> [UInt8] {
    var writer = JSONWriter(layout)
    writer.write(self, depth: 0)
    return writer.output
  }

  /// A whole number.
  public init(_ value: Int) { self = .number(String(value)) }

  /// The shortest literal that reads back as `value`.
  /// - Precondition: `value` is finite: JSON has no other numbers.
  public init(_ value: Double) {
    precondition(value.isFinite, "\(value) has no JSON literal")
    self = .number(value.description)
  }
}

private struct JSONWriter {
  let isIndented: Bool
  let isASCII: Bool
  var output: [UInt8] = []

  init(_ layout: JSONValue.Layout) {
    isIndented = layout == .indented
    isASCII = layout == .ascii
  }

  mutating func write(_ value: JSONValue, depth: Int) {
    switch value {
    case .null: output.append(contentsOf: "null".utf8)
    case .bool(let flag): output.append(contentsOf: (flag ? "true" : "false").utf8)
    case .number(let literal): output.append(contentsOf: literal.utf8)
    case .string(let text): write(text)
    case .array(let elements):
      writeList(elements, "[", "]", depth: depth) { writer, element in
        writer.write(element, depth: depth + 1)
      }
    case .object(let members):
      writeList(members, "{", "}", depth: depth) { writer, member in
        writer.write(member.key)
        writer.output.append(contentsOf: (writer.isIndented ? ": " : ":").utf8)
        writer.write(member.value, depth: depth + 1)
      }
    }
  }

  private mutating func writeList<Element>(
    _ elements: [Element], _ opening: Unicode.Scalar, _ closing: Unicode.Scalar, depth: Int,
    _ writeElement: (inout JSONWriter, Element) -> Void
  ) {
    output.append(UInt8(ascii: opening))
    for (index, element) in elements.enumerated() {
      if index > 0 { output.append(UInt8(ascii: ",")) }
      breakLine(depth + 1)
      writeElement(&self, element)
    }
    if !elements.isEmpty { breakLine(depth) }
    output.append(UInt8(ascii: closing))
  }

  private mutating func breakLine(_ depth: Int) {
    guard isIndented else { return }
    output.append(UInt8(ascii: "\n"))
    output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
  }

  private mutating func write(_ text: String) {
    output.append(UInt8(ascii: "\""))
    if isASCII {
      for unit in text.utf16 {
        if let byte = UInt8(exactly: unit), byte < 0x80 { write(byte) } else { escape(unit) }
      }
    } else {
      for byte in text.utf8 { write(byte) }
    }
    output.append(UInt8(ascii: "\""))
  }

  private mutating func write(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""): output.append(contentsOf: "\\\"".utf8)
    case UInt8(ascii: "\\"): output.append(contentsOf: "\\\\".utf8)
    case 0x08: output.append(contentsOf: "\\b".utf8)
    case 0x0C: output.append(contentsOf: "\\f".utf8)
    case 0x0A: output.append(contentsOf: "\\n".utf8)
    case 0x0D: output.append(contentsOf: "\\r".utf8)
    case 0x09: output.append(contentsOf: "\\t".utf8)
    case ..<0x20: escape(UInt16(byte))
    default: output.append(byte)
    }
  }

  private mutating func escape(_ unit: UInt16) {
    let digits = String(unit, radix: 16)
    output.append(contentsOf: "\\u".utf8)
    output.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: 4 - digits.count))
    output.append(contentsOf: digits.utf8)
  }
}
