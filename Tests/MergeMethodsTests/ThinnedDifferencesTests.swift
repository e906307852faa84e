import Diagnostics
import Kernels
import Randomness
import Recipes
import Tensors
import Testing

@testable import MergeMethods

@Suite("breadcrumbs")
struct BreadcrumbsTests {
  @Test(
    "drops both ends, elects or sums", arguments: 0..<10 as Range<UInt64>,
    [0.01, 0.3, 0.7, 0.95, 1])
  func definition(seed: UInt64, density: Double) throws {
    let election = seed % 2 == 1
    var rows = family(models: 3, count: 401, seed: seed)
    // Coarse numbers have equal magnitudes at the cuts.
    if seed % 4 >= 2 { rows = rows.map { $0.map { ($0 * 16).rounded() / 16 } } }
    let densities = [density, min(1, density * 1.4), density]
    let gammas = [0.05, 0.5, 0]
    var trial = Trial(
      election ? .breadcrumbsTies : .breadcrumbs, rows,
      [.weight: [1, 0.7, -0.4], .density: densities, .gamma: gammas])
    let rescale = seed % 3 == 0
    trial.shared = [
      .normalize: .boolean(seed % 5 < 2), .rescale: .boolean(rescale), .lambda: .real(1.2),
    ]
    let thinned = deltas(trial).indices.map { index in
      let delta = deltas(trial)[index]
      let masked = PlainMethods.breadcrumbs(
        delta, density: densities[index], gamma: gammas[index])
      return rescale && densities[index] < 1 ? scaled(masked, like: delta) : masked
    }
    #expect(
      distance(
        try trial.merged(), try taskVectors(trial, deltas: thinned, election: election)) <= 4e-7)
  }

  /// How many elements survive.
  private func kept(_ count: Int, density: Double, gamma: Double) throws -> Int {
    let base = [Float](repeating: 0, count: count)
    let model = (1...count).map { Float($0) }
    let trial = Trial(
      .breadcrumbs, [base, model], [.weight: [1], .density: [density], .gamma: [gamma]])
    return try trial.merged().count { $0 != 0 }
  }

  @Test("the density is met, whatever gamma is")
  func counts() throws {
    #expect(try kept(24, density: 0.9, gamma: 0.5) == 21)
    #expect(try kept(24, density: 0.5, gamma: 0.1) == 12)
    #expect(try kept(24, density: 0.04, gamma: 0.1) == 0)
    #expect(try kept(24, density: 0, gamma: 0.1) == 0)
    #expect(try kept(24, density: 1, gamma: 0.9) == 24)
    #expect(try kept(24, density: 0.5, gamma: 1) == 12)
  }

  @Test("keeps the largest below the outliers, the first of equal ones")
  func places() throws {
    let base = [Float](repeating: 0, count: 10)
    let model: [Float] = [9, 1, 2, -2, 8, 2, 3, -3, 2, 0]
    // One outlier; of 8, 3, −3, 2 × 4 the first five.
    let trial = Trial(
      .breadcrumbs, [base, model], [.weight: [1], .density: [0.5], .gamma: [0.1]])
    #expect(try trial.merged() == [0, 0, 2, -2, 8, 0, 3, -3, 0, 0])
  }

  @Test("zeros above the cut make no difference")
  func zeros() throws {
    let base = [Float](repeating: 0, count: 10)
    var model = base
    model[3] = 2
    model[7] = -1
    let trial = Trial(
      .breadcrumbs, [base, model], [.weight: [1], .density: [0.6], .gamma: [0.3]])
    #expect(try trial.merged() == base)
    let other = Trial(
      .breadcrumbs, [base, model], [.weight: [1], .density: [0.6], .gamma: [0.1]])
    #expect(try other.merged() == [0, 0, 0, 0, 0, 0, 0, -1, 0, 0])
  }
}

@Suite("della")
struct DellaTests {
  private func trial(
    _ rows: [[Float]], shape: [Int], election: Bool, density: [Double], epsilon: [Double]
  ) -> Trial {
    var trial = Trial(
      election ? .della : .dellaLinear, rows,
      [
        .weight: Array([0.6, 0.9].prefix(rows.count - 1)), .density: density, .epsilon: epsilon,
      ])
    trial.shape = shape
    return trial
  }

