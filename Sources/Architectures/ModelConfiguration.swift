public import Diagnostics
public import Documents
public import Tensors

/// The sizes and options of one model, read from its `config.json` in the old or the new spelling.
public struct ModelConfiguration: Sendable {
  public let architecture: Architecture
  /// Path of the file, for messages.
  public let location: String
  /// Rows of the embedding; may exceed the tokenizer's vocabulary.
  public let vocabularySize: Int
  public let hiddenSize: Int
  public let intermediateSize: Int
  public let layerCount: Int
  /// Query heads.
  public let headCount: Int
  /// Divides ``headCount``.
  public let keyValueHeadCount: Int
  /// Dimensions per head, an even number; `headCount * headSize` need not be ``hiddenSize``.
  public let headSize: Int
  /// Added to the mean square under the root of a norm.
  public let normEpsilon: Double
  public let activation: Activation
  /// The head is the embedding.
  public let tiesEmbeddings: Bool
  /// Longest sequence, in tokens.
  public let maximumPositions: Int
  /// What `dtype` or `torch_dtype` says; nil if neither does.
  public let dtype: DType?
  /// The matrices of a layer, in the order of the computation.
  public let projections: [Projection]
  public let biasedProjections: Set<Projection>
  /// Attention and MLP read the same states, so that what they add does not depend on each other.
  public let isParallel: Bool
  /// The norms of a layer with one scale per hidden dimension; where a parallel layer has no
  /// ``NormPlace/mlpInput``, its MLP reads what its attention reads.
  public let normPlaces: Set<NormPlace>
  public let headNorm: HeadNorm?
  /// What the norms of ``normPlaces`` compute.
  public var norm: NormKind { architecture.norm }
  /// How the rows of ``Projection/queryKeyValue`` are arranged.
  public var queryKeyValueOrder: QueryKeyValueOrder { architecture.queryKeyValueOrder }
  /// Matrices are stored as [in, out].
  public var storesTransposed: Bool { architecture.storesTransposed }
  /// Embeddings are multiplied with it.
  public let embeddingScale: Double
  /// What attention and MLP add is multiplied with it.
  public let residualScale: Double
  public let logitScale: Double
  /// The limit c of c·tanh(score/c), on products of queries and keys.
  public let attentionCap: Double?
  /// The same on logits.
  public let logitCap: Double?
  /// What differs from layer to layer, one entry per layer.
  public let layers: [LayerOptions]

  /// Options of one layer.
  public struct LayerOptions: Sendable, Hashable {
    /// A token sees itself and the `window - 1` tokens before it; nil: all before it.
    public let window: Int?
    /// Nil: the layer does not rotate.
    public let rotary: RotaryEmbedding?
    /// What products of queries and keys are multiplied with.
    public let attentionScale: Double
  }

  /// The key of `config.json` with the number of layers.
  public var layerCountKey: String { architecture.keys.layerCount }

  /// Sequences of up to this many tokens rotate alike, whatever their length; nil: all do.
  public var steadyLength: Int? { layers.compactMap { $0.rotary?.steadyLength }.min() }

  /// The longest sequence that the model is made for, in tokens, stretched rotations included.
  public var longestSequence: Int {
    let stretched = layers.compactMap { layer -> Int? in
      guard case .dynamic(let factor, let positions) = layer.rotary?.scaling else { return nil }
      return Int(min(factor * Double(positions), Double(Self.largestSize)))
    }
    return max(maximumPositions, stretched.max() ?? 0)
  }

  /// Sizes beyond this are damage; products of two of them still fit in `Int`.
  static let largestSize = 1 << 28
  private static let mostLayers = 4096

