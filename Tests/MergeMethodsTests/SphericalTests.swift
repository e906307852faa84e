import Diagnostics
import Recipes
import Testing

@testable import MergeMethods

@Suite("nuslerp")
struct NuslerpTests {
  private func trial(
    _ rows: [[Float]], _ weights: [Double], hasBase: Bool, flatten: Bool = true,
    rowWise: Bool = false, shape: [Int]? = nil
  ) -> Trial {
    var trial = Trial(
      .nuslerp, rows, [.weight: weights],
      shared: [.nuslerpFlatten: .boolean(flatten), .nuslerpRowWise: .boolean(rowWise)])
    trial.hasBase = hasBase
    trial.shape = shape
    return trial
  }

  @Test(
    "agrees with the definition, of tensors, rows and columns, with and without a base",
    arguments: 0..<30 as Range<UInt64>)
  func definition(seed: UInt64) throws {
    let tensors = ShapedTensors(seed: seed, models: 2, spread: seed % 2 == 0 ? 0.1 : 2)
    let hasBase = seed % 3 != 0
    let weights = [[0.3, 0.6], [1.0, 3.0], [0.7, -0.2]][Int(seed / 3) % 3]
    let t = weights[1] / (weights[0] + weights[1])
    let vectors = hasBase ? tensors.exactDeltas : tensors.models
    for (flatten, rowWise) in [(true, true), (false, false), (false, true)] {
      let lines =
        flatten
        ? [Array(vectors[0].indices)]
        : rowWise ? tensors.firstAxisLines : tensors.lastAxisLines
      var expected = hasBase ? tensors.base : vectors[0].map { _ in 0 }
      // Nearly opposite vectors have large factors, whose products cancel.
      var largest = 1.0
      for line in lines {
        let factors = PlainMethods.nuslerp(
          t, line.map { vectors[0][$0] }, line.map { vectors[1][$0] })
        largest = max(largest, abs(factors.a), abs(factors.b))
        for element in line {
          expected[element] += factors.a * vectors[0][element] + factors.b * vectors[1][element]
        }
      }
      let rows = hasBase ? tensors.rows : Array(tensors.rows.dropFirst())
      let found = try trial(
        rows, weights, hasBase: hasBase, flatten: flatten, rowWise: rowWise, shape: tensors.shape
      ).merged()
      #expect(
        distance(found, from: expected) <= 1e-6 * largest,
        "\(tensors.shape) \(flatten) \(rowWise)")
    }
  }

  @Test("weights that cancel mean the middle")
  func cancelling() throws {
    let rows: [[Float]] = [[1, 0], [0, 1]]
    let found = try trial(rows, [0.5, -0.5], hasBase: false).merged()
    #expect(distance(found, [Float(0.5).squareRoot(), Float(0.5).squareRoot()]) <= 1e-7)
  }

  @Test("a zero vector counts as perpendicular, opposite ones as one line")
  func extremes() throws {
    let zero = try trial([[0, 0, 0], [1, -2, 4]], [1, 1], hasBase: false).merged()
    #expect(distance(zero, [1, -2, 4].map { Float(0.5.squareRoot()) * $0 }) <= 1e-7)
    let opposite = try trial([[1, 2, -4], [-1, -2, 4]], [3, 1], hasBase: false).merged()
    #expect(opposite == [0.5, 1, -2])
    let same = try trial([[1, 2, 3], [1, 2, 3]], [1, 2], hasBase: false).merged()
    #expect(distance(same, [1, 2, 3]) <= 1e-7)
  }

  @Test("weights 1 and 0 yield a model exactly")
  func parents() throws {
    let rows = Array(family(models: 2, count: 300, seed: 3).dropFirst())
    #expect(try trial(rows, [1, 0], hasBase: false).merged() == rows[0])
    #expect(try trial(rows, [0, 2], hasBase: false).merged() == rows[1])
  }

  @Test("a third model is refused")
  func three() {
    #expect(throws: Diagnostic.self) {
      try trial(family(models: 2, count: 4, seed: 0), [1, 1, 1], hasBase: false).merged()
    }
  }
}

@Suite("multislerp")
struct MultislerpTests {
  private func trial(
    _ rows: [[Float]], _ weights: [Double], hasBase: Bool, normalize: Bool = true,
    eps: Double = 1e-8
  ) -> Trial {
    var trial = Trial(
      .multislerp, rows, [.weight: weights],
      shared: [.normalizeWeights: .boolean(normalize), .eps: .real(eps)])
    trial.hasBase = hasBase
    return trial
  }

