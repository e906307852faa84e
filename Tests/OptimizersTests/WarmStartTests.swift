import Foundation
import SearchSpaces
import Testing

@testable import Optimizers

@Suite("Warm start") struct WarmStartTests {
  static func reals(_ names: [String], start: Double = 0.5) throws -> SearchSpace {
    try SearchSpace(names.map { SearchParameter($0, .real(range: 0...1, start: start)) })
  }

  static func result(_ values: [Double], _ score: Double) -> WarmStart.Result {
    WarmStart.Result(genome: Genome(values: values), score: score)
  }

  static func covariance(_ optimizer: CatCMA) throws -> [[Double]] {
    let gaussian = try #require(optimizer.state.distributions.gaussian)
    return gaussian.mean.indices.map { row in
      gaussian.mean.indices.map { gaussian.sigma * gaussian.sigma * gaussian.covariance[row, $0] }
    }
  }

  static func isClose(_ left: Double, _ right: Double) -> Bool { abs(left - right) < 1e-14 }

  @Test("the best share of the results gives mean and covariance", arguments: [false, true])
  func results(isDiagonal: Bool) throws {
    let space = try Self.reals(["a", "b"])
    var settings = OptimizerSettings(budget: 1000, covariance: isDiagonal ? .diagonal : .full)
    // ⌊0.5 · 5⌋ = 2 of those with a score count: (0.2, 0.4) and (0.4, 0.8).
    settings.warmStart = .results(
      [
        Self.result([0.9, 0.9], -3), Self.result([0.4, 0.8], 1), Self.result([0.1, 0.1], .nan),
        Self.result([0.2, 0.4], 2), Self.result([0.9, 0.8], 0), Self.result([0.9, 0.7], -1),
      ], share: 0.5)
    let optimizer = try CatCMA(space: space, settings: settings, seed: 1)
    #expect(optimizer.decisions.last == "warm start: the best 2 of 6 earlier results")
    let mean = try #require(optimizer.state.distributions.gaussian).mean
    #expect(Self.isClose(mean[0], 0.3) && Self.isClose(mean[1], 0.6))
    let covariance = try Self.covariance(optimizer)
    #expect(Self.isClose(covariance[0][0], 0.01 + 0.01))
    #expect(Self.isClose(covariance[1][1], 0.01 + 0.04))
    #expect(Self.isClose(covariance[0][1], isDiagonal ? 0 : 0.02))
    // C has the determinant 1.
    let gaussian = try #require(optimizer.state.distributions.gaussian)
    let c = gaussian.covariance
    #expect(Self.isClose(c[0, 0] * c[1, 1] - c[0, 1] * c[0, 1], 1))
    #expect(optimizer.settings.warmStart == nil)
  }

  @Test("integers and categories follow the results") func mixed() throws {
    let space = try SearchSpace([
      SearchParameter("k", .integer(range: 0...10, start: 0)),
      SearchParameter("m", .categorical(choices: ["x", "y", "z"])),
      SearchParameter("s", .integer(range: 2...3, start: 2)),
    ])
    var settings = OptimizerSettings(budget: 1000)
    settings.warmStart = .results(
      [Self.result([4, 2, 3], 1), Self.result([6, 2, 3], 1), Self.result([0, 0, 2], 0)], share: 0.7)
    let optimizer = try CatCMA(space: space, settings: settings, seed: 1)
    let shapes = optimizer.distribution.map(\.shape)
    guard case .spread(let mean, let deviation) = shapes[0] else {
      Issue.record("an integer has a spread")
      return
    }
    #expect(Self.isClose(mean, 5))
    #expect(abs(deviation - 2.0.squareRoot()) < 1e-12)  // 10 · √(0.1² + 0.1²)
    // (1 − 0.3) · frequency + 0.3 / K.
    #expect(probabilities(shapes[1], are: [0.1, 0.1, 0.8]))
    #expect(probabilities(shapes[2], are: [0.15, 0.85]))
  }

  func probabilities(_ shape: ParameterDistribution.Shape, are expected: [Double]) -> Bool {
    guard case .probabilities(let found) = shape else { return false }
    return zip(found, expected).allSatisfy { abs($0 - $1) < 1e-12 }
  }

