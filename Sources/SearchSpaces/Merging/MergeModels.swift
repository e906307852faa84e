public import Diagnostics
public import Recipes
public import Tensors

/// The models of a search as its recipes name them.
public struct MergeModels: Hashable, Sendable {
  public struct Expert: Hashable, Sendable {
    /// The user's name for it; part of parameter names.
    public let name: String
    public let model: ModelReference

    public init(name: String, model: ModelReference) {
      self.name = name
      self.model = model
    }
  }

  /// The user's name for the base model in `pair:` lists.
  public static let baseName = "base"

  public let base: ModelReference?
  public let experts: [Expert]
  /// What emitted recipes write: the stored dtype of the base, without one of the first expert.
  public let outDType: DType

  /// - Parameters:
  ///   - base: The model that the experts were made from, by absolute path or hub id.
  ///   - experts: In the order of the search file.
  ///   - outDType: The dtype of emitted recipes' outputs.
  /// - Throws: ``Diagnostic`` if there is no expert, or one name or model twice.
  public init(
    base: ModelReference?, experts: [Expert], outDType: DType
  ) throws(Diagnostic) {
    guard !experts.isEmpty else {
      throw Diagnostic("a search needs experts", at: "models.experts", fix: "list at least one")
    }
    var names: Set<String> = [Self.baseName]
    var owners: [ModelReference: String] = [:]
    if let base { owners[base] = Self.baseName }
    for expert in experts {
      guard names.insert(expert.name).inserted else {
        throw Diagnostic(
          "the name '\(expert.name)' is taken", at: "models.experts",
          fix: "give every expert a name of its own, other than 'base'")
      }
      if let owner = owners.updateValue(expert.name, forKey: expert.model) {
        throw Diagnostic(
          "'\(owner)' and '\(expert.name)' are the same model, \(expert.model)",
          at: "models.experts", fix: "list every model once")
      }
    }
    self.base = base
    self.experts = experts
    self.outDType = outDType
  }

  /// `base` and the experts' names.
  var names: [String] { (base == nil ? [] : [Self.baseName]) + experts.map(\.name) }

  func model(named name: String) -> ModelReference? {
    name == Self.baseName ? base : experts.first { $0.name == name }?.model
  }
}
