import Diagnostics
import Recipes

/// Lays out the parameters of a merge space and remembers where each number stands.
struct MergeSpaceBuilder {
  let settings: MergeSpaceSettings
  let models: MergeModels
  let outline: ModelOutline
  let filters: RoleFilters
  let profile: DepthProfile
  let components: [ModelComponent]
  private(set) var parameters: [SearchParameter] = []
  private(set) var slots: [Slot] = []

  init(
    _ settings: MergeSpaceSettings, _ models: MergeModels, _ outline: ModelOutline,
    _ filters: RoleFilters, _ profile: DepthProfile, _ components: [ModelComponent]
  ) {
    self.settings = settings
    self.models = models
    self.outline = outline
    self.filters = filters
    self.profile = profile
    self.components = components
    addMethods()
    addPairs()
    for method in settings.methods {
      for spec in method.searchParameters { addSlots(spec, method) }
    }
  }

  /// Real and categorical parameters.
  var size: (numeric: Int, categorical: Int) {
    let numeric = parameters.count { if case .real = $0.kind { true } else { false } }
    return (numeric, parameters.count - numeric)
  }

  // MARK: - Choices

  private mutating func addMethods() {
    guard settings.methods.count > 1 else { return }
    for name in methodParameters {
      parameters.append(
        SearchParameter(name, .categorical(choices: settings.methods.map(\.name))))
    }
  }

  /// Names of the parameters that choose a method, one per group of layers.
  private var methodParameters: [String] {
    settings.groups == 1 ? ["method"] : (0..<settings.groups).map { "method[\($0)]" }
  }

  private mutating func addPairs() {
    guard settings.pairs.count > 1 else { return }
    let methods = settings.methods.filter(\.isPairwise).map(\.name)
    parameters.append(
      SearchParameter(
        "pair", .categorical(choices: settings.pairs.map { $0.joined(separator: "+") }),
        activeWhen: condition(methods, groups: Array(0..<settings.groups))))
  }

  /// Holds when one of the groups of layers is merged by one of the methods.
  private func condition(_ methods: [String], groups: [Int]) -> [Condition] {
    let all = settings.methods.map(\.name)
    guard all.count > 1, !Set(methods).isSuperset(of: all) else { return [] }
    return [Condition(anyOf: groups.map { methodParameters[$0] }, isOneOf: methods)]
  }

  // MARK: - Numbers

  private mutating func addSlots(_ spec: ParameterSpec, _ method: MethodDeclaration) {
    var readers = [method]
    if settings.isShared(spec, of: method) {
      // What two models of a pair have is nothing that all models could share.
      readers = settings.methods.filter { other in
        guard !spec.isPerModel || other.isPairwise == method.isPairwise else { return false }
        return other.parameter(spec.name).map {
          $0.isPerModel == spec.isPerModel && settings.isShared($0, of: other)
        } ?? false
      }
      // The first of the methods that share it lays it out for all.
      guard readers.first == method else { return }
    }
    let coefficient = settings.coefficient(spec, of: method) ?? Self.silent(spec)
    let isAlone = settings.methods.count == 1 || readers.count > 1
    let prefix = isAlone ? "" : "\(method.name)."
    for (owner, suffix) in owners(of: spec, method, coefficient) {
      addSlot(spec, readers, coefficient, owner, name: "\(prefix)\(spec.name)\(suffix)")
    }
  }

  /// What a search does that does not mention the parameter: what the method names for it varies, all
  /// else keeps its default.
  private static func silent(_ spec: ParameterSpec) -> MergeSpaceSettings.Coefficient {
    guard !spec.isVaried, let value = spec.defaultValue else {
      return .init(value: .searched(.suggested, start: nil, step: nil), location: "")
    }
    return .init(value: .fixed(value), location: "")
  }

  private func owners(
    of spec: ParameterSpec, _ method: MethodDeclaration,
    _ coefficient: MergeSpaceSettings.Coefficient
  ) -> [(Slot.Owner, suffix: String)] {
    guard spec.isPerModel else { return [(.recipe, "")] }
    if case .fixed = coefficient.value { return [(.allModels, "")] }
    if coefficient.isOneForAllModels { return [(.allModels, "")] }
    if method.isPairwise { return [(.member(0), ".first"), (.member(1), ".second")] }
    return models.experts.enumerated().map { (.expert($0), ".\($1.name)") }
  }