  @Test(
    "keeps what words and ranks say and restores the L1 norm", arguments: 0..<30 as Range<UInt64>)
  func definition(seed: UInt64) throws {
    let tensors = ShapedTensors(seed: seed, models: 2)
    let (election, rescale) = (seed % 2 == 1, seed % 3 != 2)
    let densities = [0.4, 0.7]
    let epsilons = seed % 4 == 0 ? [-0.2, 0.1] : [0.3, 0]
    var rows = tensors.rows
    if seed % 5 == 0 { rows = rows.map { $0.map { ($0 * 8).rounded() / 8 } } }
    var trial = trial(
      rows, shape: tensors.shape, election: election, density: densities, epsilon: epsilons)
    trial.shared = [
      .rescale: .boolean(rescale), .normalize: .boolean(election), .lambda: .real(1.1),
    ]
    trial.maskSeed = seed
    let thinned = deltas(trial).enumerated().map { position, delta in
      let words = ElementWords(maskSeed: seed, tensor: "w", position: position)
      let probabilities = PlainMethods.probabilities(
        delta, shape: tensors.shape, density: densities[position], epsilon: epsilons[position])
      let masked = delta.indices.map {
        Double(words.word(at: $0)) * 0x1p-32 < probabilities[$0] ? delta[$0] : 0
      }
      return rescale ? scaled(masked, like: delta) : masked
    }
    #expect(
      distance(try trial.merged(), try taskVectors(trial, deltas: thinned, election: election))
        <= 3e-7, "\(tensors.shape)")
  }

  @Test("with epsilon 0 it is dare, bit for bit")
  func dare() throws {
    let rows = family(models: 2, count: 6000, seed: 1)
    var della = trial(
      rows, shape: [60, 100], election: false, density: [0.3, 0.55], epsilon: [0, 0])
    della.shared[.rescale] = .boolean(false)
    var dare = Trial(.dareLinear, rows, [.weight: [0.6, 0.9], .density: [0.3, 0.55]])
    dare.shared[.rescale] = .boolean(false)
    #expect(try della.merged().map(\.bitPattern) == dare.merged().map(\.bitPattern))
  }

  @Test("the share that is kept rises with the rank, from density − epsilon to density + epsilon")
  func deciles() throws {
    let (rowCount, length) = (3000, 11)
    let base = [Float](repeating: 0, count: rowCount * length)
    let stream = RandomStream(seed: 4, purpose: .examples)
    let model = stream.normals(base.count).map { Float($0) }
    var counts = [Int](repeating: 0, count: length)
    for seed in 0..<5 as Range<UInt64> {
      var trial = trial(
        [base, model], shape: [rowCount, length], election: false, density: [0.4], epsilon: [0.2])
      trial.maskSeed = seed
      trial.perModel[.weight] = [1]
      let merged = try trial.merged()
      for row in 0..<rowCount {
        let elements = (row * length..<(row + 1) * length).sorted {
          abs(model[$0]) < abs(model[$1])
        }
        for (rank, element) in elements.enumerated() where merged[element] != 0 {
          counts[rank] += 1
        }
      }
      // The L1 norm of the tensor is restored, by one factor for all rows.
      let (whole, kept) = (
        model.reduce(0.0) { $0 + Double(abs($1)) }, merged.reduce(0.0) { $0 + Double(abs($1)) }
      )
      #expect(abs(kept - whole) <= 1e-6 * whole)
    }
    for (rank, count) in counts.enumerated() {
      let expected = 0.2 + 0.4 * Double(rank) / Double(length - 1)
      let draws = Double(5 * rowCount)
      let error = (expected * (1 - expected) / draws).squareRoot()
      #expect(abs(Double(count) / draws - expected) <= 4 * error, "rank \(rank)")
    }
  }

  @Test("masks of two models are independent")
  func independence() throws {
    let count = 20_000
    let base = [Float](repeating: 0, count: count)
    let ones = [Float](repeating: 1, count: count)
    let kept = try (0..<2).map { model in
      var trial = trial(
        [base, ones, ones], shape: [200, 100], election: false, density: [0.5, 0.5],
        epsilon: [0, 0])
      trial.perModel[.weight] = model == 0 ? [1, 0] : [0, 1]
      return try trial.merged().map { $0 != 0 }
    }
    let both = Double(zip(kept[0], kept[1]).count { $0 && $1 }) / Double(count)
    #expect(abs(both - 0.25) <= 4 * (0.25 * 0.75 / Double(count)).squareRoot())
  }

  @Test("density 1 keeps all, density 0 nothing, whatever epsilon is")
  func extremes() throws {
    let rows: [[Float]] = [[1, 2], [3, 1]]
    var whole = trial(rows, shape: [2], election: false, density: [1], epsilon: [0.9])
    whole.perModel[.weight] = [1]
    #expect(try whole.merged() == rows[1])
    let nothing = trial(rows, shape: [2], election: true, density: [0], epsilon: [0.9])
    #expect(try nothing.merged() == rows[0])
  }

  @Test(
    "a probability outside of (0, 1) is refused", arguments: [(0.5, 0.5), (0.9, 0.15), (0.1, -0.1)])
  func range(density: Double, epsilon: Double) {
    #expect(
      throws: Diagnostic(
        "density \(density) ± epsilon \(abs(epsilon)) leaves the range between 0 and 1",
        at: "recipe.yaml: tensor w",
        fix: "use a smaller epsilon, or a density further from 0 and 1")
    ) {
      try trial(
        [[1, 2], [3, 1]], shape: [2], election: true, density: [density], epsilon: [epsilon]
      ).merged()
    }
  }

  @Test("rows run along the second axis, interleaved where there is a third")
  func rows() {
    #expect(RankedRows(of: Shape([12])).length == 12)
    #expect(RankedRows(of: Shape([3, 4])).length == 4)
    let deep = RankedRows(of: Shape([2, 4, 5]))
    #expect(deep.length == 4 && deep.step == 5 && deep.blockLength == 20)
    #expect(RankedRows(of: Shape([])).length == 1)
  }
}
