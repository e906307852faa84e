import Diagnostics
import Documents

extension FewShotSettings {
  /// nil if the task wants no examples.
  init?(
    _ document: TaskDocument, data: TaskData, prompt: TaskField, choices: TaskField?,
    answer: TaskField, delimiter: String, standardSeparator: String
  ) throws(Diagnostic) {
    if let node = try document.value("fewshot") {
      try self.init(
        own: node, document, prompt: prompt, choices: choices, answer: answer,
        delimiter: delimiter, standardSeparator: standardSeparator)
    } else {
      try self.init(
        harness: document, data: data, prompt: prompt, choices: choices, answer: answer,
        delimiter: delimiter, standardSeparator: standardSeparator)
    }
  }

  private init?(
    own node: YAMLNode, _ document: TaskDocument, prompt: TaskField, choices: TaskField?,
    answer: TaskField, delimiter: String, standardSeparator: String
  ) throws(Diagnostic) {
    for key in ["num_fewshot", "fewshot_config"] {
      if let other = try document.value(key) {
        throw other.problem("the examples are described twice", fix: "keep 'fewshot' alone")
      }
    }
    let mapping = try node.mapping("'fewshot'")
    try mapping.rejectUnknownKeys(known: [
      "count", "data", "order", "seed", "separator", "delimiter", "prompt", "choices", "answer",
    ])
    count = try mapping.required("count").integer(in: 0...1000)
    guard count > 0 else { return nil }
    if let order = mapping.optional("order"), try order.string() != "first" {
      throw order.problem(
        "the order \(order.kind) of examples is not supported", fix: "write 'order: first'")
    }
    if let data = mapping.optional("data") {
      pool = .files(try data.paths())
    } else {
      pool = .searchSplit
    }
    separator =
      try mapping.optional("separator")?.string() ?? standardSeparator
    self.delimiter = try mapping.optional("delimiter")?.string() ?? delimiter
    self.prompt = try mapping.field("prompt") ?? prompt
    self.choices = try mapping.field("choices") ?? choices
    self.answer = try mapping.field("answer") ?? answer
    location = node.location
  }

  private init?(
    harness document: TaskDocument, data: TaskData, prompt: TaskField, choices: TaskField?,
    answer: TaskField, delimiter: String, standardSeparator: String
  ) throws(Diagnostic) {
    guard let number = try document.value("num_fewshot") else { return nil }
    count = try number.integer(in: 0...1000)
    guard count > 0 else { return nil }
    location = number.location
    let configuration = try document.value("fewshot_config")?.mapping("fewshot_config")
    try configuration?.rejectUnknownKeys(known: [
      "sampler", "samples", "split", "doc_to_text", "doc_to_target", "doc_to_choice",
      "fewshot_delimiter", "target_delimiter",
    ])
    let sampler = configuration?.optional("sampler")
    guard try sampler?.string() == "first_n" else {
      throw (sampler ?? number).problem(
        "examples drawn at random are not supported",
        fix: "add 'fewshot_config: {sampler: first_n}'")
    }
    pool = try Self.harnessPool(document, configuration, data)
    separator = try configuration?.optional("fewshot_delimiter")?.string() ?? standardSeparator
    self.delimiter = try configuration?.optional("target_delimiter")?.string() ?? delimiter
    self.prompt = try configuration?.field("doc_to_text") ?? prompt
    self.choices = try configuration?.field("doc_to_choice") ?? choices
    self.answer = try configuration?.field("doc_to_target") ?? answer
  }

  /// The first that applies, in lm-eval's order.
  private static func harnessPool(
    _ document: TaskDocument, _ configuration: YAMLMapping?, _ data: TaskData
  ) throws(Diagnostic) -> Pool {
    var named = configuration?.optional("split")
    if named == nil { named = try document.value("fewshot_split") }
    if named == nil, let samples = configuration?.optional("samples") {
      return .samples(try samples.literals())
    }
    var split = named
    for key in ["training_split", "validation_split", "test_split"] where split == nil {
      split = try document.value(key)
    }
    guard let split, let files = try HarnessData(document)?.files(of: split) else {
      return .searchSplit
    }
    if case .pooled(let evaluated, _) = data, evaluated == files { return .searchSplit }
    return .files(files)
  }
}

extension YAMLMapping {
  fileprivate func field(_ key: String) throws(Diagnostic) -> TaskField? {
    guard let node = optional(key) else { return nil }
    return try TaskField(node)
  }
}
