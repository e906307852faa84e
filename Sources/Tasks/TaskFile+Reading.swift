public import Diagnostics
import Documents

extension TaskFile {
  /// Reads a task file in our spelling of the keys or in lm-eval's.
  ///
  /// Data is not touched; ``LoadedTask`` reads it.
  /// - Throws: ``Diagnostic`` with file, line and key.
  public static func read(
    path: String, overrides: TaskOverrides = TaskOverrides()
  ) throws(Diagnostic) -> TaskFile {
    try TaskFile(TaskDocument.read(path: path), overrides: overrides)
  }

  init(
    _ document: TaskDocument, overrides: TaskOverrides = TaskOverrides()
  ) throws(Diagnostic) {
    path = document.path
    documents = document.files
    let nameNode = try document.required("task")
    guard !nameNode.isSequence else {
      throw nameNode.problem(
        "a task file describes one task, not a list", fix: "give each task its own file")
    }
    name = try nameNode.string()
    if let node = try document.value("kind", "output_type") {
      kind = try TaskKinds.kind(named: try node.string(), at: node.location)
    } else {
      kind = Generation.self
    }
    data = try TaskData(document)
    prompt = try document.field("prompt", "doc_to_text", default: "prompt")
    if let column = kind.declaration.choicesColumn {
      choices = try document.field("choices", "doc_to_choice", default: column)
    } else {
      choices = try document.field("choices", "doc_to_choice")
    }
    answer = try document.field("answer", "doc_to_target", default: "answer")
    text = try document.field("text", "doc_to_target", default: "text")
    description = try document.field("description", nil)
    answerPrefix = try document.field("gen_prefix", nil)
    delimiter = try document.value("delimiter", "target_delimiter")?.string() ?? " "
    separator = try document.value("fewshot_delimiter")?.string() ?? "\n\n"
    fewShot = try FewShotSettings(
      document, data: data,
      inherited: FewShotSettings.Inherited(
        prompt: prompt, choices: choices, answer: answer, answerPrefix: answerPrefix,
        delimiter: delimiter, separator: separator),
      wanted: overrides.shots)
    let generation = try GenerationSettings(document, standardStop: separator)
    stops = generation.stops
    tokenLimit = generation.tokenLimit
    repeats = try document.value("repeats")?.integer(in: 1...1000) ?? 1
    filters = try AnswerFilter.read(document, stops: stops, repeats: repeats)
    if kind != Generation.self, filters.count > 1 || !filters[0].steps.isEmpty {
      throw document.missing(
        "filters change texts that a model writes, but a \(kind.declaration.name) task has none",
        fix: "remove the filters")
    }
    stripsReferences = try document.value("strip")?.bool() ?? false
    decode = try document.value("decode")?.choice("way of decoding")
    (metrics, objective) = try MetricSetting.read(
      document, objective: overrides.objective, kind: kind.declaration,
      filters: filters.map(\.name))
    toldMetric = objective
    idColumn = try document.value("id")?.string()
    clusterColumn = try document.value("cluster")?.string()
    weightColumn = try document.value("weight")?.string()
    chat = try ChatSettings(document)
  }
}

extension TaskDocument {
  func field(
    _ key: String, _ alias: String?, default column: String
  ) throws(Diagnostic) -> TaskField {
    try field(key, alias)
      ?? TaskField(content: .text(column), location: "\(path): \(key)")
  }

  func field(_ key: String, _ alias: String?) throws(Diagnostic) -> TaskField? {
    guard let node = try value(key, alias) else { return nil }
    return try TaskField(node)
  }
}

extension TaskField {
  init(_ node: YAMLNode) throws(Diagnostic) {
    location = node.location
    switch node.content {
    case .scalar(let scalar):
      if case .integer(let value) = scalar.resolved {
        content = .integer(value)
      } else {
        content = .text(scalar.text)
      }
    case .sequence, .mapping:
      content = .list(try node.literals())
    }
  }
}

extension YAMLNode {
  /// The elements of a list, or the values of a mapping, as Python holds them.
  func literals() throws(Diagnostic) -> [JSONValue] {
    let nodes: [YAMLNode]
    if case .mapping(let entries) = content {
      nodes = entries.map(\.value)
    } else {
      nodes = try sequence()
    }
    var values: [JSONValue] = []
    for node in nodes { values.append(try node.literal()) }
    return values
  }

  /// The value as Python holds it.
  ///
  /// - Throws: ``Diagnostic`` for `yes`, `no`, `on` and `off` without quotes, which are truth values in YAML 1.1.
  func literal() throws(Diagnostic) -> JSONValue {
    switch content {
    case .sequence:
      return .array(try literals())
    case .mapping(let entries):
      var members: [JSONValue.Member] = []
      for entry in entries {
        members.append(JSONValue.Member(entry.key, try entry.value.literal()))
      }
      return .object(members)
    case .scalar(let scalar):
      switch scalar.resolved {
      case .null: return .null
      case .string: return .string(scalar.text)
      case .integer(let value): return .number(String(value))
      case .real(let value):
        guard value.isFinite else { return .string(scalar.text) }
        return .number(value.description)
      case .bool(let value):
        guard ["true", "false"].contains(scalar.text.lowercased()) else {
          throw problem(
            "\(scalar.text) without quotes is the truth value \(value) in YAML",
            fix: "write \"\(scalar.text)\"")
        }
        return .bool(value)
      }
    }
  }
}

/// How long a model may write, and what ends it.
struct GenerationSettings {
  let stops: [String]
  let tokenLimit: Int

  init(_ document: TaskDocument, standardStop: String) throws(Diagnostic) {
    let arguments = try document.value("generation_kwargs")?.mapping("generation_kwargs")
    if let arguments { try Self.requireGreedy(arguments) }
    var stopsNode = arguments?.optional("until")
    if let own = try document.value("until") {
      if stopsNode != nil {
        throw own.problem("the stop strings are given twice", fix: "keep one of them")
      }
      stopsNode = own
    }
    var stops: [String] = []
    for node in stopsNode?.elements ?? [] {
      let stop = try node.string()
      guard !stop.isEmpty else {
        throw node.problem("a stop string is empty", fix: "remove it; the end token always stops")
      }
      stops.append(stop)
    }
    self.stops = stopsNode == nil ? [standardStop] : stops
    var limitNode: YAMLNode?
    for key in Self.limitKeys where limitNode == nil { limitNode = arguments?.optional(key) }
    if let own = try document.value("max_tokens") {
      if limitNode != nil {
        throw own.problem("the number of tokens is given twice", fix: "keep one of them")
      }
      limitNode = own
    }
    tokenLimit = try limitNode?.integer(in: 1...1_000_000) ?? 256
  }

  /// By priority.
  private static let limitKeys = [
    "max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens",
  ]

  private static func requireGreedy(_ arguments: YAMLMapping) throws(Diagnostic) {
    try arguments.rejectUnknownKeys(
      known: limitKeys + ["until", "do_sample", "temperature", "top_p", "top_k", "min_p"],
      noun: "generation argument")
    let samples = try arguments.optional("do_sample")?.bool()
    if let node = arguments.optional("do_sample"), samples == true {
      throw node.problem("sampling is not supported", fix: "remove do_sample: text is greedy")
    }
    if let node = arguments.optional("temperature"), samples == nil, try node.double() != 0 {
      throw node.problem(
        "a temperature other than 0 means sampling, which is not supported",
        fix: "remove it: text is greedy")
    }
  }
}
