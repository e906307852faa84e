public import Diagnostics
public import Documents

/// A path or hub id, with the branch, tag or commit that is meant on the hub.
public struct ModelPath: Hashable, Sendable, CustomStringConvertible {
  public var path: String
  public var revision: String?

  public init(path: String, revision: String? = nil) {
    self.path = path
    self.revision = revision
  }

  /// `path[@revision]`.
  public var description: String { revision.map { "\(path)@\($0)" } ?? path }

  /// Parses `path[@revision]`.
  ///
  /// - Throws: ``Diagnostic`` for text with several `@` or with nothing on one side of it.
  init(parsing text: String, at location: String) throws(Diagnostic) {
    let halves = text.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
    guard halves.count <= 2, !halves[0].isEmpty, halves.last != "" else {
      throw Diagnostic(
        "model reference '\(text)' is not path[@revision]", at: location,
        fix: "write a path that contains '@' as {model: {path: …}}")
    }
    self.init(path: halves[0], revision: halves.count == 2 ? halves[1] : nil)
  }

  /// Reads `path[@revision]` or `{path, revision}`.
  ///
  /// - Throws: ``Diagnostic`` for anything else.
  init(_ node: YAMLNode) throws(Diagnostic) {
    guard node.isMapping else {
      try self.init(parsing: node.string(), at: node.location)
      return
    }
    let parts = try node.mapping()
    try parts.rejectUnknownKeys(known: ["path", "revision"])
    self.init(
      path: try parts.required("path").string(), revision: try parts.optional("revision")?.string())
  }

  /// Whether ``description`` cannot be mistaken for something else.
  var isPlain: Bool {
    [path, revision ?? ""].allSatisfy { !$0.contains("@") && !$0.contains("+") }
  }

  var mappedYAML: String {
    let revision = revision.map { ", revision: \(YAMLLiteral.string($0))" } ?? ""
    return "{path: \(YAMLLiteral.string(path))\(revision)}"
  }
}

/// A model as a recipe names it: a local folder, a hub id, or the name of another stage.
public struct ModelReference: Hashable, Sendable, CustomStringConvertible {
  public var path: String
  /// Branch, tag or commit on the hub.
  public var revision: String?
  /// A LoRA adapter that is merged into the model when it is read.
  public var adapter: ModelPath?
  /// The class, such as `LlamaForCausalLM`, as which the model is read whatever its config.json says.
  public var architecture: String?

  public init(
    path: String, revision: String? = nil, adapter: ModelPath? = nil, architecture: String? = nil
  ) {
    self.path = path
    self.revision = revision
    self.adapter = adapter
    self.architecture = architecture
  }

  /// The model without its adapter.
  public var model: ModelPath { ModelPath(path: path, revision: revision) }

  /// `path[@revision][+adapter[@revision]]`.
  public var description: String { "\(model)" + (adapter.map { "+\($0)" } ?? "") }

  /// Parses `path[@revision][+adapter[@revision]]`.
  ///
  /// - Throws: ``Diagnostic`` for references with too many `+` or `@`, or with an empty part.
  public init(parsing text: String, at location: String) throws(Diagnostic) {
    let parts = text.split(separator: "+", omittingEmptySubsequences: false)
    guard parts.count <= 2 else {
      throw Diagnostic(
        "model reference '\(text)' holds more than one '+'", at: location,
        fix: "write a path that contains '+' as {model: {path: …}}")
    }
    let model = try ModelPath(parsing: String(parts[0]), at: location)
    self.init(path: model.path, revision: model.revision)
    if parts.count == 2 { adapter = try ModelPath(parsing: String(parts[1]), at: location) }
  }

  /// Reads a reference written as text or as `{model: {path, revision}, lora, override_architecture}`.
  ///
  /// - Throws: ``Diagnostic`` for anything else.
  public init(_ node: YAMLNode) throws(Diagnostic) {
    guard node.isMapping else {
      try self.init(parsing: node.string(), at: node.location)
      return
    }
    let mapping = try node.mapping()
    try mapping.rejectUnknownKeys(known: ["model", "lora", "override_architecture"])
    let model = try ModelPath(mapping.required("model"))
    self.init(
      path: model.path, revision: model.revision,
      adapter: try mapping.optional("lora").map(ModelPath.init),
      architecture: try mapping.optional("override_architecture")?.string())
  }

  /// The reference as YAML that ``init(_:)`` and mergekit read back.
  var yaml: String {
    guard architecture == nil, model.isPlain, adapter?.isPlain ?? true else { return mappedYAML }
    return YAMLLiteral.string(description)
  }

  /// As ``yaml`` where the plain words `base` and `union` mean something else.
  var yamlBesideKeywords: String {
    ["base", "union"].contains(description) ? mappedYAML : yaml
  }

  private var mappedYAML: String {
    let adapter = adapter.map { ", lora: \($0.mappedYAML)" } ?? ""
    let override = architecture.map { ", override_architecture: \(YAMLLiteral.string($0))" } ?? ""
    return "{model: \(model.mappedYAML)\(adapter)\(override)}"
  }
}
