import Architectures
import Checkpoints
import Diagnostics
import Documents
import Foundation
import MergeEngine
import Recipes
import Tensors
import Tokenization

/// What `inspect` shows of a model, for people and as JSON.
struct ModelSummary {
  private let name: String
  private let opened: ModelArgument.Opened
  /// The tensors that the model computes with.
  private let tensors: [TensorDescription]
  private let tokenizer: Result<Tokenizer, Diagnostic>

  init(_ opened: ModelArgument.Opened, name: String) {
    self.name = name
    self.opened = opened
    let names = opened.plan?.tensorNames ?? opened.models.flatMap(\.usedTensors)
    tensors = names.compactMap { opened.source.description(of: $0) }
    let files = opened.tokenizer
    tokenizer = Result { () throws(Diagnostic) in
      try Tokenizer.load(folder: files.folder, document: files.document)
    }
  }

  private var configuration: ModelConfiguration { opened.configuration }

  private var parameterCount: Int { tensors.map(\.shape.elementCount).reduce(0, +) }

  /// Bytes of the weights, as stored or as they will be written.
  private var byteCount: Int {
    tensors.map { $0.shape.elementCount * $0.dtype.bitWidth / 8 }.reduce(0, +)
  }

  /// The dtypes in use with the number of parameters, most first.
  private var dtypes: [(dtype: DType, count: Int)] {
    DType.allCases.compactMap { dtype in
      let count = tensors.filter { $0.dtype == dtype }.map(\.shape.elementCount).reduce(0, +)
      return count > 0 ? (dtype, count) : nil
    }.sorted { $0.count > $1.count }
  }

  /// Tensors of the checkpoint that the architecture does not use; none for a recipe.
  private var ignoredTensors: [TensorName] {
    guard opened.plan == nil, let model = opened.models.first else { return [] }
    let used = Set(model.usedTensors)
    return model.checkpoint.tensorNames.filter { !used.contains($0) }
      + model.checkpoint.unlistedTensors
  }
}

// MARK: For people

extension ModelSummary {
  var text: String {
    let width = (rows.map(\.label.count).max() ?? 0) + 2
    return rows.map { label, value in
      label + String(repeating: " ", count: width - label.count) + value
    }.joined(separator: "\n")
  }

  private var rows: [(label: String, value: String)] {
    var rows = [
      (opened.plan == nil ? "checkpoint" : "recipe", opened.plan == nil ? checkpointPath : name)
    ]
    if let plan = opened.plan {
      rows.append(
        ("method", plan.document.order.map { methodName($0, plan) }.joined(separator: ", ")))
      rows += plan.models.map { ("model", $0.place) }
    }
    let family = configuration.architecture
    rows += [
      (
        "architecture",
        "\(family.modelType) (\(family.className)), \(configuration.layerCount) layers"
      ),
      (
        "sizes",
        "hidden \(configuration.hiddenSize), MLP \(configuration.intermediateSize), "
          + "\(configuration.headCount) heads of \(configuration.headSize), "
          + "\(configuration.keyValueHeadCount) key/value heads"
      ),
      ("positions", grouped(configuration.maximumPositions)),
      ("parameters", grouped(parameterCount)),
      (
        opened.plan == nil ? "stored as" : "written as",
        dtypes.map {
          dtypes.count == 1 ? $0.dtype.rawValue : "\(grouped($0.count)) \($0.dtype.rawValue)"
        }
        .joined(separator: ", ") + ", \(grouped(byteCount)) bytes"
      ),
      (
        "vocabulary",
        "\(grouped(configuration.vocabularySize)) rows, "
          + (configuration.tiesEmbeddings ? "head tied to the embedding" : "head of its own")
      ),
      ("tokenizer", tokenizerText),
    ]
    rows += fileRows
    rows.append(("values", "all finite"))
    if !ignoredTensors.isEmpty {
      rows.append(
        ("ignored", "\(ignoredTensors.count) tensors that \(family.modelType) does not use"))
      rows += ignoredTensors.map { ("", $0) }
    }
    rows += (opened.plan?.notes ?? []).map { ("note", $0) }
    return rows
  }

  private var checkpointPath: String { opened.models.first?.checkpoint.path ?? name }

