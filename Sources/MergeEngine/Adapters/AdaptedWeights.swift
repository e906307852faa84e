import Checkpoints
import Kernels
import Tensors

/// Weights of a model with a LoRA adapter merged in, on demand and range by range.
///
/// As PEFT does it: the model in its load dtype, the product in single precision, the sum rounded.
final class AdaptedWeights: WeightSource {
  let config: ConfigFile
  let tensorNames: [TensorName]
  private let source: any WeightSource
  private let adapter: LoRAAdapter?
  private let changes: [TensorName: LoRAAdapter.Change]
  private let loadDType: DType?

  /// - Parameters:
  ///   - source: The model.
  ///   - config: Says what the weights are.
  ///   - adapter: Nil if the weights are only cast.
  ///   - changes: Of the adapter, by the names in `source`.
  ///   - loadDType: To which the model's weights are cast first; nil for those that are stored.
  init(
    _ source: any WeightSource, config: ConfigFile, adapter: LoRAAdapter?,
    changes: [TensorName: LoRAAdapter.Change], loadDType: DType?
  ) {
    self.source = source
    self.config = config
    self.adapter = adapter
    self.changes = changes
    self.loadDType = loadDType
    tensorNames = source.tensorNames
  }

  func description(of name: TensorName) -> TensorDescription? {
    source.description(of: name).map { stored in
      guard let loadDType, stored.dtype.isMergeable else { return stored }
      return TensorDescription(name: stored.name, dtype: loadDType, shape: stored.shape)
    }
  }

  func prepare(_ name: TensorName, on pool: WorkerPool) throws {
    if changes[name]?.replacement == nil { try source.prepare(name, on: pool) }
  }

  func read(
    _ name: TensorName, elements: Range<Int>, into destination: inout MutableSpan<Float>
  ) throws {
    let change = changes[name]
    if let adapter, let replacement = change?.replacement {
      try adapter.read(replacement, elements, into: &destination)
    } else {
      try source.read(name, elements: elements, into: &destination)
    }
    guard let description = description(of: name) else { return }
    if loadDType != nil || change?.replacement != nil {
      round(&destination, to: description.dtype)
    }
    guard let adapter, let change, !change.products.isEmpty || !change.addends.isEmpty else {
      return
    }
    for product in change.products {
      try adapter.add(
        product, elements: elements, width: description.shape.dimensions[1],
        dtype: description.dtype, to: &destination)
    }
    for addend in change.addends { try adapter.add(addend, elements: elements, to: &destination) }
    round(&destination, to: description.dtype)
  }
}