  private mutating func addSlot(
    _ spec: ParameterSpec, _ readers: [MethodDeclaration],
    _ coefficient: MergeSpaceSettings.Coefficient, _ owner: Slot.Owner, name: String
  ) {
    let followsDepth = coefficient.followsDepth ?? (spec.name == .weight || spec.name == .t)
    let profile = followsDepth ? self.profile : .global
    let split =
      followsDepth ? TensorSplit(components, filters, outline) : TensorSplit.none(filters)
    let names = readers.map(\.name)
    let value: Slot.Value
    switch coefficient.value {
    case .fixed(let scalar): value = .fixed(scalar)
    case .switched:
      parameters.append(
        SearchParameter(
          name, .categorical(choices: ["false", "true"], initial: prior(spec)),
          activeWhen: condition(names, groups: Array(0..<settings.groups))))
      value = .switched(parameters.count - 1)
    case .searched(let range, let start, let step):
      let kind = kind(spec, readers, range, start: start, step: step)
      value = .searched(
        split.groups.map { group in
          let label = group.name.isEmpty ? name : "\(name).\(group.name)"
          return addPoints(
            label, kind, profile, isRest: group == split.rest, methods: names)
        })
    }
    slots.append(
      Slot(
        methods: names, parameter: spec.name, owner: owner, profile: profile, split: split,
        value: value))
  }

  /// The method's default comes first, and not much more often than the other.
  private func prior(_ spec: ParameterSpec) -> [Double] {
    spec.defaultValue == .boolean(true) ? [0.4, 0.6] : [0.6, 0.4]
  }

  private mutating func addPoints(
    _ label: String, _ kind: SearchParameter.Kind, _ profile: DepthProfile, isRest: Bool,
    methods: [String]
  ) -> [Int] {
    let count = profile.pointCount(layers: outline.layerCount)
    return (0..<count).map { point in
      let groups = (0..<settings.groups).filter { group in
        let layers = Self.layers(of: group, of: settings.groups, layers: outline.layerCount)
        let reachesOut =
          isRest
          && (group == 0 && point == 0 || group == settings.groups - 1 && point == count - 1)
        return reachesOut
          || layers.contains {
            profile.uses(point: point, in: $0, layers: outline.layerCount)
          }
      }
      parameters.append(
        SearchParameter(
          count == 1 ? label : "\(label)[\(point)]", kind,
          activeWhen: condition(methods, groups: groups)))
      return parameters.count - 1
    }
  }

  /// Group `index` of `count` contiguous ranges of layers, equal up to one layer.
  static func layers(of index: Int, of count: Int, layers: Int) -> Range<Int> {
    (index * layers / count)..<((index + 1) * layers / count)
  }

  private func kind(
    _ spec: ParameterSpec, _ readers: [MethodDeclaration],
    _ range: MergeSpaceSettings.Coefficient.Range, start: Double?, step: Double?
  ) -> SearchParameter.Kind {
    switch range {
    case .unbounded: return .real(range: nil, start: start ?? 0, step: step)
    case .bounded(let bounds):
      return .real(
        range: bounds, start: start ?? self.start(spec, of: readers, in: bounds), step: step)
    case .suggested:
      let suggestions = readers.compactMap { $0.parameter(spec.name)?.suggested }
      var low = suggestions.map(\.lowerBound).min() ?? 0
      var high = suggestions.map(\.upperBound).max() ?? 1
      if let start {
        low = min(low, start)
        high = max(high, start)
      }
      return .real(
        range: low...high, start: start ?? self.start(spec, of: readers, in: low...high), step: step
      )
    }
  }

  /// An equal share for weights; else the method's default if it lies inside, else the middle.
  private func start(
    _ spec: ParameterSpec, of readers: [MethodDeclaration], in range: ClosedRange<Double>
  ) -> Double {
    if spec.name == .weight {
      let isPaired = readers.contains(where: \.isPairwise)
      let share = 1 / Double(isPaired ? 2 : models.experts.count)
      return min(max(share, range.lowerBound), range.upperBound)
    }
    if case .real(let value) = spec.defaultValue, range.lowerBound < value,
      value < range.upperBound
    {
      return value
    }
    return range.lowerBound + (range.upperBound - range.lowerBound) / 2
  }
}
