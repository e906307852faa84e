public import Architectures
public import Checkpoints
import Diagnostics
import Documents
public import Kernels
import Synchronization
public import Tensors

/// A checkpoint with its configuration, and where the weights that this asks for are stored.
public final class OpenModel: Sendable {
  /// Distinguishes the models of a library.
  let number: Int
  public let checkpoint: Checkpoint
  public let configuration: ModelConfiguration
  /// The checkpoint, or the checkpoint with an adapter merged in.
  public let source: any WeightSource
  let weights: [WeightKey: StoredWeight]
  let reading: ModelReading
  private let finite = Mutex<Set<TensorName>>([])
  private let isAdapterChecked = Mutex(false)

  init(_ checkpoint: Checkpoint, _ reading: ModelReading, number: Int) throws(Diagnostic) {
    self.number = number
    self.checkpoint = checkpoint
    self.reading = reading
    let config = try reading.config(checkpoint.config)
    let configuration = try ModelConfiguration(config: config.document, location: config.location)
    self.configuration = configuration
    var weights: [WeightKey: StoredWeight] = [:]
    for spec in configuration.weights {
      let stored = try spec.resolve(at: checkpoint.path) { checkpoint.description(of: $0) }
      if let stored { weights[WeightKey(spec)] = StoredWeight(name: spec.name, stored: stored) }
    }
    (source, self.weights) = try reading.apply(
      to: checkpoint, config: config, configuration, weights)
  }

  /// The folder, with that of the adapter after a plus sign.
  public var place: String {
    checkpoint.path + (reading.adapter.map { "+\($0.folder)" } ?? "")
  }

  /// The stored tensors that the configuration uses, in the order of the computation.
  public var usedTensors: [TensorName] {
    configuration.weights.compactMap { weights[WeightKey($0)]?.stored.name }
  }

  /// Refuses NaN and infinities in the tensors that the configuration uses; each is scanned once.
  ///
  /// - Throws: ``Diagnostic`` that names a tensor and the number of such values; `CancellationError`.
  public func checkFinite(on pool: WorkerPool) throws {
    let unknown = finite.withLock { finite in usedTensors.filter { !finite.contains($0) } }
    try checkpoint.checkFinite(unknown, on: pool)
    finite.withLock { $0.formUnion(unknown) }
    if let adapter = reading.adapter, !isAdapterChecked.withLock({ $0 }) {
      try adapter.checkFinite()
      isAdapterChecked.withLock { $0 = true }
    }
  }
}

/// A weight by its function, the same for all models of an architecture.
struct WeightKey: Hashable, Sendable {
  let part: WeightPart
  /// Nil outside of the layers.
  let layer: Int?

  init(_ spec: WeightSpec) { self.init(spec.part, layer: spec.layer) }

  init(_ part: WeightPart, layer: Int?) {
    self.part = part
    self.layer = layer
  }
}

/// A weight under the name that recipes filter by, and as it is stored.
struct StoredWeight: Sendable {
  let name: TensorName
  let stored: TensorDescription
}
