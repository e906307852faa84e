import Diagnostics
import Documents
import Tensors

/// What the header of a safetensors file says, after every check that needs no tensor data.
struct SafetensorsHeader: Sendable {
  /// One tensor with the place of its data.
  struct Entry: Sendable, Hashable {
    let description: TensorDescription
    /// Relative to the first byte after the header.
    let bytes: Range<Int>
  }

  /// In the order of their data, which they tile without holes.
  let entries: [Entry]

  static let metadataKey = "__metadata__"
  static let largestSize = 100_000_000
  static let largestRank = 8

  /// Parses and validates the JSON of a header.
  ///
  /// - Parameters:
  ///   - json: The header's bytes, padding included.
  ///   - dataCount: Number of bytes that follow the header in the file.
  ///   - path: Path of the file, for messages.
  /// - Throws: ``Diagnostic`` that names the file and, where there is one, the tensor.
  init(json: [UInt8], dataCount: Int, path: String) throws(Diagnostic) {
    let members = try Self.members(of: json, path: path)
    var seen: Set<ExactName> = []
    var entries: [Entry] = []
    entries.reserveCapacity(members.count)
    for member in members {
      guard seen.insert(ExactName(member.key)).inserted else {
        throw Diagnostic(
          "the header names \(quoted(member.key)) twice", at: path,
          fix: "do not use the file: readers disagree on which of the two counts")
      }
      if ExactName(member.key) == ExactName(Self.metadataKey) {
        try Self.checkMetadata(member.value, path: path)
      } else {
        entries.append(try Self.entry(named: member.key, member.value, path: path))
      }
    }
    entries.sort {
      ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
    }
    try Self.checkTiling(entries, dataCount: dataCount, path: path)
    self.entries = entries
  }

  private static func members(
    of json: [UInt8], path: String
  ) throws(Diagnostic) -> [JSONValue.Member] {
    let document: JSONValue
    do {
      document = try JSONValue.parse(json, location: "\(path): header", maximumDepth: 16)
    } catch {
      throw Diagnostic(
        "the header is not JSON: \(error.problem)", at: error.location,
        fix: "download the file again; if that does not help, it was not written as safetensors")
    }
    guard let members = document.members else {
      throw Diagnostic(
        "the header is not a JSON object", at: "\(path): header",
        fix: "download the file again; if that does not help, it was not written as safetensors")
    }
    return members
  }

  private static func checkMetadata(_ value: JSONValue, path: String) throws(Diagnostic) {
    if value.isNull { return }
    let location = "\(path): \(metadataKey)"
    guard let members = value.members else {
      throw Diagnostic(
        "must be an object of strings", at: location, fix: "write the file again without it")
    }
    if let wrong = members.first(where: { $0.value.string == nil }) {
      throw Diagnostic(
        "the value of \(quoted(wrong.key)) is not a string", at: location,
        fix: "write the file again with metadata of strings")
    }
  }

  // MARK: One tensor

  private static func entry(
    named name: String, _ value: JSONValue, path: String
  ) throws(Diagnostic) -> Entry {
    let location = "\(path): tensor \(quoted(name))"
    let fields = try Fields(value, location: location)
    let dtype = try fields.dtype()
    let shape = try fields.shape()
    let bytes = try fields.dataOffsets()
    let size = try byteCount(shape, dtype, location: location)
    guard size == bytes.count else {
      throw Diagnostic(
        "shape \(Shape(shape)) of \(dtype.rawValue) takes \(size) bytes, but the header gives it"
          + " \(bytes.count) (\(bytes.lowerBound)..<\(bytes.upperBound))",
        at: location, fix: "download the file again; its header contradicts itself")
    }
    return Entry(
      description: TensorDescription(name: name, dtype: dtype, shape: Shape(shape)), bytes: bytes)
  }

  private static func byteCount(
    _ shape: [Int], _ dtype: DType, location: String
  ) throws(Diagnostic) -> Int {
    var bits = 1
    for factor in shape + [dtype.bitWidth] {
      let (product, overflow) = bits.multipliedReportingOverflow(by: factor)
      guard !overflow else {
        throw Diagnostic(
          "the size of shape \(Shape(shape)) exceeds 64 bits", at: location,
          fix: "do not use the file: its header is damaged or hostile")
      }
      bits = product
    }
    guard bits.isMultiple(of: 8) else {
      throw Diagnostic(
        "shape \(Shape(shape)) of \(dtype.rawValue) takes \(bits) bits, not whole bytes",
        at: location, fix: "do not use the file: its header is damaged")
    }
    return bits / 8
  }

