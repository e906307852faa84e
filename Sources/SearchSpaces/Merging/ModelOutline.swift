import Diagnostics
public import Tensors

/// What a merge space needs to know about the models: their depth and the roles of their weights.
public struct ModelOutline: Hashable, Sendable {
  public enum Role: Hashable, Sendable {
    case embedding, attention, mlp, norms, finalNorm, head
  }

  public struct Weight: Hashable, Sendable {
    public let name: TensorName
    public let role: Role
    /// Nil outside of the layers.
    public let layer: Int?

    public init(name: TensorName, role: Role, layer: Int?) {
      self.name = name
      self.role = role
      self.layer = layer
    }
  }

  public let layerCount: Int
  public let weights: [Weight]

  public init(layerCount: Int, weights: [Weight]) {
    self.layerCount = layerCount
    self.weights = weights
  }
}

/// A group of a layer's tensors that may have coefficients of its own.
public enum ModelComponent: String, CaseIterable, Hashable, Sendable, Codable {
  case attention, mlp, norms

  var role: ModelOutline.Role {
    switch self {
    case .attention: .attention
    case .mlp: .mlp
    case .norms: .norms
    }
  }
}

/// The recipe filters that pick roles out of tensor names.
///
/// A filter is a substring, as mergekit has it; each is as short as it can be without touching a
/// tensor of another role.
struct RoleFilters: Hashable, Sendable {
  /// Final norm and head.
  let final: [String]
  let components: [ModelComponent: [String]]

  /// - Throws: ``Diagnostic`` if no substring tells a role from the others.
  init(_ outline: ModelOutline, components: [ModelComponent]) throws(Diagnostic) {
    let final = outline.weights.filter { $0.role == .finalNorm || $0.role == .head }
    self.final = try Self.filters(
      of: final, excluding: outline.weights.filter { !final.contains($0) }
    ) { Self.prefixes(of: $0.name) }
    var found: [ModelComponent: [String]] = [:]
    for component in components {
      let own = outline.weights.filter { $0.role == component.role && $0.layer != nil }
      // Filters of final norm and head come first in a recipe, so they need not be avoided here.
      let others = outline.weights.filter { $0.role != component.role && !final.contains($0) }
      guard !own.isEmpty else {
        throw Diagnostic(
          "the models have no tensors of the component '\(component.rawValue)'",
          at: "components", fix: "leave it out")
      }
      found[component] = try Self.filters(of: own, excluding: others) { weight in
        Self.layerSuffixes(of: weight)
      }
    }
    self.components = found
  }

  private static func filters(
    of weights: [ModelOutline.Weight], excluding others: [ModelOutline.Weight],
    candidates: (ModelOutline.Weight) -> [String]
  ) throws(Diagnostic) -> [String] {
    var filters: [String] = []
    for weight in weights where !filters.contains(where: weight.name.contains) {
      let filter = candidates(weight).first { candidate in
        !others.contains { $0.name.contains(candidate) }
      }
      guard let filter else {
        throw Diagnostic(
          "no filter tells tensor '\(weight.name)' from those of other roles", at: "components",
          fix: "search without components")
      }
      filters.append(filter)
    }
    return filters
  }

  /// `model.norm.weight` → `model.norm.`, `model.norm.weight`.
  private static func prefixes(of name: TensorName) -> [String] {
    guard let dot = name.lastIndex(of: ".") else { return [name] }
    return [String(name[...dot]), name]
  }

  /// `model.layers.3.mlp.up_proj.weight` → `mlp.`, `mlp.up_proj.`, `.mlp.up_proj.weight`.
  private static func layerSuffixes(of weight: ModelOutline.Weight) -> [String] {
    guard let layer = weight.layer, let range = weight.name.firstRange(of: ".\(layer).") else {
      return [weight.name]
    }
    let suffix = weight.name[range.upperBound...]
    let dots = suffix.indices.filter { suffix[$0] == "." }
    return dots.map { String(suffix[...$0]) } + ["." + suffix]
  }
}
