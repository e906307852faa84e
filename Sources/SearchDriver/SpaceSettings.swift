import Randomness
import Recipes
import SearchSpaces

/// What a search file says of its space, before depth and budget are known.
enum SpaceSettings: Sendable {
  /// The section `space`.
  case profiles(MergeSpaceSettings)
  /// A genome of mergekit-evolve; it starts at random where there is a seed.
  case genome(EvolveGenome, startSeed: UInt64?)

  init(_ configuration: SearchConfiguration, models: MergeModels) throws {
    if let evolve = configuration.evolve {
      self = .genome(
        evolve.genome,
        startSeed: evolve.startsAtRandom ? SplitMix64.output(configuration.seed ^ Self.salt) : nil)
    } else {
      self = .profiles(try MergeSpaceSettings(configuration.space, models: models))
    }
  }

  /// Keeps the start apart from other uses of the seed.
  private static let salt = fnv1a64("random_init".utf8)

  var isStochastic: Bool {
    switch self {
    case .profiles(let settings): settings.methods.contains(where: \.isStochastic)
    case .genome(let genome, _): genome.method.isStochastic
    }
  }

  var choosesAmongCategories: Bool {
    switch self {
    case .profiles(let settings): settings.methods.count > 1 || settings.pairs.count > 1
    case .genome: false
    }
  }

  /// Whether the file says where the search starts.
  var hasStart: Bool {
    switch self {
    case .profiles(let settings): settings.hasStart
    case .genome: true
    }
  }

  func space(models: MergeModels, outline: ModelOutline, budget: Int) throws -> any RecipeSpace {
    switch self {
    case .profiles(let settings):
      try MergeSpace(settings, models: models, outline: outline, budget: budget)
    case .genome(let genome, let startSeed):
      try EvolveSpace(
        genome, models: models, layerCount: outline.layerCount, startSeed: startSeed)
    }
  }
}
