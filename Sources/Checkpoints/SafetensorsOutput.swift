public import Diagnostics
import Foundation
import Kernels
public import Tensors

/// A safetensors file of computed values, which appears under its name once it is complete.
///
/// A file of that name is replaced then; without ``finish()`` nothing is left.
public final class SafetensorsOutput {
  private let path: String
  private let file: OutputFile
  private let places: [ExactName: (dtype: DType, offset: Int, count: Int)]
  private var isFinished = false

  /// - Precondition: Every dtype is F32, F16 or BF16; names are unique and none is `__metadata__`.
  /// - Throws: ``Diagnostic`` if the file cannot be created.
  public init(_ path: String, tensors: [TensorDescription]) throws(Diagnostic) {
    let shard = CheckpointLayout.Shard(fileName: path, tensors: tensors)
    self.path = path
    let name = "\(path).partial-\(ProcessInfo.processInfo.processIdentifier)"
    try? FileManager.default.removeItem(atPath: name)
    file = try OutputFile(creating: name)
    places = Dictionary(
      uniqueKeysWithValues: shard.tensors.map { tensor, offset in
        (ExactName(tensor.name), (tensor.dtype, offset, tensor.shape.elementCount))
      })
    try shard.header.withRawBytes { bytes throws(Diagnostic) in try file.write(bytes, at: 0) }
  }

  deinit {
    if !isFinished { try? FileManager.default.removeItem(atPath: file.path) }
  }

  /// Writes some elements of the flattened tensor, rounded to its dtype.
  ///
  /// - Precondition: The tensor exists and has these elements.
  /// - Throws: ``Diagnostic`` if the disk is full or fails.
  public func write(
    _ values: Span<Float>, to name: TensorName, from element: Int = 0
  ) throws(Diagnostic) {
    guard let place = places[ExactName(name)] else { preconditionFailure("no tensor '\(name)'") }
    precondition(
      element >= 0 && element + values.count <= place.count,
      "elements \(element)..<\(element + values.count) of '\(name)', which has \(place.count)")
    try file.write(
      values, as: place.dtype, at: place.offset + element * place.dtype.bitWidth / 8)
  }

  /// Puts the file in its place; every element must have been written.
  ///
  /// - Throws: ``Diagnostic`` if the disk is full or fails, or the place is a folder.
  public func finish() throws(Diagnostic) {
    try file.synchronize()
    try Durability.rename(file.path, to: path)
    isFinished = true
    try Durability.synchronizeFolder(
      URL(fileURLWithPath: path).deletingLastPathComponent().path)
  }
}
