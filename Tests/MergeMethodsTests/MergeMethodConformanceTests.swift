import Diagnostics
import MergeMethods
import Randomness
import Recipes
import Testing

/// Parameter values for any method, drawn from the ranges that searches use.
private func trial(
  _ name: String, seed: UInt64, models: Int = 3, shape: [Int] = [20, 25]
) throws -> Trial {
  let method = try MethodDeclaration.all.entry(named: name, at: "test")
  let stream = RandomStream(seed: seed, purpose: .initialDesign)
  let usesBase = method.base == .required || method.base == .optional && seed % 2 == 0
  var most = method.inputs.maximum ?? models + 1
  if usesBase, !method.inputs.includesBase { most += 1 }
  let others = min(models, usesBase ? most - 1 : most)
  let rows = family(models: others, count: shape.reduce(1, *), seed: seed)
  var trial = Trial(method, usesBase ? rows : Array(rows.dropFirst()))
  trial.shape = shape
  trial.hasBase = usesBase
  var draw = 0
  func uniform() -> Double {
    draw += 1
    return stream.uniform(at: draw)
  }
  for spec in method.parameters {
    switch (spec.kind, spec.isPerModel) {
    case (.real, true):
      let count = trial.rows.count - (usesBase && spec.scope == .perNonBase ? 1 : 0)
      let range = spec.suggested ?? spec.valid ?? 0...1
      trial.perModel[spec.name] = (0..<count).map { _ in
        range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
      }
    case (.real, false):
      if let range = spec.suggested {
        trial.shared[spec.name] = .real(
          range.lowerBound + (range.upperBound - range.lowerBound) * uniform())
      }
    case (.boolean, _): trial.shared[spec.name] = .boolean(uniform() < 0.5)
    case (.integer, _): break
    }
  }
  for spec in method.parameters {
    guard let margin = spec.margin, let centres = trial.perModel[margin] else { continue }
    trial.perModel[spec.name] = trial.perModel[spec.name].map { values in
      zip(values, centres).map { min($0, 0.9 * min($1, 1 - $1)) }
    }
  }
  return trial
}

/// Laws that every registered method obeys; the seed in a failing case reproduces it.
@Suite("Every merge method")
struct MergeMethodConformanceTests {
  @Test("is declared, and every declaration is implemented")
  func registry() {
    #expect(mergeMethods.names == MethodDeclaration.all.names)
    for name in mergeMethods.names {
      #expect(mergeMethods[name]?.declaration == MethodDeclaration.all[name])
    }
  }

  @Test("leaves identical models unchanged", arguments: mergeMethods.names, 0..<8 as Range<UInt64>)
  func identity(name: String, seed: UInt64) throws {
    var trial = try trial(name, seed: seed)
    trial.rows = trial.rows.map { _ in trial.rows[0] }
    // Weights of one sign, and sums that are divided by their weights.
    for weights in trial.perModel[.weight].map({ [$0] }) ?? [] {
      trial.perModel[.weight] = weights.map { abs($0) + 0.1 }
    }
    if trial.method.base == .ignored { trial.shared[.normalize] = .boolean(true) }
    if !trial.usesBase { trial.shared[.normalizeWeights] = .boolean(true) }
    trial.perModel[.scale] = trial.perModel[.scale].map { $0.map { _ in 1 } }
    let merged = try trial.merged()
    #expect(distance(merged, trial.rows[0]) <= 1e-5)
  }

  @Test(
    "makes finite numbers of finite numbers", arguments: mergeMethods.names, 0..<8 as Range<UInt64>)
  func finiteness(name: String, seed: UInt64) throws {
    #expect(try trial(name, seed: seed).merged().allSatisfy(\.isFinite))
  }

  @Test(
    "does not depend on how the tensor is cut, bit for bit", arguments: mergeMethods.names,
    0..<4 as Range<UInt64>)
  func ranges(name: String, seed: UInt64) throws {
    let shape = [[1003], [17, 59], [5, 8, 25], [1, 1000]][Int(seed)]
    let trial = try trial(name, seed: seed, shape: shape)
    let whole = try trial.merged().map(\.bitPattern)
    for cuts in [[1], [7], [64], [3, 500, 1], [990, 10]] {
      #expect(try trial.merged(cuts: cuts).map(\.bitPattern) == whole, "cuts \(cuts)")
    }
    for threads in [2, 3] {
      #expect(try trial.merged(threads: threads).map(\.bitPattern) == whole)
    }
  }

  @Test(
    "does not depend on the order of the models", arguments: mergeMethods.names,
    0..<8 as Range<UInt64>)
  func permutation(name: String, seed: UInt64) throws {
    var trial = try trial(name, seed: seed)
    guard !trial.method.isStochastic, trial.rows.count > 2 || !trial.usesBase,
      !trial.method.isPairwise
    else { return }
    let merged = try trial.merged()
    let first = trial.usesBase ? 1 : 0
    trial.rows[first...].reverse()
    for (name, values) in trial.perModel { trial.perModel[name] = values.reversed() }
    #expect(distance(try trial.merged(), merged) <= 1e-5)
  }

  @Test("does not depend on where the base stands", arguments: 0..<4 as Range<UInt64>)
  func basePosition(seed: UInt64) throws {
    for name in mergeMethods.names {
      var trial = try trial(name, seed: seed)
      guard trial.usesBase else { continue }
      let merged = try trial.merged().map(\.bitPattern)
      trial.rows = Array(trial.rows.dropFirst()) + [trial.rows[0]]
      trial.base = trial.rows.count - 1
      #expect(try trial.merged().map(\.bitPattern) == merged, "\(name)")
    }
  }
}
