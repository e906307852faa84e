public import Tensors

/// One document of mergekit's recipe language, validated.
public struct Recipe: Hashable, Sendable {
  /// The stage's name in a document of several stages.
  public var name: String?
  public var method: MethodDeclaration
  /// The reference model of task vectors; also the donor of config and tokenizer.
  public var baseModel: ModelReference?
  public var assembly: Assembly
  /// The parameters of the module `default`; nil if the recipe is not written with `modules`.
  public var moduleParameters: ParameterSettings?
  /// Document-level values.
  public var parameters: ParameterSettings
  /// Inputs are cast to it before the arithmetic.
  public var dtype: DType?
  /// The output is rounded to it.
  public var outDType: DType?
  public var tokenizer: TokenizerSettings?
  public var chatTemplate: ChatTemplate?
  /// Seed of the masks of stochastic methods, from the comment `# mergevolve: mask_seed=7`.
  public var maskSeed: UInt64

  public init(
    name: String? = nil, method: MethodDeclaration, baseModel: ModelReference? = nil,
    assembly: Assembly, moduleParameters: ParameterSettings? = nil,
    parameters: ParameterSettings = [:], dtype: DType? = nil, outDType: DType? = nil,
    tokenizer: TokenizerSettings? = nil, chatTemplate: ChatTemplate? = nil,
    maskSeed: UInt64 = 0
  ) {
    self.name = name
    self.method = method
    self.baseModel = baseModel
    self.assembly = assembly
    self.moduleParameters = moduleParameters
    self.parameters = parameters
    self.dtype = dtype
    self.outDType = outDType
    self.tokenizer = tokenizer
    self.chatTemplate = chatTemplate
    self.maskSeed = maskSeed
  }

  /// How the output's layers come from the inputs.
  public enum Assembly: Hashable, Sendable {
    /// Whole models; `base_model` becomes a last input if it is not listed.
    case models([Input])
    /// Ranges of layers, stacked in this order.
    case slices([Slice])
  }

  /// A whole model with its own parameters.
  public struct Input: Hashable, Sendable {
    public var model: ModelReference
    public var parameters: ParameterSettings

    public init(_ model: ModelReference, _ parameters: ParameterSettings = [:]) {
      self.model = model
      self.parameters = parameters
    }
  }

  /// Consecutive output layers, merged from equally many layers of each source.
  public struct Slice: Hashable, Sendable {
    public var sources: [Source]
    /// Overrides the document's for this slice.
    public var baseModel: ModelReference?
    public var parameters: ParameterSettings

    public init(
      sources: [Source], baseModel: ModelReference? = nil, parameters: ParameterSettings = [:]
    ) {
      self.sources = sources
      self.baseModel = baseModel
      self.parameters = parameters
    }
  }

  /// A range of one model's layers.
  public struct Source: Hashable, Sendable {
    public var model: ModelReference
    public var layers: Range<Int>
    public var parameters: ParameterSettings

    public init(
      _ model: ModelReference, layers: Range<Int>, _ parameters: ParameterSettings = [:]
    ) {
      self.model = model
      self.layers = layers
      self.parameters = parameters
    }
  }

  public enum ChatTemplate: Hashable, Sendable {
    /// The most frequent template among the inputs.
    case auto
    /// One of ``builtInNames``.
    case builtIn(String)
    case text(String)

    public static let builtInNames = ["alpaca", "chatml", "exaone", "llama3", "mistral"]
  }
}

extension Recipe {
  /// The models whose weights are merged, each once, in the order of their first mention.
  public var inputModels: [ModelReference] {
    var mentioned: [ModelReference]
    switch assembly {
    case .models(let inputs): mentioned = inputs.map(\.model)
    case .slices(let slices):
      mentioned = slices.flatMap { slice in
        slice.sources.map(\.model) + (slice.baseModel.map { [$0] } ?? [])
      }
    }
    if let baseModel { mentioned.append(baseModel) }
    return Self.unique(mentioned)
  }

  /// Every model that the recipe names: ``inputModels``, then the one that gives the tokenizer only.
  public var models: [ModelReference] {
    guard case .model(let model) = tokenizer?.source else { return inputModels }
    return Self.unique(inputModels + [model])
  }

  private static func unique(_ models: [ModelReference]) -> [ModelReference] {
    var seen: Set<ModelReference> = []
    return models.filter { seen.insert($0).inserted }
  }

  /// The model that gives config and tokenizer: `base_model`, else the first one listed.
  public var donor: ModelReference? { baseModel ?? inputModels.first }
}
