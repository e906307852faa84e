import Diagnostics
import Documents

extension TokenizerSettings {
  /// - Returns: Nil if the recipe says nothing about its tokenizer.
  /// - Throws: ``Diagnostic`` that names line and key of what is wrong.
  init?(recipe: YAMLMapping) throws(Diagnostic) {
    let legacy = recipe.optional("tokenizer_source")
    guard let section = recipe.optional("tokenizer") else {
      guard let legacy else { return nil }
      self.init(try Source(legacy))
      return
    }
    guard legacy == nil else {
      throw recipe.problem(
        "'tokenizer' and 'tokenizer_source' exclude each other", fix: "keep one of them")
    }
    let mapping = try section.mapping("'tokenizer'")
    try mapping.rejectUnknownKeys(known: ["source", "pad_to_multiple_of", "tokens"])
    self.init(
      try mapping.optional("source").map(Source.init) ?? .union,
      rowMultiple: try mapping.optional("pad_to_multiple_of")?.integer(
        in: 1...Self.largestMultiple),
      tokens: try mapping.optional("tokens").map(Self.tokens) ?? [])
  }

  private static let largestMultiple = 1 << 20

  private static func tokens(_ node: YAMLNode) throws(Diagnostic) -> [Token] {
    try node.mapping("'tokens'").entries.map { entry throws(Diagnostic) in
      let mapping = try entry.value.mapping("a token's value")
      try mapping.rejectUnknownKeys(known: ["source", "force"])
      let token = Token(
        entry.key, source: try mapping.optional("source").map(RowSource.init),
        isForced: try mapping.optional("force")?.bool() ?? false)
      guard !token.text.isEmpty else {
        throw mapping.problem("a token is empty", fix: "write the token's text as the key")
      }
      guard token.source != nil || !token.isForced else {
        throw mapping.problem(
          "the token '\(token.text)' is forced, but has no source",
          fix: "add 'source: …', or remove 'force'")
      }
      return token
    }
  }
}

extension TokenizerSettings.Source {
  fileprivate init(_ node: YAMLNode) throws(Diagnostic) {
    switch node.scalar?.text {
    case "base": self = .base
    case "union": self = .union
    default: self = .model(try ModelReference(node))
    }
  }
}

extension TokenizerSettings.RowSource {
  fileprivate init(_ node: YAMLNode) throws(Diagnostic) {
    guard node.isMapping, let kind = try node.mapping().optional("kind") else {
      self = .model(try ModelReference(node))
      return
    }
    let mapping = try node.mapping()
    switch try kind.string() {
    case "zero":
      try mapping.rejectUnknownKeys(known: ["kind"])
      self = .zero
    case "model_token":
      try mapping.rejectUnknownKeys(known: ["kind", "model", "token", "token_id"])
      let model = try ModelReference(mapping.required("model"))
      switch (mapping.optional("token"), mapping.optional("token_id")) {
      case (let token?, nil): self = .token(try token.string(), of: model)
      case (nil, let number?): self = .row(try number.integer(in: 0...Int(Int32.max)), of: model)
      default:
        throw mapping.problem(
          "exactly one of 'token' and 'token_id' says which row of the model is meant",
          fix: "give one of them")
      }
    case let other:
      throw unknownName(
        other, noun: "kind of token source", known: ["zero", "model_token"], at: kind.location)
    }
  }
}
