import Recipes

/// A parameter of one or several methods for one model, for all models or for the recipe, and where
/// its numbers stand in a genome.
struct Slot: Hashable, Sendable {
  enum Owner: Hashable, Sendable {
    case recipe
    case allModels
    /// Index of the expert.
    case expert(Int)
    /// First (0) or second (1) of the pair that is combined.
    case member(Int)
  }

  enum Value: Hashable, Sendable {
    case fixed(ParameterScalar)
    /// For each group of tensors the positions of its points in the genome.
    case searched([[Int]])
    /// A switch; the genome holds 0 or 1 at this position.
    case switched(Int)
  }

  /// Names of the methods that read it.
  let methods: [String]
  let parameter: ParameterName
  let owner: Owner
  let profile: DepthProfile
  /// Which tensors have points of their own.
  let split: TensorSplit
  let value: Value

  func isRead(by method: MethodDeclaration) -> Bool { methods.contains(method.name) }
}

/// The groups of tensors that coefficients tell apart.
struct TensorSplit: Hashable, Sendable {
  struct Group: Hashable, Sendable {
    /// Part of parameter names; empty if there is one group.
    let name: String
    let filters: [String]
  }

  /// Components with their filters.
  let components: [Group]
  /// Everything that no component's filter matches, embeddings included.
  let rest: Group
  /// Final norm and head, which take the rest's last value.
  let finalFilters: [String]

  /// All tensors alike.
  static func none(_ filters: RoleFilters) -> TensorSplit {
    TensorSplit(
      components: [], rest: Group(name: "", filters: []), finalFilters: filters.final)
  }

  /// The rest is a group of its own if some tensor of a layer is in no component; else the last
  /// component stands for it.
  init(_ components: [ModelComponent], _ filters: RoleFilters, _ outline: ModelOutline) {
    var groups = components.map {
      Group(name: $0.rawValue, filters: filters.components[$0] ?? [])
    }
    let roles = Set(components.map(\.role))
    let coversLayers = outline.weights.allSatisfy { $0.layer == nil || roles.contains($0.role) }
    if let last = groups.last, coversLayers {
      groups.removeLast()
      rest = Group(name: last.name, filters: [])
    } else {
      rest = Group(name: groups.isEmpty ? "" : "rest", filters: [])
    }
    self.components = groups
    finalFilters = filters.final
  }

  private init(components: [Group], rest: Group, finalFilters: [String]) {
    self.components = components
    self.rest = rest
    self.finalFilters = finalFilters
  }

  /// In the order of a slot's points; the rest is the last.
  var groups: [Group] { components + [rest] }

  /// The setting of a recipe; `curves` and `last` belong to ``groups``.
  func setting(_ curves: [ParameterCurve], last: Double?) -> ParameterSetting {
    var clauses: [ParameterSetting.Clause] = []
    if let last {
      clauses += finalFilters.map { .init(filter: $0, .constant(.real(last))) }
    }
    for (group, curve) in zip(components, curves) {
      clauses += group.filters.map { .init(filter: $0, curve) }
    }
    clauses.append(.init(curves[curves.count - 1]))
    return ParameterSetting(clauses)
  }

  /// The curves that ``setting(_:last:)`` was made from, in the order of ``groups``.
  func curves(of setting: ParameterSetting) -> [ParameterCurve]? {
    var curves: [ParameterCurve] = []
    for group in groups {
      let filter = group.filters.first
      guard let clause = setting.clauses.first(where: { $0.filter == filter }) else { return nil }
      curves.append(clause.curve)
    }
    return curves
  }
}