  @Test("agrees with the definition, tangents and all", arguments: 0..<20 as Range<UInt64>)
  func definition(seed: UInt64) throws {
    let tensors = ShapedTensors(seed: seed, models: 2 + Int(seed % 3), spread: 0.7)
    let hasBase = seed % 2 == 0
    let weights = Array([0.4, 0.5, 0.6, -0.1].prefix(tensors.models.count))
    let (normalize, eps) = (seed % 4 < 2, seed % 5 == 0 ? 0.3 : 1e-8)
    let vectors = hasBase ? tensors.exactDeltas : tensors.models
    var expected = PlainMethods.multislerp(vectors, weights, normalize: normalize, eps: eps)
    if hasBase { expected = PlainMethods.plus(tensors.base, expected) }
    let rows = hasBase ? tensors.rows : Array(tensors.rows.dropFirst())
    let found = try trial(rows, weights, hasBase: hasBase, normalize: normalize, eps: eps).merged()
    #expect(distance(found, from: expected) <= 1e-6)
  }

  @Test("a single model is returned")
  func single() throws {
    #expect(try trial([[1, 2, 3]], [0.2], hasBase: false).merged() == [1, 2, 3])
    #expect(try trial([[0, 0, 0], [1, 2, 3]], [7], hasBase: true).merged() == [1, 2, 3])
  }

  @Test("two opposite models are summed, more are refused")
  func opposite() throws {
    #expect(
      try trial([[1, 2], [-1, -2]], [0.5, 0.5], hasBase: false, normalize: false).merged() == [
        0, 0,
      ]
    )
    #expect(throws: Diagnostic.self) {
      try trial([[1, 0], [-1, 0], [0, 0]], [1, 1, 1], hasBase: false).merged()
    }
  }

  @Test("models that all equal the base yield it, however many they are")
  func unchanged() throws {
    let rows = [[Float]](repeating: [1, 2, 3], count: 4)
    #expect(try trial(rows, [1, 1, 1], hasBase: true).merged() == [1, 2, 3])
  }

  @Test("weights that cancel are refused where they are normalised")
  func weights() {
    #expect(
      throws: Diagnostic(
        "the weights 1.0, -1.0 sum to 0, so they cannot be normalized",
        at: "recipe.yaml: tensor w",
        fix: "change a weight, or set 'normalize_weights: false'")
    ) { try trial([[1, 2], [2, 1]], [1, -1], hasBase: false).merged() }
  }
}

@Suite("karcher")
struct KarcherTests {
  @Test("agrees with the definition", arguments: 0..<20 as Range<UInt64>)
  func definition(seed: UInt64) throws {
    let tensors = ShapedTensors(
      seed: seed, models: 2 + Int(seed % 3), spread: seed % 2 == 0 ? 0.2 : 3)
    for (iterations, tolerance) in [(10, 1e-5), (1, 1e-9), (0, 1e-5), (200, 1e-7)] {
      let expected = PlainMethods.karcher(
        tensors.models, iterations: iterations, tolerance: tolerance)
      let trial = Trial(
        .karcher, Array(tensors.rows.dropFirst()),
        shared: [.maxIterations: .integer(iterations), .tolerance: .real(tolerance)])
      #expect(distance(try trial.merged(), from: expected) <= 1e-6, "\(iterations)")
    }
  }

  @Test("an all-zero model shrinks the result, all zero models are their mean")
  func zeros() throws {
    let merged = try Trial(.karcher, [[3, 4], [0, 0]]).merged()
    #expect(distance(merged, [1.5, 2]) <= 1e-7)
    #expect(try Trial(.karcher, [[0, 0], [0, 0]]).merged() == [0, 0])
  }

  @Test("two opposite models yield the first, a single one itself")
  func opposite() throws {
    let rows: [[Float]] = [[1, 2, -4], [-1, -2, 4]]
    #expect(distance(try Trial(.karcher, rows).merged(), rows[0]) <= 1e-7)
    #expect(
      try Trial(.karcher, [[1, -0.0]]).merged().map(\.bitPattern)
        == [1, -0.0 as Float].map(\.bitPattern))
  }
}
