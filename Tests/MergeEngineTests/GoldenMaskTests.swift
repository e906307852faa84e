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
  ]

  /// Per tensor: deltas of the model, changes of the merge.
  private func changes(
    _ golden: GoldenMerge, seed: UInt64
  ) throws -> [(name: TensorName, model: [[Float]], change: [Float])] {
    let text = "# mergevolve: mask_seed=\(seed)\n" + (try golden.document.yaml(withoutSeed: true))
    let plan = try plan(text, in: golden.models)
    let base = try Checkpoint.open("\(golden.models)/base")
    let models = try golden.document.models.filter { $0.path != "base" }
      .map { try Checkpoint.open("\(golden.models)/\($0.path)") }
    return try plan.tensorNames.map { name in
      let start = try values(name, of: base)
      return (
        name,
        try models.map { model in zip(try values(name, of: model), start).map { $0 - $1 } },
        zip(try values(name, of: plan), start).map { $0 - $1 }
      )
    }
  }

  @Test("kept entries of a single model", arguments: singles)
  func single(id: String) throws {
    let golden = try GoldenMerge(id)
    let density = try #require(golden.facts["kept_fraction_all_seeds"]?["density"]?.double)
    let factor = try #require(golden.facts["factor"]?.double)
    let rescale = id != "49-dare-linear-no-rescale"
    var (keptInAll, candidates) = (0, 0)
    for seed in 0..<5 as Range<UInt64> {
      for (name, models, change) in try changes(golden, seed: seed) {
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
        #expect(
          abs(share - density)
            <= 4.5 * (density * (1 - density) / Double(nonzero)).squareRoot() + 1 / Double(nonzero),
          "\(name)")
        if rescale, keptSum > 0 {
          let after = change.reduce(0.0) { $0 + Double(abs($1)) }
          #expect(abs(after - factor * whole) <= 2e-5 * factor * whole, "\(name)")
        }
      }
    }
    let error = (density * (1 - density) / Double(candidates)).squareRoot()
    #expect(abs(Double(keptInAll) / Double(candidates) - density) <= 4 * error)
  }

  @Test("two models with independent masks")
  func pair() throws {
    let golden = try GoldenMerge("51-dare-ties-two")
    let densities = try golden.document.output.densities
    var (changed, total, expected) = (0, 0, 0.0)
    var l1: [TensorName: Double] = [:]
    var sum: [TensorName: Double] = [:]
    for seed in 0..<5 as Range<UInt64> {
      for (name, models, change) in try changes(golden, seed: seed) {
        changed += change.count { $0 != 0 }
        total += change.count
        for element in change.indices {
          let misses = zip(models, densities).map { $0[element] == 0 ? 1 : 1 - $1 }
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

  @Test("the seed decides, and nothing else")
  func seeds() throws {
    let golden = try GoldenMerge("51-dare-ties-two")
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
  /// The constant densities of the models.
  fileprivate var densities: [Double] {
    guard case .models(let inputs) = assembly else { return [] }
    return inputs.compactMap { input in
      guard case .real(let value) = input.parameters[.density]?.clauses.first?.curve.scalars.first
      else { return nil }
      return value
    }
  }
}
