public import Diagnostics
public import Kernels
public import Tensors

/// A safetensors file, mapped into memory, whose header has passed every check.
///
/// Any alignment of the data is fine. Readable from many threads at once.
public struct SafetensorsFile: Sendable {
  public let path: String
  /// Size of the whole file in bytes.
  public let byteCount: Int
  /// In the order of their data in the file.
  public let tensors: [TensorDescription]

  private let file: MappedFile
  private let offsets: [Int]
  private let positions: [ExactName: Int]

  /// - Throws: ``Diagnostic`` if the file cannot be read or is not valid safetensors.
  public init(path: String) throws(Diagnostic) {
    let file = try MappedFile(path: path)
    let headerCount = try Self.headerCount(of: file)
    let dataStart = 8 + headerCount
    let header = try SafetensorsHeader(
      json: Self.bytes(of: file, 8..<dataStart), dataCount: file.count - dataStart, path: path)
    self.path = path
    self.file = file
    byteCount = file.count
    tensors = header.entries.map(\.description)
    offsets = header.entries.map { dataStart + $0.bytes.lowerBound }
    var positions: [ExactName: Int] = [:]
    for (position, tensor) in tensors.enumerated() { positions[ExactName(tensor.name)] = position }
    self.positions = positions
  }

  public func description(of name: TensorName) -> TensorDescription? {
    positions[ExactName(name)].map { tensors[$0] }
  }

  /// The tensor where it lies in the file; nil if there is none, or none that kernels read in place.
  public func stored(_ name: TensorName) -> StoredElements? {
    guard let position = positions[ExactName(name)] else { return nil }
    let tensor = tensors[position]
    guard StoredElements.holds(tensor.dtype) else { return nil }
    return StoredElements(
      file, offset: offsets[position], dtype: tensor.dtype, count: tensor.shape.elementCount)
  }

  /// Hands the stored bytes of some elements of the flattened tensor to `body`.
  ///
  /// - Precondition: The tensor exists, `elements` lies within it and begins and ends at whole bytes.
  /// - Throws: ``Diagnostic`` if the file has shrunk since it was opened, or what `body` throws.
  public func withBytes<Result>(
    of name: TensorName, elements: Range<Int>, _ body: (RawSpan) throws -> Result
  ) throws -> Result {
    guard let position = positions[ExactName(name)] else {
      preconditionFailure("no tensor '\(name)' in \(path)")
    }
    let tensor = tensors[position]
    precondition(
      0 <= elements.lowerBound && elements.upperBound <= tensor.shape.elementCount,
      "elements \(elements) of '\(name)' \(tensor.shape)")
    let width = tensor.dtype.bitWidth
    let first = elements.lowerBound * width
    let end = elements.upperBound * width
    precondition(
      first.isMultiple(of: 8) && end.isMultiple(of: 8),
      "elements \(elements) of '\(name)' (\(tensor.dtype.rawValue)) are not whole bytes")
    return try file.withBytes(
      offsets[position] + first / 8..<offsets[position] + end / 8, body)
  }

  private static func headerCount(of file: MappedFile) throws(Diagnostic) -> Int {
    guard file.count > 0 else {
      throw Diagnostic(
        "is empty (0 bytes)", at: file.path,
        fix: "download the file again; the last download was interrupted")
    }
    guard file.count >= 8 else {
      throw Diagnostic(
        "is too short for safetensors: \(file.count) bytes, the header's length alone takes 8",
        at: file.path, fix: "download the file again")
    }
    var count: UInt64 = 0
    for byte in try bytes(of: file, 0..<8).reversed() { count = count << 8 | UInt64(byte) }
    guard count <= UInt64(file.count - 8) else {
      throw Diagnostic(
        "the header's length is given as \(count) bytes, which does not fit in a file of"
          + " \(file.count) bytes",
        at: file.path,
        fix: "download the file again; it is truncated or not a safetensors file")
    }
    guard count <= UInt64(SafetensorsHeader.largestSize) else {
      throw Diagnostic(
        "the header's length is given as \(count) bytes; the format allows at most"
          + " \(SafetensorsHeader.largestSize)",
        at: file.path, fix: "do not use the file: it is damaged or hostile")
    }
    return Int(count)
  }

  private static func bytes(
    of file: MappedFile, _ range: Range<Int>
  ) throws(Diagnostic) -> [UInt8] {
    do {
      return try file.withBytes(range) { [UInt8](copying: $0) }
    } catch let error as Diagnostic {
      throw error
    } catch {
      throw Diagnostic("cannot be read: \(error)", at: file.path, fix: "check the disk")
    }
  }
}
