import Checkpoints
import Diagnostics
import Documents
import Kernels
import MergeEngine
import Recipes
import Tensors
import TestSupport
import Testing

/// Methods with random masks, against what five runs of mergekit have in common.
@Suite("Golden merges with random masks")
struct GoldenMaskTests {
  private static let singles = [
    "48-dare-linear-single", "49-dare-linear-no-rescale", "50-dare-ties-single",
    "52-della-linear-single",
  ]
  private static let pairs = ["51-dare-ties-two", "53-della-two"]

  /// Per tensor: deltas of the model, changes of the merge.
  private func changes(
    _ golden: GoldenMerge, seed: UInt64
  ) throws -> [(name: TensorName, shape: Shape, model: [[Float]], change: [Float])] {
    let text = "# mergevolve: mask_seed=\(seed)\n" + (try golden.document.yaml(withoutSeed: true))
    let plan = try plan(text, in: golden.models)
    let base = try Checkpoint.open("\(golden.models)/base")
    let models = try golden.document.models.filter { $0.path != "base" }
      .map { try Checkpoint.open("\(golden.models)/\($0.path)") }
    return try plan.tensorNames.map { name in
      let start = try values(name, of: base)
      return (
        name, try #require(plan.description(of: name)?.shape),
        try models.map { model in zip(try values(name, of: model), start).map { $0 - $1 } },
        zip(try values(name, of: plan), start).map { $0 - $1 }
      )
    }
  }