  // MARK: All tensors

  private static func checkTiling(
    _ entries: [Entry], dataCount: Int, path: String
  ) throws(Diagnostic) {
    var end = 0
    var previous: String?
    for entry in entries {
      let name = quoted(entry.description.name)
      let begin = entry.bytes.lowerBound
      if begin < end {
        throw Diagnostic(
          "its data begins at byte \(begin), inside tensor \(previous ?? name), which ends at"
            + " byte \(end)",
          at: "\(path): tensor \(name)",
          fix: "do not use the file: two tensors overlap")
      }
      if begin > end {
        throw Diagnostic(
          "its data begins at byte \(begin), but the tensors before it end at byte \(end)",
          at: "\(path): tensor \(name)",
          fix: "do not use the file: it hides \(begin - end) bytes that no tensor claims")
      }
      end = entry.bytes.upperBound
      previous = name
    }
    if end > dataCount {
      throw Diagnostic(
        "the file is truncated: the header promises \(end) bytes of data, \(dataCount) are there"
          + " (tensor \(quoted(firstBeyond(dataCount, entries))) is cut off or missing)",
        at: path, fix: "download the file again")
    }
    if end < dataCount {
      throw Diagnostic(
        "\(dataCount - end) bytes follow the last tensor", at: path,
        fix: "download the file again; it is damaged or hides data")
    }
  }

  private static func firstBeyond(_ dataCount: Int, _ entries: [Entry]) -> String {
    entries.first { $0.bytes.upperBound > dataCount }?.description.name ?? ""
  }
}

/// The three required fields of a tensor's entry.
private struct Fields {
  private let members: [JSONValue.Member]
  private let location: String

  init(_ value: JSONValue, location: String) throws(Diagnostic) {
    guard let members = value.members else {
      throw Diagnostic(
        "its entry in the header is not an object", at: location, fix: Self.fixDamaged)
    }
    self.members = members
    self.location = location
  }

  private static let fixDamaged = "download the file again; its header is damaged"

  private func field(_ key: String) throws(Diagnostic) -> JSONValue {
    let found = members.filter { $0.key.utf8.elementsEqual(key.utf8) }
    guard let first = found.first else {
      throw Diagnostic("the header does not give its \(key)", at: location, fix: Self.fixDamaged)
    }
    guard found.count == 1 else {
      throw Diagnostic("the header gives its \(key) twice", at: location, fix: Self.fixDamaged)
    }
    return first.value
  }

  func dtype() throws(Diagnostic) -> DType {
    let value = try field("dtype")
    guard let name = value.string else {
      throw Diagnostic("its dtype is not a string", at: location, fix: Self.fixDamaged)
    }
    guard let dtype = DType(rawValue: name) else {
      throw Diagnostic(
        "unknown dtype \(quoted(name))", at: location,
        fix: "use a checkpoint in F32, F16 or BF16")
    }
    return dtype
  }

  func shape() throws(Diagnostic) -> [Int] {
    guard let values = try field("shape").array else {
      throw Diagnostic("its shape is not a list", at: location, fix: Self.fixDamaged)
    }
    guard values.count <= SafetensorsHeader.largestRank else {
      throw Diagnostic(
        "its shape has \(values.count) dimensions; at most \(SafetensorsHeader.largestRank) are"
          + " supported", at: location, fix: Self.fixDamaged)
    }
    return try wholeNumbers(values, "shape")
  }

  func dataOffsets() throws(Diagnostic) -> Range<Int> {
    guard let values = try field("data_offsets").array, values.count == 2 else {
      throw Diagnostic(
        "its data_offsets are not a list of two numbers", at: location, fix: Self.fixDamaged)
    }
    let offsets = try wholeNumbers(values, "data_offsets")
    guard offsets[0] <= offsets[1] else {
      throw Diagnostic(
        "its data begins at byte \(offsets[0]), after its end at byte \(offsets[1])",
        at: location, fix: Self.fixDamaged)
    }
    return offsets[0]..<offsets[1]
  }

  private func wholeNumbers(
    _ values: [JSONValue], _ key: String
  ) throws(Diagnostic) -> [Int] {
    var numbers: [Int] = []
    for value in values {
      guard case .number(let literal) = value, !literal.hasPrefix("-"), let number = Int(literal)
      else {
        throw Diagnostic(
          "its \(key) holds \(shortened(value.text(.compact))), not a whole number of at most 63"
            + " bits",
          at: location, fix: Self.fixDamaged)
      }
      numbers.append(number)
    }
    return numbers
  }
}
