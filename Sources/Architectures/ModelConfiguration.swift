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
  public let biasedProjections: Set<Projection>
  /// What differs from layer to layer, one entry per layer.
  public let layers: [LayerOptions]

  /// Options of one layer.
  public struct LayerOptions: Sendable, Hashable {
    /// A token sees itself and the `window - 1` tokens before it; nil: all before it.
    public let window: Int?
    public let rotary: RotaryEmbedding
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
    let sizes = 1...Self.largestSize
    architecture = try Self.architecture(reader, outer: outer)
    self.location = location
    vocabularySize = try reader.requiredInteger("vocab_size", in: sizes)
    hiddenSize = try reader.requiredInteger("hidden_size", in: sizes)
    intermediateSize = try reader.requiredInteger("intermediate_size", in: sizes)
    layerCount = try reader.requiredInteger("num_hidden_layers", in: 1...Self.mostLayers)
    headCount = try reader.requiredInteger("num_attention_heads", in: 1...65_536)
    keyValueHeadCount = try Self.keyValueHeads(reader, heads: headCount, architecture.defaults)
    headSize = try Self.headSize(reader, hidden: hiddenSize, heads: headCount)
    normEpsilon = try reader.positiveNumber("rms_norm_eps") ?? architecture.defaults.normEpsilon
    activation = try Activation(
      named: reader.string("hidden_act") ?? "silu", at: reader.location(of: "hidden_act"))
    let ties = try reader.bool("tie_word_embeddings")
    let outerTies = try outer.bool("tie_word_embeddings")
    tiesEmbeddings = ties ?? outerTies ?? architecture.defaults.tiesEmbeddings
    maximumPositions =
      try reader.integer("max_position_embeddings", in: sizes)
      ?? architecture.defaults.maximumPositions
    let innerDType = try Self.dtype(reader)
    let outerDType = try Self.dtype(outer)
    dtype = innerDType ?? outerDType
    biasedProjections = try Self.biases(reader, architecture)
    let rotary = try RotaryEmbedding(
      reader, headSize: headSize, maximumPositions: maximumPositions,
      defaultTheta: architecture.defaults.ropeTheta)
    layers = try Self.windows(reader, architecture.windowRule, layers: layerCount)
      .map { LayerOptions(window: $0, rotary: rotary) }
  }
}

extension ModelConfiguration {
  private static func architecture(
    _ reader: ConfigurationReader, outer: ConfigurationReader
  ) throws(Diagnostic) -> Architecture {
    let inner = try reader.strings("architectures")
    let outermost = try outer.strings("architectures")
    let className = inner?.first ?? outermost?.first
    guard let modelType = try reader.string("model_type") else {
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

  private static func keyValueHeads(
    _ reader: ConfigurationReader, heads: Int, _ defaults: Architecture.Defaults
  ) throws(Diagnostic) -> Int {
    let key = "num_key_value_heads"
    let isWritten = reader.document[key] != nil
    let count =
      try reader.integer(key, in: 1...65_536) ?? (isWritten ? nil : defaults.keyValueHeads) ?? heads
    guard heads.isMultiple(of: count) else {
      throw Diagnostic(
        "\(heads) attention heads are no multiple of \(count) key-value heads",
        at: reader.location(of: key), fix: "take the file from the original model")
    }
    return count
  }

  private static func headSize(
    _ reader: ConfigurationReader, hidden: Int, heads: Int
  ) throws(Diagnostic) -> Int {
    let stated = try reader.integer("head_dim", in: 1...65_536)
    let key = stated == nil ? "hidden_size" : "head_dim"
    guard stated != nil || hidden.isMultiple(of: heads) else {
      throw Diagnostic(
        "\(hidden) is no multiple of \(heads) attention heads, and there is no head_dim",
        at: reader.location(of: key), fix: "take the file from the original model")
    }
    let size = stated ?? hidden / heads
    guard size.isMultiple(of: 2) else {
      throw Diagnostic(
        "heads of \(size) dimensions cannot be rotated in pairs", at: reader.location(of: key),
        fix: "take the file from the original model")
    }
    return size
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
    var biases = architecture.biasedProjections
    for bias in architecture.biasKeys where try reader.bool(bias.key) ?? false {
      biases.formUnion(bias.projections)
    }
    return biases
  }

  private static func windows(
    _ reader: ConfigurationReader, _ rule: Architecture.WindowRule, layers: Int
  ) throws(Diagnostic) -> [Int?] {
    let all = [Int?](repeating: nil, count: layers)
    func window(ifMissing: Int) throws(Diagnostic) -> Int? {
      let isWritten = reader.document["sliding_window"] != nil
      return try reader.integer("sliding_window", in: 1...largestSize)
        ?? (isWritten ? nil : ifMissing)
    }
    switch rule {
    case .none: return all
    case .everyLayer(let ifMissing):
      let window = try window(ifMissing: ifMissing)
      return all.map { _ in window }
    case .upperLayers(let ifMissing, let firstIfMissing):
      guard try reader.bool("use_sliding_window") ?? false else { return all }
      let window = try window(ifMissing: ifMissing)
      if let types = try reader.strings("layer_types") {
        return try windows(ofTypes: types, window, reader, layers: layers)
      }
      let first = try reader.integer("max_window_layers", in: 0...largestSize) ?? firstIfMissing
      return (0..<layers).map { $0 >= first ? window : nil }
    }
  }

  private static func windows(
    ofTypes types: [String], _ window: Int?, _ reader: ConfigurationReader, layers: Int
  ) throws(Diagnostic) -> [Int?] {
    let location = reader.location(of: "layer_types")
    guard types.count == layers else {
      throw Diagnostic(
        "\(types.count) types for \(layers) layers", at: location, fix: "list one type per layer")
    }
    var windows: [Int?] = []
    for type in types {
      switch type {
      case "full_attention": windows.append(nil)
      case "sliding_attention": windows.append(window)
      default:
        throw unknownName(
          type, noun: "layer type", known: ["full_attention", "sliding_attention"], at: location)
      }
    }
    return windows
  }
}
