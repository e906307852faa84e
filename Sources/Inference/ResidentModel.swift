import Architectures
public import Checkpoints
import Diagnostics
import Kernels

/// A model whose packed layers and head stay in memory, for decoding token by token.
public final class ResidentModel: Sendable {
  let decoder: Decoder
  let engine: InferenceEngine
  let layers: [DecoderLayer]
  let panels: [PackedMatrix]

  /// Memory that the packed weights take.
  public var byteCount: Int {
    layers.reduce(0) { $0 + $1.byteCount } + panels.reduce(0) { $0 + $1.byteCount }
  }

  init(_ source: any WeightSource, engine: InferenceEngine) throws {
    let decoder = try Decoder(source)
    let gemm = try engine.gemm(for: decoder)
    layers = try (0..<decoder.configuration.layerCount).map { layer in
      try Task.checkCancellation()
      return try DecoderLayer(layer, of: decoder, gemm: gemm, pool: engine.pool)
    }
    let head = VocabularyHead(decoder: decoder, pass: try engine.pass(for: decoder, rows: 1))
    panels = try head.packedPanels()
    self.decoder = decoder
    self.engine = engine
  }
}

extension InferenceEngine {
  /// Reads and packs all weights of a model.
  ///
  /// - Throws: ``Diagnostic`` if the source does not fit its configuration; `CancellationError`.
  public func load(_ source: any WeightSource) throws -> ResidentModel {
    try ResidentModel(source, engine: self)
  }
}