  /// Reads a `config.json`.
  ///
  /// - Throws: ``Diagnostic`` naming the file and the key for an unknown model type or architecture, a
  ///   missing or ill-typed key, a value out of range, or an option that is not supported.
  public init(config: JSONValue, location: String) throws(Diagnostic) {
    let outer = ConfigurationReader(document: config, location: location)
    guard config.members != nil else {
      throw Diagnostic(
        "is not a JSON object", at: location, fix: "take the file from the original model")
    }
    if let quantization = try outer.object("quantization_config") {
      let method = try quantization.string("quant_method").map { " (\($0))" } ?? ""
      throw Diagnostic(
        "the weights are quantised\(method)", at: outer.location(of: "quantization_config"),
        fix: "use the checkpoint stored as F32, F16 or BF16 from which this one was made")
    }
    let nested = outer.value("hidden_size") == nil ? try outer.object("text_config") : nil
    let reader = nested ?? outer
    let architecture = try Self.architecture(reader, outer: outer)
    self.architecture = architecture
    self.location = location
    let (keys, defaults) = (architecture.keys, architecture.defaults)
    try Self.refuseOptions(reader, architecture.refusedOptions)
    func size(_ key: String, in range: ClosedRange<Int>, ifMissing: Int? = nil)
      throws(Diagnostic) -> Int
    {
      if let size = try reader.integer(key, in: range) ?? ifMissing { return size }
      return try reader.requiredInteger(key, in: range)
    }
    let sizes = 1...Self.largestSize
    vocabularySize = try size("vocab_size", in: sizes, ifMissing: defaults.vocabularySize)
    hiddenSize = try size(keys.hiddenSize, in: sizes)
    intermediateSize = try size(
      keys.intermediateSize, in: sizes,
      ifMissing: defaults.intermediateFactor.map { [hiddenSize] in $0 * hiddenSize })
    layerCount = try size(keys.layerCount, in: 1...Self.mostLayers)
    headCount = try size(keys.headCount, in: 1...65_536, ifMissing: defaults.headCount)
    keyValueHeadCount = try Self.keyValueHeads(reader, heads: headCount, architecture)
    headSize = try Self.headSize(reader, hidden: hiddenSize, heads: headCount, architecture)
    normEpsilon = try reader.positiveNumber(keys.normEpsilon) ?? defaults.normEpsilon
    let activationName = try reader.string(keys.activation) ?? defaults.activation
    activation = try Activation(
      named: keys.activationAliases[activationName] ?? activationName,
      at: reader.location(of: keys.activation))
    let ties = try reader.bool("tie_word_embeddings")
    let outerTies = try outer.bool("tie_word_embeddings")
    tiesEmbeddings = ties ?? outerTies ?? defaults.tiesEmbeddings
    maximumPositions =
      try reader.integer(keys.maximumPositions, in: sizes) ?? defaults.maximumPositions
    let innerDType = try Self.dtype(reader)
    let outerDType = try Self.dtype(outer)
    dtype = innerDType ?? outerDType
    projections = Projection.allCases.filter { architecture.names.projections[$0] != nil }
    biasedProjections = try Self.biases(reader, architecture)
    let block = try Self.block(reader, architecture)
    isParallel = block.isParallel
    normPlaces = block.normPlaces
    headNorm = try Self.headNorm(reader, architecture)
    let scales = architecture.scales
    embeddingScale = try scales.value(of: scales.embedding, reader, hiddenSize: hiddenSize)
    residualScale = try scales.value(of: scales.residual, reader, hiddenSize: hiddenSize)
    logitScale = try scales.value(of: scales.logits, reader, hiddenSize: hiddenSize)
    attentionCap = try scales.value(of: scales.attentionCap, reader)
    logitCap = try scales.value(of: scales.logitCap, reader)
    let windows = try architecture.windows(reader, layers: layerCount)
    let rotary =
      try architecture.rotary?.embeddings(
        reader, headSize: headSize, maximumPositions: maximumPositions, windows: windows)
      ?? windows.map { _ in nil }
    let attentionScales = try scales.attentionScales(
      reader, headSize: headSize, layers: layerCount)
    layers = windows.indices.map {
      LayerOptions(window: windows[$0], rotary: rotary[$0], attentionScale: attentionScales[$0])
    }
  }
}

extension ModelConfiguration {
  private static func architecture(
    _ reader: ConfigurationReader, outer: ConfigurationReader
  ) throws(Diagnostic) -> Architecture {
    let inner = try reader.strings("architectures")
    let outermost = try outer.strings("architectures")
    let className = inner?.first ?? outermost?.first
    let wrapped = reader.location == outer.location ? nil : try wrappedType(outer)
    guard let modelType = try reader.string("model_type") ?? wrapped else {
      guard let className else {
        throw reader.missing("model_type", "'llama' or the like")
      }
      let classes = Architecture.all.names.compactMap { Architecture.all[$0]?.className }
      guard let index = classes.firstIndex(where: { $0.lowercased() == className.lowercased() }),
        let architecture = Architecture.all[Architecture.all.names[index]]
      else {
        throw unknownName(
          className, noun: "architecture", known: classes, at: reader.location(of: "architectures"))
      }
      return architecture
    }
    guard let architecture = Architecture.all[modelType] else {
      var error = unknownName(
        modelType, noun: "model type", known: Architecture.all.names,
        at: reader.location(of: "model_type"))
      if let className { error.problem += " (architecture \(className))" }
      throw error
    }
    // A text model nested in a larger one says the larger one's class.
    if reader.location == outer.location, let className, className.hasSuffix("ForCausalLM"),
      className.lowercased() != architecture.className.lowercased()
    {
      throw Diagnostic(
        "architecture \(className) is not supported for model type '\(modelType)'",
        at: reader.location(of: "architectures"), fix: "use a model of \(architecture.className)")
    }
    return architecture
  }

