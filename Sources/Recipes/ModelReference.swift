public import Diagnostics
public import Documents

/// A model as a recipe names it: a local folder, a hub id, or the name of another stage.
public struct ModelReference: Hashable, Sendable, CustomStringConvertible {
  public var path: String
  /// Branch, tag or commit on the hub.
  public var revision: String?

  public init(path: String, revision: String? = nil) {
    self.path = path
    self.revision = revision
  }

  /// `path[@revision]`.
  public var description: String { revision.map { "\(path)@\($0)" } ?? path }

  /// Parses `path[@revision][+lora[@revision]]`.
  ///
  /// - Throws: ``Diagnostic`` for adapters and for references with too many `+` or `@`.
  public init(parsing text: String, at location: String) throws(Diagnostic) {
    let parts = text.split(separator: "+", omittingEmptySubsequences: false)
    guard parts.count <= 2 else {
      throw Diagnostic(
        "model reference '\(text)' holds more than one '+'", at: location,
        fix: "write a path that contains '+' as {model: {path: …}}")
    }
    guard parts.count == 1 else {
      throw Diagnostic(
        "model reference '\(text)' asks for a LoRA adapter ('+\(parts[1])'), "
          + "which cannot be merged yet", at: location,
        fix: "merge the adapter into its model first and name the result; "
          + "a path that contains '+' is written {model: {path: …}}")
    }
    let halves = text.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
    guard halves.count <= 2, !halves[0].isEmpty, halves.last != "" else {
      throw Diagnostic(
        "model reference '\(text)' is not path[@revision]", at: location,
        fix: "write a path that contains '@' as {model: {path: …}}")
    }
    self.init(path: halves[0], revision: halves.count == 2 ? halves[1] : nil)
  }

  /// Reads a reference written as text or as `{model: {path, revision}}`.
  ///
  /// - Throws: ``Diagnostic`` for anything else, and for adapters.
  public init(_ node: YAMLNode) throws(Diagnostic) {
    guard node.isMapping else {
      try self.init(parsing: node.string(), at: node.location)
      return
    }
    let mapping = try node.mapping()
    try mapping.rejectUnknownKeys(known: ["model", "lora", "override_architecture"])
    if let lora = mapping.optional("lora") {
      throw lora.problem(
        "LoRA adapters cannot be merged yet",
        fix: "merge the adapter into its model first and name the result")
    }
    if let override = mapping.optional("override_architecture") {
      throw override.problem(
        "override_architecture is not supported", fix: "correct the model's config.json instead")
    }
    let model = try mapping.required("model")
    guard model.isMapping else {
      try self.init(parsing: model.string(), at: model.location)
      return
    }
    let parts = try model.mapping()
    try parts.rejectUnknownKeys(known: ["path", "revision"])
    self.init(
      path: try parts.required("path").string(), revision: try parts.optional("revision")?.string())
  }

  /// The reference as YAML that ``init(_:)`` and mergekit read back.
  var yaml: String {
    let isUnambiguous = [path, revision ?? ""].allSatisfy {
      !$0.contains("@") && !$0.contains("+")
    }
    return isUnambiguous ? YAMLLiteral.string(description) : mappedYAML
  }

  /// As ``yaml`` where the plain words `base` and `union` mean something else.
  var yamlBesideKeywords: String {
    ["base", "union"].contains(description) ? mappedYAML : yaml
  }

  private var mappedYAML: String {
    let revision = revision.map { ", revision: \(YAMLLiteral.string($0))" } ?? ""
    return "{model: {path: \(YAMLLiteral.string(path))\(revision)}}"
  }
}