  @Test("knots go on per layer: A Σ Aᵀ + 0.05² I around the interpolated mean") func knots() throws
  {
    let knots = try SearchSpace(
      Self.reals(["w.a[0]", "w.a[1]", "d"]).parameters + [
        SearchParameter("method", .categorical(choices: ["linear", "ties"]))
      ])
    var source = try CatCMA(
      space: knots, settings: .init(budget: 1000, covariance: .full), seed: 3)
    for _ in 0..<8 {
      for proposal in source.ask(.max) {
        let values = proposal.genome.values
        let cost = abs(values[0] - 0.3) + abs(values[0] - values[1]) + (values[3] == 1 ? 0 : 1)
        try source.tell(proposal.id, .scores([-cost]))
      }
    }
    let layers = try SearchSpace(
      Self.reals((0..<5).map { "w.a[\($0)]" } + ["extra"], start: 0.75).parameters + [
        SearchParameter("method", .categorical(choices: ["ties", "dare_ties", "linear"]))
      ])
    let transfer = ParameterTransfer(from: knots, to: layers)
    #expect(transfer.isInterpolated)
    let learned = try #require(source.learned)
    let moved = learned.moved(by: transfer)
    #expect(moved.parameters == [0, 1, 2, 3, 4])
    var settings = OptimizerSettings(budget: 100_000, covariance: .full)
    settings.warmStart = .distribution(moved)
    let optimizer = try CatCMA(space: layers, settings: settings, seed: 1)
    let own = try Self.covariance(source)
    let covariance = try Self.covariance(optimizer)
    let ends = try #require(source.recommendation.mean).values
    let mean = try #require(optimizer.recommendation.mean).values
    for row in 0..<5 {
      let left = Double(row) / 4
      #expect(abs(mean[row] - ((1 - left) * ends[0] + left * ends[1])) < 1e-12)
      for column in 0..<5 {
        let right = Double(column) / 4
        var expected =
          (1 - left) * (1 - right) * own[0][0] + left * right * own[1][1]
        expected += ((1 - left) * right + left * (1 - right)) * own[0][1]
        if row == column { expected += 0.0025 }
        #expect(abs(covariance[row][column] - expected) < 1e-14)
      }
    }
    // What the source does not know begins as always.
    #expect(mean[5] == 0.75)
    #expect(Self.isClose(covariance[5][5], 0.01))
    #expect(covariance[5][0] == 0)
    guard case .probabilities(let q) = optimizer.distribution[6].shape,
      case .probabilities(let old) = source.distribution[3].shape
    else {
      Issue.record("methods have probabilities")
      return
    }
    #expect(abs(q[0] - (0.7 * old[1] + 0.1)) < 0.03)  // the margin lifts the middle one
    #expect(q[0] > q[2] && q[2] > q[1])
  }

  @Test("the determinant of hundreds of rows stays in range") func determinant() {
    var matrix = SquareMatrix(size: 300)
    for row in 0..<300 {
      matrix[row, row] = 1e-6
      if row > 0 { matrix[row, row - 1] = 2e-7 }
    }
    let logarithm = matrix.logarithmOfDeterminant
    #expect(logarithm > 300 * log(0.9e-6) && logarithm < 300 * log(1e-6))
    var small = SquareMatrix(size: 2)
    (small[0, 0], small[1, 0], small[1, 1]) = (2, 1, 3)
    #expect(Self.isClose(small.logarithmOfDeterminant, log(5)))
  }

  @Test("empty or foreign results are refused") func refusals() throws {
    let space = try Self.reals(["a"])
    func message(_ warmStart: WarmStart, _ algorithm: String = "auto") -> String {
      var settings = OptimizerSettings(budget: 100)
      settings.warmStart = warmStart
      do {
        _ = try AnyOptimizer(algorithm, space: space, settings: settings, seed: 1, at: "test")
        return "accepted"
      } catch { return "\(error)" }
    }
    #expect(
      message(.results([Self.result([0.5], .nan)], share: 0.1)) == """
        warm start: 1 results, of which the best 0.1 count, say nothing
          fix: give results with finite scores, and a share in 0...1
        """)
    #expect(message(.results([Self.result([1.5], 1)], share: 0.1)).contains("outside 0.0...1.0"))
    #expect(message(.results([Self.result([0.5], 1)], share: 0.1)) == "accepted")
    #expect(message(.results([Self.result([0.5], 1)], share: 0.1), "random-start") == "accepted")
    #expect(
      message(.results([Self.result([0.5], 1)], share: 0.1), "random") == """
        optimizer: 'random' has no distribution that could start warm
          fix: leave out 'warm_start', or use 'algorithm: auto'
        """)
  }

  @Test("a warm start saves evaluations") func saving() throws {
    let space = try Self.reals((0..<10).map { "x\($0)" })
    func cost(_ genome: Genome, at center: Double) -> Double {
      genome.values.reduce(0) { $0 + ($1 - center) * ($1 - center) }
    }
    func evaluations(_ settings: OptimizerSettings) throws -> Int {
      var optimizer = try CatCMA(space: space, settings: settings, seed: 5)
      var count = 0
      while true {
        for proposal in optimizer.ask(.max) {
          count += 1
          if cost(proposal.genome, at: 0.82) < 1e-6 { return count }
          try optimizer.tell(proposal.id, .scores([-cost(proposal.genome, at: 0.82)]))
        }
      }
    }
    var settings = OptimizerSettings(budget: 5000, noise: .none)
    let cold = try evaluations(settings)
    var source = try CatCMA(space: space, settings: settings, seed: 9)
    var results: [WarmStart.Result] = []
    for _ in 0..<30 {
      for proposal in source.ask(.max) {
        let score = -cost(proposal.genome, at: 0.8)
        results.append(.init(genome: proposal.genome, score: score))
        try source.tell(proposal.id, .scores([score]))
      }
    }
    settings.warmStart = .results(results, share: 0.1)
    #expect(try evaluations(settings) < cold)
  }
}
