import Architectures
import Checkpoints
import Documents
import Recipes
import Tensors

/// The configuration file of the output: the donor's, with what the merge changes.
///
/// That is depth, lists with one entry per layer, vocabulary, tying and dtype. Spelling and order stay, and no key is added but for tying.
/// The language model of a larger one, which alone is merged, becomes a model of its own.
struct OutputConfig {
  /// Everything but the dtype.
  let document: JSONValue

  init(donor: StageModel, layout: RecipeLayout, isTied: Bool, vocabularySize: Int?) {
    let configuration = donor.configuration
    let layers = Self.donorLayers(donor, layout)
    let isRearranged = layers != Array(0..<configuration.layerCount)
    let language = Self.languageModel(of: donor.source.config.document, configuration)
    document = Self.edited(language) { members in
      if isRearranged {
        Self.set(configuration.layerCountKey, JSONValue(layout.layerCount), in: &members)
        Self.rearrange(&members, layers, of: configuration.layerCount)
      }
      if let vocabularySize { Self.set("vocab_size", JSONValue(vocabularySize), in: &members) }
      if configuration.tiesEmbeddings != isTied {
        Self.set("tie_word_embeddings", .bool(isTied), in: &members)
      }
    }
  }

  /// For each output layer the donor's layer that it takes per-layer options from.
  private static func donorLayers(_ donor: StageModel, _ layout: RecipeLayout) -> [Int] {
    layout.slices.flatMap { slice in
      let input = slice.inputs.first { $0.model == donor.reference } ?? slice.inputs[0]
      return Array(input.layers)
    }
  }

  private static func edited(
    _ document: JSONValue, _ body: (inout [JSONValue.Member]) -> Void
  ) -> JSONValue {
    guard case .object(var members) = document else { return document }
    body(&members)
    return .object(members)
  }

  /// The `text_config` of a larger model with what only the outer object says; other documents as they are.
  private static func languageModel(
    of document: JSONValue, _ configuration: ModelConfiguration
  ) -> JSONValue {
    guard document["hidden_size"] == nil, case .object(var members) = document["text_config"] else {
      return document
    }
    let family = configuration.architecture
    set("model_type", .string(family.modelType), in: &members)
    set("architectures", .array([.string(family.className)]), in: &members)
    let hasDType = members.contains { $0.key == "dtype" || $0.key == "torch_dtype" }
    let inherited = ["tie_word_embeddings", "bos_token_id", "eos_token_id", "pad_token_id"]
    for key in inherited + (hasDType ? [] : ["dtype", "torch_dtype"]) {
      if let value = document[key], !members.contains(where: { $0.key == key }) {
        members.append(JSONValue.Member(key, value))
      }
    }
    return .object(members)
  }

  /// The last member with a key counts when it is read.
  private static func set(_ key: String, _ value: JSONValue, in members: inout [JSONValue.Member]) {
    if let index = members.lastIndex(where: { $0.key == key }) {
      members[index].value = value
    } else {
      members.append(JSONValue.Member(key, value))
    }
  }

  /// Picks the entries of lists that say something about each layer, such as `layer_types`.
  private static func rearrange(
    _ members: inout [JSONValue.Member], _ layers: [Int], of count: Int
  ) {
    for index in members.indices where members[index].key.contains("layer") {
      guard case .array(let entries) = members[index].value, entries.count == count else {
        continue
      }
      members[index].value = .array(layers.map { entries[min($0, count - 1)] })
    }
  }

  /// The document with the dtype of the tensors, where it names one.
  func document(for tensors: [TensorDescription]) -> JSONValue {
    let names: [DType: String] = [.f16: "float16", .bf16: "bfloat16", .f32: "float32"]
    let dtypes = Set(tensors.map(\.dtype))
    let widest: DType = dtypes.count == 1 ? dtypes.first ?? .f32 : .f32
    guard case .object(let members) = document, let name = names[widest] else { return document }
    return .object(Self.naming(name, in: members))
  }

  private static func naming(_ dtype: String, in members: [JSONValue.Member]) -> [JSONValue.Member]
  {
    members.map { member in
      switch (member.key, member.value) {
      case ("dtype", .string), ("torch_dtype", .string):
        return JSONValue.Member(member.key, .string(dtype))
      case ("text_config", .object(let inner)):
        return JSONValue.Member(member.key, .object(naming(dtype, in: inner)))
      default: return member
      }
    }
  }
}
