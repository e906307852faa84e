import Diagnostics
import Documents

/// What `adapter_config.json` of a PEFT folder says, as far as merging needs it.
struct AdapterConfiguration: Sendable {
  static let fileName = "adapter_config.json"

  let location: String
  /// Whether matrices are stored as [in, out].
  let isFanInFanOut: Bool
  private let rank: Int
  private let alpha: Double
  private let isRankStabilized: Bool
  private let ranks: [(pattern: ModulePattern, value: Double)]
  private let alphas: [(pattern: ModulePattern, value: Double)]

  /// - Throws: ``Diagnostic`` for adapters that are more than `W + (alpha / r) · B·A`, by their name.
  init(path: String) throws(Diagnostic) {
    let document = try JSONValue.read(path: path)
    guard document.members != nil else {
      throw Diagnostic("is not a JSON object", at: path, fix: "download the adapter again")
    }
    location = path
    try Self.checkKind(document, path)
    isFanInFanOut = document["fan_in_fan_out"]?.bool ?? false
    isRankStabilized = document["use_rslora"]?.bool ?? false
    guard let rank = document["r"]?.integer, (1...1 << 20).contains(rank) else {
      throw Self.damaged("r", "a whole number of at least 1", at: path)
    }
    guard let alpha = document["lora_alpha"]?.double, alpha.isFinite else {
      throw Self.damaged("lora_alpha", "a number", at: path)
    }
    self.rank = rank
    self.alpha = alpha
    ranks = try Self.patterns("rank_pattern", document, path)
    alphas = try Self.patterns("alpha_pattern", document, path)
  }

  /// Rank of the product for a module, such as `model.layers.0.self_attn.q_proj`.
  func rank(of module: String) -> Int {
    ranks.first { $0.pattern.matches(module) }.flatMap { Int(exactly: $0.value) } ?? rank
  }

  /// Factor of the product: alpha over the rank, or over its root if rank-stabilised.
  func scale(of module: String) -> Float {
    let alpha = alphas.first { $0.pattern.matches(module) }?.value ?? alpha
    let rank = Double(rank(of: module))
    return Float(alpha / (isRankStabilized ? rank.squareRoot() : rank))
  }

  // MARK: Kinds

  private static func checkKind(_ document: JSONValue, _ path: String) throws(Diagnostic) {
    let fix = "merge this adapter into its model with PEFT (merge_and_unload), and name the result"
    let kind = document["peft_type"]?.string ?? "none"
    guard kind.uppercased() == "LORA" else {
      throw Diagnostic(
        "adapters of the kind \(kind) are not supported, LoRA is", at: "\(path): peft_type",
        fix: fix)
    }
    for (key, name) in variants {
      guard let value = document[key], !value.isEmptySetting else { continue }
      throw Diagnostic("\(name) is not supported, plain LoRA is", at: "\(path): \(key)", fix: fix)
    }
    guard let start = document["init_lora_weights"]?.string?.lowercased() else { return }
    if changingStarts.contains(where: start.hasPrefix) {
      throw Diagnostic(
        "an adapter that began with \(start) belongs to a base model with other weights",
        at: "\(path): init_lora_weights", fix: fix)
    }
  }

  /// Keys that turn LoRA into something else unless they are null, false or empty.
  private static let variants = [
    ("use_dora", "DoRA"), ("use_qalora", "QALoRA"), ("use_bdlora", "BD-LoRA"),
    ("kasa_config", "KaSA"), ("monteclora_config", "MonteCLoRA"), ("arrow_config", "Arrow"),
    ("alora_invocation_tokens", "activated LoRA"), ("layer_replication", "layer replication"),
    ("trainable_token_indices", "training of single tokens"),
    ("target_parameters", "LoRA on parameters of experts"),
  ]

  /// Initialisations that change the weights of the base model too.
  private static let changingStarts = ["pissa", "olora", "corda", "loftq", "lora_ga"]

  // MARK: Patterns

  private static func patterns(
    _ key: String, _ document: JSONValue, _ path: String
  ) throws(Diagnostic) -> [(pattern: ModulePattern, value: Double)] {
    guard let value = document[key], !value.isNull else { return [] }
    guard let members = value.members else {
      throw damaged(key, "an object of modules and numbers", at: path)
    }
    return try members.map { member throws(Diagnostic) in
      let location = "\(path): \(key).\(member.key)"
      guard let number = member.value.double, number.isFinite,
        key != "rank_pattern"
          || (1...Double(1 << 20)).contains(number) && number == number.rounded()
      else {
        throw Diagnostic(
          "is no \(key == "rank_pattern" ? "rank" : "number")", at: location,
          fix: "download the adapter again")
      }
      return (try ModulePattern(member.key, at: location), number)
    }
  }

  private static func damaged(_ key: String, _ needed: String, at path: String) -> Diagnostic {
    Diagnostic("must be \(needed)", at: "\(path): \(key)", fix: "download the adapter again")
  }
}

/// A key of `rank_pattern` or `alpha_pattern`: a regular expression for the end of a module's name.
private struct ModulePattern: Sendable {
  private let source: String

  init(_ pattern: String, at location: String) throws(Diagnostic) {
    source = "(?:.*\\.)?(?:\(pattern))"
    do {
      _ = try Regex(source)
    } catch {
      throw Diagnostic(
        "is no regular expression: \(error)", at: location, fix: "download the adapter again")
    }
  }

  func matches(_ module: String) -> Bool {
    guard let expression = try? Regex(source) else { return false }
    return ((try? expression.wholeMatch(in: module)) ?? nil) != nil
  }
}

extension JSONValue {
  /// Null, false, or a list or object without contents.
  fileprivate var isEmptySetting: Bool {
    switch self {
    case .null, .bool(false): true
    case .array(let elements): elements.isEmpty
    case .object(let members): members.isEmpty
    case .bool, .number, .string: false
    }
  }
}