  private func methodName(_ stage: Int, _ plan: MergePlan) -> String {
    let recipe = plan.document.stages[stage]
    return recipe.name.map { "\(recipe.method.name) (\($0))" } ?? recipe.method.name
  }

  private var fileRows: [(label: String, value: String)] {
    guard opened.plan == nil, let checkpoint = opened.models.first?.checkpoint else { return [] }
    return checkpoint.files.map { file in
      (
        "file",
        "\(fileName(file)), \(grouped(file.byteCount)) bytes, \(file.tensors.count) tensors"
      )
    }
  }

  private func fileName(_ file: SafetensorsFile) -> String {
    URL(fileURLWithPath: file.path).lastPathComponent
  }

  private var tokenizerText: String {
    switch tokenizer {
    case .failure(let diagnostic): return "none that can be used: \(diagnostic.problem)"
    case .success(let tokenizer):
      let bos = tokenizer.bosID.map(String.init) ?? "none"
      let eos = tokenizer.eosIDs.map(String.init).joined(separator: ", ")
      return
        "\(grouped(tokenizer.vocabularySize)) ids, begin \(bos), end \(eos.isEmpty ? "none" : eos)"
    }
  }

  /// With commas between groups of three digits.
  private func grouped(_ number: Int) -> String {
    var digits = String(number)
    var groups: [Substring] = []
    while digits.count > 3 {
      groups.insert(Substring(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return ([Substring(digits)] + groups).joined(separator: ",")
  }
}

// MARK: As JSON

extension ModelSummary {
  var json: JSONValue {
    var members: [JSONValue.Member] = [
      .init("kind", .string(opened.plan == nil ? "checkpoint" : "recipe")),
      .init("path", .string(opened.plan == nil ? checkpointPath : name)),
    ]
    if let plan = opened.plan {
      members += [
        .init(
          "methods",
          .array(plan.document.order.map { .string(plan.document.stages[$0].method.name) })),
        .init("models", .array(plan.models.map { .string($0.place) })),
      ]
    }
    members += [
      .init("model_type", .string(configuration.architecture.modelType)),
      .init("architecture", .string(configuration.architecture.className)),
      .init("layers", JSONValue(configuration.layerCount)),
      .init("hidden_size", JSONValue(configuration.hiddenSize)),
      .init("intermediate_size", JSONValue(configuration.intermediateSize)),
      .init("attention_heads", JSONValue(configuration.headCount)),
      .init("key_value_heads", JSONValue(configuration.keyValueHeadCount)),
      .init("head_size", JSONValue(configuration.headSize)),
      .init("max_positions", JSONValue(configuration.maximumPositions)),
      .init("vocabulary", JSONValue(configuration.vocabularySize)),
      .init("tied", .bool(configuration.tiesEmbeddings)),
      .init("parameters", JSONValue(parameterCount)),
      .init("bytes", JSONValue(byteCount)),
      .init(
        "dtypes",
        .object(dtypes.map { JSONValue.Member($0.dtype.rawValue, JSONValue($0.count)) })),
      .init("tokenizer", tokenizerJSON),
    ]
    if opened.plan == nil, let checkpoint = opened.models.first?.checkpoint {
      members.append(
        .init(
          "files",
          .array(
            checkpoint.files.map { file in
              .object([
                .init("name", .string(fileName(file))),
                .init("bytes", JSONValue(file.byteCount)),
                .init("tensors", JSONValue(file.tensors.count)),
              ])
            })))
    }
    members += [
      .init("ignored_tensors", .array(ignoredTensors.map { .string($0) })),
      .init("notes", .array((opened.plan?.notes ?? []).map { .string($0) })),
    ]
    return .object(members)
  }

  private var tokenizerJSON: JSONValue {
    switch tokenizer {
    case .failure(let diagnostic): return .object([.init("problem", .string(diagnostic.problem))])
    case .success(let tokenizer):
      return .object([
        .init("ids", JSONValue(tokenizer.vocabularySize)),
        .init("bos", tokenizer.bosID.map { JSONValue($0) } ?? .null),
        .init("eos", .array(tokenizer.eosIDs.map { JSONValue($0) })),
      ])
    }
  }
}
