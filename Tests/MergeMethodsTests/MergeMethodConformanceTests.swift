import Diagnostics
import MergeMethods
import Randomness
import Recipes
import Testing

/// Parameter values for any method, drawn from the ranges that searches use.
private func trial(_ name: String, seed: UInt64, models: Int = 3, count: Int = 500) throws -> Trial
{
  let method = try MethodDeclaration.all.entry(named: name, at: "test")
  let usesBase = method.base == .required
  let most = method.inputs.maximum ?? models + 1
  let rows = family(models: min(models, most - 1), count: count, seed: seed)
  var trial = Trial(method, usesBase || most == 1 ? rows : Array(rows.dropFirst()))
  let stream = RandomStream(seed: seed, purpose: .initialDesign)
  var draw = 0
  func number(_ spec: ParameterSpec) -> Double {
    draw += 1
    let range = spec.suggested ?? spec.valid ?? 0...1
    return range.lowerBound + (range.upperBound - range.lowerBound) * stream.uniform(at: draw)
  }
  for spec in method.parameters {
    switch (spec.kind, spec.isPerModel) {
    case (.real, true):
      let count = trial.rows.count - (usesBase && spec.scope == .perNonBase ? 1 : 0)
      trial.perModel[spec.name] = (0..<count).map { _ in number(spec) }
    case (.real, false): trial.shared[spec.name] = .real(number(spec))
    case (.boolean, _):
      draw += 1
      trial.shared[spec.name] = .boolean(stream.uniform(at: draw) < 0.5)
    case (.integer, _): break
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
    let trial = try trial(name, seed: seed, count: 1003)
    let whole = try trial.merged().map(\.bitPattern)
    for cuts in [[1], [7], [64], [3, 500, 1], [1000, 3]] {
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
    guard !trial.method.isStochastic, trial.rows.count > 2 || trial.method.base != .required,
      !trial.method.isPairwise
    else { return }
    let merged = try trial.merged()
    let first = trial.method.base == .required ? 1 : 0
    trial.rows[first...].reverse()
    for (name, values) in trial.perModel { trial.perModel[name] = values.reversed() }
    #expect(distance(try trial.merged(), merged) <= 1e-5)
  }

  @Test("does not depend on where the base stands", arguments: 0..<4 as Range<UInt64>)
  func basePosition(seed: UInt64) throws {
    for name in mergeMethods.names {
      var trial = try trial(name, seed: seed)
      guard trial.method.base == .required else { continue }
      let merged = try trial.merged().map(\.bitPattern)
      trial.rows = Array(trial.rows.dropFirst()) + [trial.rows[0]]
      trial.base = trial.rows.count - 1
      #expect(try trial.merged().map(\.bitPattern) == merged, "\(name)")
    }
  }
}
