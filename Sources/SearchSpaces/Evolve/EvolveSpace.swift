public import Diagnostics
public import Recipes
import Randomness
import Tensors

/// The space of a genome of mergekit-evolve: unbounded numbers that its decoder turns into recipes.
///
/// A genome is mergekit-evolve's array `[groups][models][filters + 1][parameters]`, and its recipe is what
/// mergekit-evolve would write for it.
public struct EvolveSpace: RecipeSpace {
  public let space: SearchSpace
  public let models: MergeModels
  private let genome: EvolveGenome
  /// In the order of the genome, as recipes name them.
  private let references: [ModelReference]
  private let layerCount: Int
  private let groupCount: Int

  /// The step of mergekit-evolve.
  private static let step = 1.0 / 6

  /// - Parameters:
  ///   - genome: What the file says.
  ///   - models: Base and experts; the experts are those of the genome, in its order.
  ///   - layerCount: Of every model.
  ///   - startSeed: Where the search starts: nil: at equal shares and full density; else uniformly at random.
  /// - Throws: ``Diagnostic`` if the layers cannot be divided as the file wants.
  public init(
    _ genome: EvolveGenome, models: MergeModels, layerCount: Int, startSeed: UInt64? = nil
  ) throws(Diagnostic) {
    if let size = genome.layersPerGroup, !layerCount.isMultiple(of: size) {
      let divisors = (1...layerCount).filter(layerCount.isMultiple).map(String.init)
      throw Diagnostic(
        "\(layerCount) layers cannot be divided into groups of \(size)",
        at: "\(genome.location): layer_granularity",
        fix: "use one of \(divisors.joined(separator: ", ")), or 0 for a single group")
    }
    self.genome = genome
    self.models = models
    self.layerCount = layerCount
    groupCount = genome.layersPerGroup.map { layerCount / $0 } ?? 1
    var experts = models.experts[...]
    var members: [(name: String, reference: ModelReference)] = []
    for model in genome.models {
      if model == genome.base, let base = models.base {
        members.append((MergeModels.baseName, base))
      } else if let expert = experts.popFirst() {
        members.append((expert.name, expert.model))
      }
    }
    precondition(members.count == genome.models.count, "the models are not those of the genome")
    references = members.map(\.reference)
    space = try SearchSpace(
      Self.parameters(of: genome, members.map(\.name), groups: groupCount, startSeed: startSeed),
      at: genome.location)
  }

  private static func parameters(
    of genome: EvolveGenome, _ names: [String], groups: Int, startSeed: UInt64?
  ) -> [SearchParameter] {
    var random = startSeed.map(SplitMix64.init(seed:))
    var parameters: [SearchParameter] = []
    for group in 0..<groups {
      for name in names {
        for filter in genome.filters + (genome.filters.isEmpty ? [""] : ["rest"]) {
          for parameter in genome.parameters {
            let start =
              random?.nextUniform() ?? (parameter == .density ? 1 : 1 / Double(names.count))
            let label = "\(parameter).\(name)" + (filter.isEmpty ? "" : ".\(filter)")
            parameters.append(
              SearchParameter(
                groups == 1 ? label : "\(label)[\(group)]",
                .real(range: nil, start: start, step: step)))
          }
        }
      }
    }
    return parameters
  }

  public var describe: String {
    let groups =
      groupCount == 1 ? "one group of layers" : "\(groupCount) groups of layers"
    let filters =
      genome.filters.isEmpty ? "" : ", filters " + genome.filters.joined(separator: ", ")
    return "\(genome.method.name) as mergekit-evolve; \(groups)\(filters); "
      + "\(space.parameters.count) parameters"
  }

  /// Always nil: mergekit-evolve says where its searches start.
  public func genome(expressing document: RecipeDocument) -> Genome? { nil }

  public func document(
    for genome: Genome, maskSeed: UInt64 = 0, location: String = "candidate"
  ) throws(Diagnostic) -> RecipeDocument {
    try space.validate(genome, at: location)
    let method = self.genome.method
    var parameters = ParameterSettings()
    if method.parameter(.normalize) != nil {
      parameters[.normalize] = .boolean(self.genome.normalizes)
    }
    if method.parameter(.int8Mask) != nil { parameters[.int8Mask] = .boolean(true) }
    return try RecipeDocument(
      Recipe(
        method: method, baseModel: models.base, assembly: assembly(genome.values),
        parameters: parameters, dtype: .bf16,
        tokenizer: self.genome.alignsTokenizer ? TokenizerSettings(.base) : nil,
        maskSeed: method.isStochastic ? maskSeed : 0),
      location: location)
  }

  // MARK: Decoding

  private func assembly(_ values: [Double]) -> Recipe.Assembly {
    if genome.method == .slerp {
      return .slices((0..<groupCount).map { slerpSlice(values, group: $0) })
    }
    if genome.isSmooth {
      var inputs = references.enumerated().map { index, model in
        Recipe.Input(model, settings(values, model: index, groups: 0..<groupCount))
      }
      if let base = models.base, !references.contains(base) { inputs.append(Recipe.Input(base)) }
      return .models(inputs)
    }
    return .slices(
      (0..<groupCount).map { group in
        let layers = layers(of: group)
        var sources = references.enumerated().map { index, model in
          Recipe.Source(
            model, layers: layers, settings(values, model: index, groups: group..<group + 1))
        }
        if let base = models.base, !references.contains(base) {
          sources.append(Recipe.Source(base, layers: layers))
        }
        return Recipe.Slice(sources: sources)
      })
  }

  private func layers(of group: Int) -> Range<Int> {
    let size = layerCount / groupCount
    return group * size..<(group + 1) * size
  }

  /// A model's parameters, a number for each of the groups.
  private func settings(_ values: [Double], model: Int, groups: Range<Int>) -> ParameterSettings {
    var settings = ParameterSettings()
    let filters: [String?] = genome.filters + [nil]
    for (position, parameter) in genome.parameters.enumerated() {
      settings[parameter] = ParameterSetting(
        filters.indices.map { slot in
          let numbers = groups.map { group in
            let set = (group * references.count + model) * filters.count + slot
            return decoded(values[set * genome.parameters.count + position], parameter)
          }
          return ParameterSetting.Clause(
            filter: filters[slot],
            numbers.count == 1 ? .constant(.real(numbers[0])) : .gradient(numbers))
        })
    }
    return settings
  }

  private func decoded(_ value: Double, _ parameter: ParameterName) -> Double {
    if parameter == .density { return min(abs(value), 1) }
    return genome.allowsNegativeWeights ? value : abs(value)
  }

  /// The two models with the largest numbers, the larger one being the base; `t` is the other's share in
  /// their softmax.
  private func slerpSlice(_ values: [Double], group: Int) -> Recipe.Slice {
    let numbers = values[group * references.count..<(group + 1) * references.count]
    let order = numbers.indices.sorted { (numbers[$1], $0) < (numbers[$0], $1) }
    let (first, second) = (order[0], order[1])
    let ratio = Deterministic.exp(numbers[second] - numbers[first])
    let chosen = [first, second].map { references[$0 - numbers.startIndex] }
    return Recipe.Slice(
      sources: chosen.map { Recipe.Source($0, layers: layers(of: group)) }, baseModel: chosen[0],
      parameters: [.t: .real(ratio / (1 + ratio))])
  }
}
