public import Documents
public import Kernels
public import Tensors

/// The `config.json` of a model: the document as written, and where it came from.
public struct ConfigFile: Sendable {
  /// Path of the file for messages (for a merge plan: of the file it was derived from).
  public let location: String
  /// A JSON object; order and spelling of the keys are kept, so that a copy is written as it was.
  public var document: JSONValue

  public init(location: String, document: JSONValue) {
    self.location = location
    self.document = document
  }
}

/// Weights by name, whether they lie in a checkpoint or are merged on demand.
///
/// The forward pass, the writer and the merge planner all read through this protocol and cannot tell
/// which. A source may be read from many threads at once.
public protocol WeightSource: Sendable {
  var config: ConfigFile { get }

  /// All tensors of the source, in a fixed order.
  var tensorNames: [TensorName] { get }

  /// The tensor's shape and the dtype in which it is stored (or, for a merge, will be written).
  func description(of name: TensorName) -> TensorDescription?

  /// Overwrites `destination` with the elements `elements` of the flattened (row-major) tensor.
  ///
  /// Values are those of the stored or written dtype, widened exactly: a merged bf16 tensor yields
  /// numbers that bf16 can hold. Any way of cutting a tensor into ranges yields the same bits.
  /// - Precondition: `destination.count == elements.count` and the tensor exists with a mergeable dtype
  ///   of at most 32 bits.
  /// - Throws: ``Diagnostic`` if the file has shrunk or a merge is impossible.
  func read(
    _ name: TensorName, elements: Range<Int>, into destination: inout MutableSpan<Float>) throws

  /// Works out, on all workers, what every range of the tensor needs: thresholds, norms, rescaling.
  ///
  /// Optional: ``read(_:elements:into:)`` does it by itself when nobody has, on one thread. Call it outside
  /// of the pool's own work, before the tensor is read tile by tile.
  func prepare(_ name: TensorName, on pool: WorkerPool) throws

  /// The tensor where it lies in memory as F32, F16 or BF16; nil (the default) if it is computed.
  func stored(_ name: TensorName) -> StoredElements?

  /// Overwrites `destination` with elements in the dtype of ``description(of:)``, little-endian.
  ///
  /// The numbers are those of ``read(_:elements:into:)``, without the way through single precision.
  /// - Precondition: `destination` has as many bytes as the elements.
  /// - Throws: As ``read(_:elements:into:)``.
  func store(
    _ name: TensorName, elements: Range<Int>, into destination: inout MutableSpan<UInt8>) throws

  /// A hint about mapped memory, which changes no result; ignored by default.
  func expect(_ use: WeightUse, of name: TensorName)
}

/// When a tensor is read next.
public enum WeightUse: Sendable {
  /// Soon, so it may be fetched from the disk meanwhile.
  case soon
  /// Not for a while, so it may leave memory.
  case over
}

extension WeightSource {
  public func prepare(_ name: TensorName, on pool: WorkerPool) throws {}

  public func stored(_ name: TensorName) -> StoredElements? { nil }

  public func store(
    _ name: TensorName, elements: Range<Int>, into destination: inout MutableSpan<UInt8>
  ) throws {
    guard let dtype = description(of: name)?.dtype else { preconditionFailure("no '\(name)'") }
    let width = dtype.bitWidth / 8
    var values = [Float](repeating: 0, count: min(elements.count, MergeStack.tile))
    for start in stride(from: elements.lowerBound, to: elements.upperBound, by: MergeStack.tile) {
      let count = min(elements.upperBound - start, MergeStack.tile)
      var span = values.mutableSpan
      var part = span._mutatingExtracting(0..<count)
      try read(name, elements: start..<start + count, into: &part)
      let offset = (start - elements.lowerBound) * width
      var target = destination._mutatingExtracting(offset..<offset + count * width)
      narrow(values.span.extracting(0..<count), to: dtype, into: &target)
    }
  }

  public func expect(_ use: WeightUse, of name: TensorName) {}
}

extension StoredElements {
  /// Passes a hint on to the system.
  package func expect(_ use: WeightUse) {
    switch use {
    case .soon: prefetch()
    case .over: evict()
    }
  }
}
