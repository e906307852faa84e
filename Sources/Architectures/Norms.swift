/// What a norm computes.
public enum NormKind: Sendable, Hashable {
  /// x / √(mean(x²) + ε) · w
  case rootMeanSquare
  /// x / √(mean(x²) + ε) · (1 + w): weights are stored around 0.
  case rootMeanSquareOffset
  /// (x - mean) / √(variance + ε) · w + b
  case layer(hasBias: Bool)

  public var hasBias: Bool { self == .layer(hasBias: true) }
}

/// Where a norm stands in a layer.
public enum NormPlace: Sendable, Hashable {
  /// Of what the attention reads; its MLP reads the same, where the two share a norm.
  case attentionInput
  /// Of what the attention adds.
  case attentionOutput
  case mlpInput
  case mlpOutput
  /// Of the projected queries.
  case query
  case key
  /// After the last layer.
  case final
}

/// The norms of queries and keys before they rotate.
public struct HeadNorm: Sendable, Hashable {
  /// What is normalized together, and which weights it has.
  public enum Extent: Sendable {
    /// Every head, all with the same weights [size].
    case head
    /// Every head with weights of its own, a row of [heads, size].
    case weightsPerHead
    /// Every head with weights of its own, in a tensor [size] per head.
    case tensorPerHead
    /// All heads together, with weights [heads · size].
    case allHeads
  }

  public let kind: NormKind
  public let extent: Extent
}
