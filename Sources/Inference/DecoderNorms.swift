import Architectures
import Kernels

extension Decoder {
  /// The norm at a place of a layer, or after all layers; nil if the model has none there.
  func norm(_ place: NormPlace, layer: Int? = nil, pool: WorkerPool) throws -> RowNorm? {
    let isOfHeads = place == .query || place == .key
    guard isOfHeads else {
      guard name(.norm(place), layer: layer) != nil else { return nil }
      let weights = try vector(.norm(place), layer: layer, pool: pool)
      return rowNorm(
        configuration.norm, weights, try bias(of: place, layer: layer, pool: pool), width: nil)
    }
    guard let rule = configuration.headNorm else { return nil }
    let heads = place == .query ? configuration.headCount : configuration.keyValueHeadCount
    let weights =
      if rule.extent == .tensorPerHead {
        try (0..<heads).flatMap {
          try vector(.headNorm(place, head: $0), layer: layer, pool: pool)
        }
      } else { try vector(.norm(place), layer: layer, pool: pool) }
    let bias = try bias(of: place, layer: layer, pool: pool)
    func forAllHeads(_ values: [Float]) -> [Float] {
      rule.extent == .head ? (0..<heads).flatMap { _ in values } : values
    }
    return rowNorm(
      rule.kind, forAllHeads(weights), forAllHeads(bias),
      width: rule.extent == .allHeads ? nil : configuration.headSize)
  }

  /// What a norm adds; empty if it adds nothing.
  private func bias(of place: NormPlace, layer: Int?, pool: WorkerPool) throws -> [Float] {
    guard name(.normBias(place), layer: layer) != nil else { return [] }
    return try vector(.normBias(place), layer: layer, pool: pool)
  }

  private func rowNorm(
    _ kind: NormKind, _ weights: [Float], _ bias: [Float], width: Int?
  ) -> RowNorm {
    let isCentered =
      switch kind {
      case .rootMeanSquare, .rootMeanSquareOffset: false
      case .layer: true
      }
    return RowNorm(
      weights: kind == .rootMeanSquareOffset ? weights.map { 1 + $0 } : weights, bias: bias,
      epsilon: Float(configuration.normEpsilon), isCentered: isCentered, width: width)
  }
}