  @Test("kept entries of a single model", arguments: singles)
  func single(id: String) throws {
    let golden = try GoldenMerge(id)
    let facts = try #require(golden.facts["kept_fraction_all_seeds"])
    let density = try #require(facts["density"]?.double)
    let expectedInAll = facts["expected"]?.double ?? density
    let factor = try #require(golden.facts["factor"]?.double)
    let rescale = id != "49-dare-linear-no-rescale"
    var (keptInAll, candidates) = (0, 0)
    for seed in 0..<5 as Range<UInt64> {
      for (name, _, models, change) in try changes(golden, seed: seed) {
        let delta = models[0]
        let nonzero = delta.count { $0 != 0 }
        let kept = delta.indices.filter { delta[$0] != 0 && abs(change[$0]) > 1e-9 }
        keptInAll += kept.count
        candidates += nonzero
        guard nonzero > 0 else {
          #expect(change.allSatisfy { $0 == 0 })
          continue
        }
        let whole = delta.reduce(0.0) { $0 + Double(abs($1)) }
        let keptSum = kept.reduce(0.0) { $0 + Double(abs(delta[$1])) }
        let scale = rescale && keptSum > 0 ? whole / keptSum : 1
        for element in kept {
          let expected = factor * scale * Double(delta[element])
          #expect(abs(Double(change[element]) - expected) <= 2e-6, "\(name)")
        }
        let share = Double(kept.count) / Double(nonzero)
        let run = golden.facts["tensors"]?[name]?["seeds"]?.array?.first
        let expected = run?["kept_fraction_expected"]?.double ?? density
        #expect(
          abs(share - expected)
            <= 4.5 * (density * (1 - density) / Double(nonzero)).squareRoot() + 1 / Double(nonzero),
          "\(name)")
        if rescale, keptSum > 0 {
          let after = change.reduce(0.0) { $0 + Double(abs($1)) }
          #expect(abs(after - factor * whole) <= 2e-5 * factor * whole, "\(name)")
        }
      }
    }
    let error = (density * (1 - density) / Double(candidates)).squareRoot()
    #expect(abs(Double(keptInAll) / Double(candidates) - expectedInAll) <= 4 * error)
  }

  @Test("della keeps larger magnitudes of a row more often, fifth by fifth")
  func fifths() throws {
    let golden = try GoldenMerge("52-della-linear-single")
    let (density, epsilon) = (
      try golden.document.output.numbers(.density)[0],
      try golden.document.output.numbers(.epsilon)[0]
    )
    var (kept, expected, counts) = ([0, 0, 0, 0, 0], [0.0, 0, 0, 0, 0], [0, 0, 0, 0, 0])
    for seed in 0..<5 as Range<UInt64> {
      for (_, shape, models, change) in try changes(golden, seed: seed) {
        let probabilities = keepProbabilities(models[0], shape, density, epsilon)
        for element in change.indices where models[0][element] != 0 {
          let place = (probabilities[element] - density + epsilon) / (2 * epsilon)
          let fifth = min(4, Int(5 * place))
          counts[fifth] += 1
          expected[fifth] += probabilities[element]
          if change[element] != 0 { kept[fifth] += 1 }
        }
      }
    }
    let stated = try #require(
      golden.facts["kept_by_magnitude_quintile_of_row"]?["expected_low_to_high"]?.array)
    for fifth in 0..<5 {
      let mean = expected[fifth] / Double(counts[fifth])
      #expect(abs(mean - (try #require(stated[fifth].double))) <= 0.01)
      let error = (mean * (1 - mean) / Double(counts[fifth])).squareRoot()
      #expect(abs(Double(kept[fifth]) / Double(counts[fifth]) - mean) <= 4 * error)
    }
  }

  @Test("two models with independent masks", arguments: pairs)
  func pair(id: String) throws {
    let golden = try GoldenMerge(id)
    let densities = try golden.document.output.numbers(.density)
    let epsilons = try golden.document.output.numbers(.epsilon)
    var (changed, total, expected) = (0, 0, 0.0)
    var l1: [TensorName: Double] = [:]
    var sum: [TensorName: Double] = [:]
    for seed in 0..<5 as Range<UInt64> {
      for (name, shape, models, change) in try changes(golden, seed: seed) {
        changed += change.count { $0 != 0 }
        total += change.count
        let probabilities = models.indices.map { model in
          epsilons.isEmpty
            ? models[model].map { _ in densities[model] }
            : keepProbabilities(models[model], shape, densities[model], epsilons[model])
        }
        for element in change.indices {
          let misses = models.indices.map {
            models[$0][element] == 0 ? 1 : 1 - probabilities[$0][element]
          }
          expected += 1 - misses.reduce(1, *)
        }
        l1[name, default: 0] += change.reduce(0.0) { $0 + Double(abs($1)) } / 5
        sum[name, default: 0] += change.reduce(0.0) { $0 + Double($1) } / 5
      }
    }
    for fact in try #require(golden.facts["tensors"]?.members) {
      let (name, facts) = (fact.key, fact.value)
      let meanL1 = try #require(facts["mean_l1_change"]?.double)
      for (value, key) in [(l1[name], "l1"), (sum[name], "sum")] {
        let value = try #require(value)
        let mean = try #require(facts["mean_\(key)_change"]?.double)
        let deviation = try #require(facts["std_\(key)_change"]?.double)
        #expect(abs(value - mean) <= 5 * max(deviation, 0.02 * meanL1), "\(name), \(key)")
      }
    }
    let share = expected / Double(total)
    #expect(
      abs(Double(changed) / Double(total) - share)
        <= 4 * (share * (1 - share) / Double(total)).squareRoot())
  }

  @Test("the seed decides, and nothing else", arguments: pairs)
  func seeds(id: String) throws {
    let golden = try GoldenMerge(id)
    let one = try changes(golden, seed: 1).map(\.change)
    #expect(try changes(golden, seed: 1).map(\.change) == one)
    #expect(try changes(golden, seed: 2).map(\.change) != one)
  }
}

extension RecipeDocument {
  /// The text without the comment that carries the seed.
  fileprivate func yaml(withoutSeed: Bool) -> String {
    yaml.split(separator: "\n").filter { !$0.hasPrefix("#") }.joined(separator: "\n") + "\n"
  }
}

extension Recipe {
  /// The constants that the models have for a parameter.
  fileprivate func numbers(_ parameter: ParameterName) -> [Double] {
    guard case .models(let inputs) = assembly else { return [] }
    return inputs.compactMap { input in
      guard case .real(let value) = input.parameters[parameter]?.clauses.first?.curve.scalars.first
      else { return nil }
      return value
    }
  }
}

/// With which probability della keeps each element, by its rank in its row.
private func keepProbabilities(
  _ delta: [Float], _ shape: Shape, _ density: Double, _ epsilon: Double
) -> [Double] {
  let length = shape.dimensions[shape.dimensions.count - 1]
  var result = delta.map { _ in density }
  for start in stride(from: 0, to: delta.count, by: length) {
    let order = (start..<start + length).sorted { (abs(delta[$0]), $0) < (abs(delta[$1]), $1) }
    for (rank, element) in order.enumerated() {
      result[element] = density - epsilon + 2 * epsilon * Double(rank) / Double(length - 1)
    }
  }
  return result
}