  /// The type of the language model in a larger model.
  private static func wrappedType(_ outer: ConfigurationReader) throws(Diagnostic) -> String? {
    guard let type = try outer.string("model_type") else { return nil }
    return Architecture.all.names.first { Architecture.all[$0]?.keys.wrapperModelType == type }
  }

  private static func refuseOptions(
    _ reader: ConfigurationReader, _ keys: [String]
  ) throws(Diagnostic) {
    for key in keys where try reader.bool(key) ?? false {
      throw Diagnostic(
        "this option is not supported", at: reader.location(of: key),
        fix: "use a model of the same family without it")
    }
  }

  private static func keyValueHeads(
    _ reader: ConfigurationReader, heads: Int, _ architecture: Architecture
  ) throws(Diagnostic) -> Int {
    guard let key = architecture.keys.keyValueHeadCount else { return heads }
    let isWritten = reader.document[key] != nil
    let ifMissing = isWritten ? nil : architecture.defaults.keyValueHeads
    let count = try reader.integer(key, in: 1...65_536) ?? ifMissing ?? heads
    guard heads.isMultiple(of: count) else {
      throw Diagnostic(
        "\(heads) attention heads are no multiple of \(count) key-value heads",
        at: reader.location(of: key), fix: "take the file from the original model")
    }
    return count
  }

  private static func headSize(
    _ reader: ConfigurationReader, hidden: Int, heads: Int, _ architecture: Architecture
  ) throws(Diagnostic) -> Int {
    if let key = architecture.keys.headSize, let stated = try reader.integer(key, in: 1...65_536) {
      return stated
    }
    if let size = architecture.defaults.headSize { return size }
    guard hidden.isMultiple(of: heads) else {
      let reason = architecture.keys.headSize.map { ", and there is no \($0)" } ?? ""
      throw Diagnostic(
        "\(hidden) is no multiple of \(heads) attention heads\(reason)",
        at: reader.location(of: architecture.keys.hiddenSize),
        fix: "take the file from the original model")
    }
    return hidden / heads
  }

  private static func dtype(_ reader: ConfigurationReader) throws(Diagnostic) -> DType? {
    let key = reader.value("dtype") == nil ? "torch_dtype" : "dtype"
    guard let name = try reader.string(key) else { return nil }
    let plain = name.hasPrefix("torch.") ? String(name.dropFirst(6)) : name
    return ["float32": .f32, "float16": .f16, "bfloat16": .bf16, "float64": .f64][plain]
  }

  private static func biases(
    _ reader: ConfigurationReader, _ architecture: Architecture
  ) throws(Diagnostic) -> Set<Projection> {
    var biases: Set<Projection> = []
    for rule in architecture.biases where try reader.flag(rule.isThere) {
      biases.formUnion(rule.projections)
    }
    return biases
  }

  private static func block(
    _ reader: ConfigurationReader, _ architecture: Architecture
  ) throws(Diagnostic) -> (isParallel: Bool, normPlaces: Set<NormPlace>) {
    var places = Set(architecture.names.norms.keys)
    guard case .parallel(let flag, let sharesNorm) = architecture.residual,
      try reader.flag(flag)
    else { return (false, places) }
    if sharesNorm { places.remove(.mlpInput) }
    return (true, places)
  }

  private static func headNorm(
    _ reader: ConfigurationReader, _ architecture: Architecture
  ) throws(Diagnostic) -> HeadNorm? {
    guard let rule = architecture.headNorms, try reader.flag(rule.isThere) else { return nil }
    return HeadNorm(kind: rule.kind, extent: rule.extent)
  }
}
