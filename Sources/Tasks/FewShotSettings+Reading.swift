import Diagnostics
import Documents

extension FewShotSettings {
  /// What examples take from the task unless they have their own.
  struct Inherited {
    let prompt: TaskField
    let choices: TaskField?
    let answer: TaskField
    let answerPrefix: TaskField?
    let delimiter: String
    let separator: String
  }

  /// The seed of lm-eval's generator.
  static let standardSeed = 1234

  /// nil if the task wants no examples.
  ///
  /// `wanted` takes the place of the file's number, unless that is 0, as in lm-eval.
  init?(
    _ document: TaskDocument, data: TaskData, inherited: Inherited, wanted: Int? = nil
  ) throws(Diagnostic) {
    if let node = try document.value("fewshot") {
      try self.init(own: node, document, inherited, wanted: wanted)
    } else {
      try self.init(harness: document, data: data, inherited, wanted: wanted)
    }
  }

  private init?(
    own node: YAMLNode, _ document: TaskDocument, _ inherited: Inherited, wanted: Int?
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
    let own = try mapping.required("count").integer(in: 0...1000)
    count = own == 0 ? 0 : wanted ?? own
    guard count > 0 else { return nil }
    order = try Self.order(mapping)
    indices = nil
    answerPrefix = inherited.answerPrefix
    if let data = mapping.optional("data") {
      pool = .files(try data.paths())
      excludesOwnRow = false
    } else {
      pool = .searchSplit
      excludesOwnRow = true
    }
    separator = try mapping.optional("separator")?.string() ?? inherited.separator
    delimiter = try mapping.optional("delimiter")?.string() ?? inherited.delimiter
    prompt = try mapping.field("prompt") ?? inherited.prompt
    choices = try mapping.field("choices") ?? inherited.choices
    answer = try mapping.field("answer") ?? inherited.answer
    location = node.location
  }

  private static func order(_ mapping: YAMLMapping) throws(Diagnostic) -> Order {
    let seed = try mapping.optional("seed")?.integer()
    switch try mapping.optional("order")?.string() ?? "first" {
    case "first":
      guard seed == nil else {
        throw mapping.problem(
          "the seed has no effect on the first examples", fix: "remove it, or write 'order: random'"
        )
      }
      return .first
    case "random": return .random(seed: seed ?? standardSeed)
    case let name:
      throw unknownName(
        name, noun: "order of examples", known: ["first", "random"],
        at: mapping.optional("order")?.location ?? mapping.location)
    }
  }

  private init?(
    harness document: TaskDocument, data: TaskData, _ inherited: Inherited, wanted: Int?
  ) throws(Diagnostic) {
    let number = try document.value("num_fewshot")
    let own = try number?.integer(in: 0...1000)
    count = own == 0 ? 0 : wanted ?? own ?? 0
    guard count > 0 else { return nil }
    location = number?.location ?? "\(document.path): num_fewshot"
    let configuration = try document.value("fewshot_config")?.mapping("fewshot_config")
    try configuration?.rejectUnknownKeys(known: [
      "sampler", "samples", "split", "doc_to_text", "doc_to_target", "doc_to_choice",
      "fewshot_delimiter", "target_delimiter", "gen_prefix", "fewshot_indices", "process_docs",
    ])
    if let code = configuration?.optional("process_docs") {
      throw code.problem(
        "'process_docs' is not supported: it stands for Python code",
        fix: "write what the code computes into the data")
    }
    let sampler = configuration?.optional("sampler")
    switch try sampler?.string() ?? "default" {
    case "first_n": order = .first
    case "default": order = .random(seed: Self.standardSeed)
    case let name:
      throw unknownName(
        name, noun: "sampler", known: ["default", "first_n"],
        at: sampler?.location ?? location)
    }
    indices = try Self.indices(configuration?.optional("fewshot_indices"), sampler: order)
    pool = try Self.harnessPool(document, configuration, data)
    var named = configuration?.optional("split")
    if named == nil { named = try document.value("fewshot_split") }
    // lm-eval compares the names, which are equal too where neither is given.
    excludesOwnRow = try named?.string() == document.value("test_split")?.string()
    separator =
      try configuration?.optional("fewshot_delimiter")?.string() ?? inherited.separator
    delimiter = try configuration?.optional("target_delimiter")?.string() ?? inherited.delimiter
    prompt = try configuration?.field("doc_to_text") ?? inherited.prompt
    choices = try configuration?.field("doc_to_choice") ?? inherited.choices
    answer = try configuration?.field("doc_to_target") ?? inherited.answer
    answerPrefix = try configuration?.field("gen_prefix") ?? inherited.answerPrefix
  }

  /// The rows that `fewshot_indices` lets into the pool; lm-eval's `first_n` does not look at it.
  private static func indices(
    _ node: YAMLNode?, sampler: Order
  ) throws(Diagnostic) -> [Int]? {
    guard let node, case .random = sampler else { return nil }
    var indices: [Int] = []
    for element in try node.sequence() {
      indices.append(try element.integer(in: 0...1_000_000_000))
    }
    return indices.isEmpty ? nil : indices
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
      return .evaluatedRows
    }
    if case .pooled(let evaluated, _) = data, evaluated == files { return .evaluatedRows }
    return .files(files)
  }
}

extension YAMLMapping {
  fileprivate func field(_ key: String) throws(Diagnostic) -> TaskField? {
    guard let node = optional(key) else { return nil }
    return try TaskField(node)
  }
}
