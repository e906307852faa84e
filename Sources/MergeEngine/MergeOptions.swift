public import Tensors

/// Choices about a merge that its recipe does not hold.
public struct MergeOptions: Sendable, Hashable {
  /// Whether models of several architectures are read as if they were of the donor's.
  public var mixesArchitectures: Bool
  /// Whether embeddings and head are cut to the smallest vocabulary, where no tokenizer is asked for.
  public var truncatesEmbeddings: Bool
  /// To which models are cast before adapters are merged into them; nil for the stored dtype.
  public var adapterDType: DType?

  public init(
    mixesArchitectures: Bool = false, truncatesEmbeddings: Bool = false, adapterDType: DType? = nil
  ) {
    self.mixesArchitectures = mixesArchitectures
    self.truncatesEmbeddings = truncatesEmbeddings
    self.adapterDType = adapterDType
  }
}
