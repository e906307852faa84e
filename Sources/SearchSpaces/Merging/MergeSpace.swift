public import Diagnostics
public import Documents
public import Recipes

/// The merges that a search may try: a search space, and what its genomes mean as recipes.
///
/// Numbers stand in recipes exactly as in genomes, and a genome means what mergekit makes of its
/// recipe: knots are a gradient list over the layers, embeddings take its first value, final norm and
/// head its last one by a filter, components are filters on tensor names.
public struct MergeSpace: Hashable, Sendable {
  public let space: SearchSpace
  public let models: MergeModels
  public let methods: [MethodDeclaration]
  /// The depth profile in use, chosen or given, with the figures that judge it.
  public let choice: ProfileChoice
  /// Whether the search file left the profile to the program.
  public let isProfileAutomatic: Bool
  /// Contiguous ranges of layers, each with a method of its own.
  public let layerGroups: [Range<Int>]
  let pairs: [[String]]
  let slots: [Slot]
  let layerCount: Int

  /// - Parameters:
  ///   - settings: The `space:` section.
  ///   - models: Base and experts.
  ///   - outline: Depth and weights, the same for all models.
  ///   - budget: Evaluations for candidates: what was asked for less the reserve.
  /// - Throws: ``Diagnostic`` if the section does not fit the models.
  public init(
    _ settings: MergeSpaceSettings, models: MergeModels, outline: ModelOutline, budget: Int
  ) throws(Diagnostic) {
    let layers = outline.layerCount
    try Self.check(settings, layers: layers)
    var components = settings.components ?? []
    var filters = try RoleFilters(outline, components: components)
    let choice: ProfileChoice
    switch settings.profile {
    case .fixed(let profile):
      let size = MergeSpaceBuilder(
        settings, models, outline, filters, profile, components
      ).size
      choice = ProfileChoice(profile, components, size, budget: budget)
    case .auto:
      // Models whose names no filter can tell apart are searched without components.
      let automatic = try? RoleFilters(outline, components: [.attention, .mlp])
      choice = .auto(
        components: automatic == nil ? components : settings.components, layers: layers,
        budget: budget
      ) {
        MergeSpaceBuilder(
          settings, models, outline, $1 == components ? filters : automatic ?? filters, $0, $1
        ).size
      }
      if choice.components != components, let automatic {
        components = choice.components
        filters = automatic
      }
    }
    let builder = MergeSpaceBuilder(
      settings, models, outline, filters, choice.profile, components)
    guard !builder.parameters.isEmpty else {
      let names = settings.methods.map(\.name).joined(separator: ", ")
      throw Diagnostic(
        "\(names) with these settings leaves nothing to search", at: settings.location,
        fix: "let the method be chosen, as in 'method: {choose: [\(names), task_arithmetic]}'")
    }
    space = try SearchSpace(builder.parameters, at: settings.location)
    slots = builder.slots
    self.models = models
    self.choice = choice
    methods = settings.methods
    pairs = settings.pairs
    isProfileAutomatic = settings.profile == .auto
    layerCount = layers
    layerGroups = (0..<settings.groups).map {
      MergeSpaceBuilder.layers(of: $0, of: settings.groups, layers: layers)
    }
  }

  /// Reads a `space:` section for these models.
  ///
  /// - Throws: ``Diagnostic`` that names line and key of what is wrong.
  public init(
    _ node: YAMLNode, models: MergeModels, outline: ModelOutline, budget: Int
  ) throws(Diagnostic) {
    try self.init(
      MergeSpaceSettings(node, models: models), models: models, outline: outline, budget: budget)
  }

  private static func check(
    _ settings: MergeSpaceSettings, layers: Int
  ) throws(Diagnostic) {
    guard layers >= 1 else {
      throw Diagnostic(
        "the models have no layers", at: settings.location, fix: "use language models")
    }
    guard settings.groups <= layers else {
      throw Diagnostic(
        "\(settings.groups) groups for \(layers) layers", at: settings.location,
        fix: "use at most as many groups as layers")
    }
    if case .fixed(.knots(let count)) = settings.profile, count > layers {
      throw Diagnostic(
        "\(count) knots for \(layers) layers", at: settings.location,
        fix: "use at most as many knots as layers")
    }
  }
}

extension ProfileChoice {
  init(
    _ profile: DepthProfile, _ components: [ModelComponent],
    _ size: (numeric: Int, categorical: Int), budget: Int
  ) {
    self.init(
      profile: profile, components: components, dimension: size.numeric,
      populationSize: defaultPopulationSize(
        numeric: size.numeric, categorical: size.categorical),
      budget: budget)
  }
}
