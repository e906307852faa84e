import Architectures
import Checkpoints
import Diagnostics
import Kernels
import Tensors

/// A weight source together with what its configuration says: which tensor plays which part.
struct Decoder: Sendable {
  let source: any WeightSource
  let configuration: ModelConfiguration
  /// The model for messages: its folder, where the configuration lies in one.
  let location: String
  private let names: [Key: TensorName]

  private struct Key: Hashable {
    let layer: Int?
    let part: WeightPart
  }

  /// - Throws: ``Diagnostic`` for a configuration that is not supported, and for a tensor that is missing,
  ///   or has another shape or dtype than the configuration and the forward pass need.
  init(_ source: any WeightSource) throws(Diagnostic) {
    self.source = source
    let file = source.config.location
    configuration = try ModelConfiguration(config: source.config.document, location: file)
    guard configuration.headSize <= HeadSizes.largestSize else {
      throw Diagnostic(
        "heads have \(configuration.headSize) dimensions, more than the \(HeadSizes.largestSize) supported",
        at: file, fix: "use a model with smaller heads")
    }
    let suffix = "/config.json"
    location = file.hasSuffix(suffix) ? String(file.dropLast(suffix.count)) : file
    var names: [Key: TensorName] = [:]
    for spec in configuration.weights {
      guard let found = try spec.resolve(at: location, { source.description(of: $0) }) else {
        continue
      }
      guard found.dtype.bitWidth <= 32 else {
        throw Diagnostic(
          "tensor '\(found.name)' is stored as \(found.dtype.rawValue)", at: location,
          fix: "evaluate a model stored as F32, F16 or BF16")
      }
      names[Key(layer: spec.layer, part: spec.part)] = found.name
    }
    self.names = names
  }

  /// The stored tensor of a part; nil if the model has none, such as a bias.
  func name(_ part: WeightPart, layer: Int? = nil) -> TensorName? {
    names[Key(layer: layer, part: part)]
  }

  /// The tensor that turns hidden states into logits: the embedding, in a tied model.
  var headName: TensorName { requiredName(configuration.tiesEmbeddings ? .embedding : .head) }

  var heads: HeadSizes {
    HeadSizes(
      queries: configuration.headCount, keyValues: configuration.keyValueHeadCount,
      size: configuration.headSize)
  }

  /// Sizes of all matrices that are multiplied with.
  var matrixShapes: Set<MatrixShape> { Set(layerShapes).union(headShapes) }

  /// Sizes of the matrices of one layer.
  private var layerShapes: [MatrixShape] {
    let hidden = configuration.hiddenSize
    let parts = configuration.hasGate ? 2 : 1
    return [
      MatrixShape(outputs: heads.projectedWidth, inputs: hidden),
      MatrixShape(outputs: hidden, inputs: heads.outputWidth),
      MatrixShape(outputs: hidden, inputs: configuration.intermediateSize),
    ] + innerPanels.map { MatrixShape(outputs: parts * $0.count, inputs: hidden) }
  }

  private var headShapes: [MatrixShape] {
    vocabularyPanels.map {
      MatrixShape(outputs: $0.count, inputs: configuration.hiddenSize)
    }
  }

  /// The MLP's inner values in the parts that are computed together.
  ///
  /// What a block of rows has of a part stays in a core's cache until it is gated. A stored matrix that is
  /// transposed is not cut.
  var innerPanels: [Range<Int>] {
    let inner = configuration.intermediateSize
    if configuration.storesTransposed { return [0..<inner] }
    // Less than so many weights are not worth a call.
    let wanted = max(256, (1 << 18) / configuration.hiddenSize)
    let count = (inner + wanted - 1) / wanted
    let size = ((inner + count - 1) / count + 31) / 32 * 32
    return stride(from: 0, to: inner, by: size).map { $0..<min($0 + size, inner) }
  }

  /// The vocabulary in the parts whose logits are computed together.
  var vocabularyPanels: [Range<Int>] {
    let size = configuration.vocabularySize
    return stride(from: 0, to: size, by: Self.panelSize).map {
      $0..<min($0 + Self.panelSize, size)
    }
  }

  private static let panelSize = 4096

  /// Weights of the matrices of one layer, rows filled up as the products' layouts do.
  var layerWeightCount: Int { layerShapes.reduce(0) { $0 + $1.packedCount } }

  /// Weights of the largest part of the head, likewise.
  var largestPanelWeightCount: Int { headShapes.map(\.packedCount).max() ?? 0 }
}

/// Sizes of a matrix [outputs, inputs].
struct MatrixShape: Hashable, Sendable {
  let outputs: Int
  let inputs: Int

  /// Numbers of the packed matrix: layouts have whole blocks of 64 outputs and 32 inputs.
  var packedCount: Int { (outputs + 63) / 64 * 64 * ((inputs + 31) / 32 * 32) }
}
