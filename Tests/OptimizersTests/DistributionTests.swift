import Foundation
import Randomness
import SearchSpaces
import Testing

@testable import Optimizers

@Suite("Search distributions") struct DistributionTests {
  @Test("a full covariance transforms and whitens as inverses") func inverses() {
    var covariance = FullCovariance(dimension: 11)
    let stream = RandomStream(seed: 1, purpose: .examples)
    for update in 0..<5 {
      let y = PaddedVector((0..<11).map { stream.normal(at: 11 * update + $0) })
      covariance.update(decay: 0.9, terms: [(0.3, y)])
      covariance.refresh(gap: 1)
    }
    let z = PaddedVector((0..<11).map { stream.normal(at: 100 + $0) })
    let y = covariance.transform(z)
    for (found, expected) in zip(covariance.whiten(y).values, z.values) {
      #expect(abs(found - expected) < 1e-13)
    }
    // |C^½ z|² = zᵀ C z, and C_ii is the squared length of the root's row i.
    for index in 0..<11 {
      var unit = PaddedVector(count: 11)
      unit[index] = 1
      #expect(
        abs(covariance.transform(unit).squaredLength - covariance.variances[index]) < 1e-13)
    }
  }

  @Test("a lazy decomposition survives coding at any age", arguments: 0..<7)
  func lazyCoding(updates: Int) throws {
    let stream = RandomStream(seed: 2, purpose: .examples)
    func update(_ covariance: inout FullCovariance, _ index: Int) {
      let y = PaddedVector((0..<9).map { stream.normal(at: 9 * index + $0) })
      covariance.update(decay: 0.8, terms: [(0.2, y), (-0.05, y)])
      covariance.refresh(gap: 3)
    }
    var covariance = FullCovariance(dimension: 9)
    for index in 0..<updates { update(&covariance, index) }
    #expect(covariance.age == updates % 3)
    var copy = try JSONDecoder().decode(
      FullCovariance.self, from: JSONEncoder().encode(covariance))
    let z = PaddedVector((0..<9).map { stream.normal(at: 900 + $0) })
    for index in updates..<updates + 4 {
      #expect(copy.transform(z).values == covariance.transform(z).values)
      update(&covariance, index)
      update(&copy, index)
    }
    #expect(copy.variances == covariance.variances)
  }

  @Test("a matrix that is not positive is lifted, never repaired to zero") func lifting() {
    var covariance = FullCovariance(dimension: 3)
    covariance.update(decay: 1, terms: [(-2, PaddedVector([1, 0, 0]))])
    covariance.refresh(gap: 1)
    #expect(covariance.roots.allSatisfy { $0 > 0 })
    #expect(covariance.transform(PaddedVector([1, 1, 1])).values.allSatisfy { $0.isFinite })
  }

  @Test("rescaling a coordinate multiplies its standard deviation alone") func rescaling() {
    for mode in [CovarianceMode.full, .diagonal] {
      var gaussian = GaussianDistribution(mean: [0, 0, 0], sigma: 0.5, covariance: mode)
      gaussian.rescale([(1, 4)])
      #expect(gaussian.standardDeviations == [0.5, 2, 0.5])
    }
  }

  @Test("categories keep their margin and sum to 1") func categoricalMargin() {
    let initial = [[1.0, 0, 0], [0.5, 0.5]]
    var distribution = CategoricalDistribution(initial: initial, discreteCount: 2)
    let margin = 1 - 0.73.squareRoot()
    #expect(abs(distribution.probabilities[0][1] - margin / 2) < 1e-15)
    for _ in 0..<200 {
      distribution.update([[2, 1], [2, 1], [0, 0]], recombination: [0.6, 0.4, 0])
    }
    #expect(distribution.modes == [2, 1])
    #expect(distribution.hasConverged)
    for probabilities in distribution.probabilities {
      #expect(abs(probabilities.reduce(0, +) - 1) < 1e-14)
    }
    #expect(abs(distribution.probabilities[0][0] - margin / 2) < 1e-12)
    #expect(abs(distribution.probabilities[1][0] - margin) < 1e-12)
    #expect(!distribution.isAlive(0, choices: [0, 1]))
    #expect(distribution.isAlive(0, choices: [0, 2]))
  }

  @Test("categories without a gradient stay where they are") func noGradient() {
    var distribution = CategoricalDistribution(initial: [[0.5, 0.5]], discreteCount: 1)
    distribution.update([[0], [1]], recombination: [0.5, 0.5])
    #expect(distribution.probabilities == [[0.5, 0.5]])
  }

  @Test("categories are sampled with their probabilities") func sampling() {
    let distribution = CategoricalDistribution(
      initial: [[0.2, 0.5, 0.3], [0.5, 0.5]], discreteCount: 8)
    var counts = [0, 0, 0]
    for candidate in 0..<4000 {
      let stream = RandomStream(seed: 3, purpose: .categories, candidate: candidate)
      counts[distribution.sample(stream)[0]] += 1
    }
    for (count, expected) in zip(counts, [800, 2000, 1200]) {
      #expect(abs(count - expected) < 160)
    }
  }

  static let integer = Coordinates.Integer(parameter: 0, lowest: -2, scale: 2, levels: 5)

  @Test("levels are read off by thresholds that belong to the cell below") func levels() {
    let integer = Self.integer
    #expect((0..<4).map(integer.threshold) == [0.25, 0.75, 1.25, 1.75])
    #expect(
      [-9, 0, 0.25, 0.26, 0.75, 0.8, 1.75, 1.76, 9].map(integer.level)
        == [0, 0, 0, 1, 1, 2, 3, 4, 4])
  }

  @Test("a margin keeps both neighbours reachable", arguments: [0.0, 0.3, 0.5, 1.0, 1.9])
  func margin(center: Double) {
    var margin = IntegerMargin(count: 1, discreteCount: 3)
    let alpha = CategoricalDistribution.margin(3)
    for succeeded in [true, false, true] {
      var mean = [7, center]
      margin.correct(
        mean: &mean, deviations: [1, 1e-4], coordinates: [Self.integer], offset: 1,
        successes: [succeeded])
      #expect(mean[0] == 7)
      let level = Self.integer.level(at: mean[1])
      #expect(level == Self.integer.level(at: center))
      let spread = 1e-4 * margin.scales[0]
      var leaving = 0.0
      if level > 0 {
        leaving += Deterministic.normalProbability(
          below: (Self.integer.threshold(level - 1) - mean[1]) / spread)
      }
      if level < 4 {
        leaving += Deterministic.normalProbability(
          below: (mean[1] - Self.integer.threshold(level)) / spread)
      }
      #expect(leaving > alpha * (1 - 1e-9))
      #expect(leaving < 0.5)
    }
  }

  @Test("centering moves mutated samples onto their level and keeps the sum") func centering() {
    // The mean is on level 1 (0.5); one sample has reached level 2 (1.0), at 0.8.
    var points = [[0.8], [0.45], [0.6], [0.3]]
    let changed = IntegerMargin.center(
      &points, coordinates: [Self.integer], offset: 0, mean: [0.5])
    #expect(changed == [true])
    #expect(points[0] == [1])
    #expect(points[1] == [0.45])
    #expect(points[3] == [0.3])
    // Bias +0.2 is balanced by what can move down: 0.6 → 0.5, and no further.
    #expect(abs(points[2][0] - 0.5) < 1e-15)
    var still = [[0.4], [0.6]]
    #expect(
      IntegerMargin.center(&still, coordinates: [Self.integer], offset: 0, mean: [0.5]) == [false])
    #expect(still == [[0.4], [0.6]])
  }

  @Test("exact numbers survive their text", arguments: 0..<7)
  func exactDoubles(count: Int) throws {
    let stream = RandomStream(seed: 8, purpose: .examples)
    let values = (0..<count).map { Double(bitPattern: stream.word(at: $0)) }
    let data = try JSONEncoder().encode([ExactDoubles(values)])
    let copy = try JSONDecoder().decode([ExactDoubles].self, from: data)[0].values
    #expect(copy.map(\.bitPattern) == values.map(\.bitPattern))
    for text in ["\"A\"", "\"AAAAAAA*\"", "\"AAAA\"", "\"====\""] {
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(ExactDoubles.self, from: Data(text.utf8))
      }
    }
  }
}
