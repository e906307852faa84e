import Testing

@testable import Optimizers

@Suite("Learning rates") struct LearningRatesTests {
  /// Optimizers.md §2.1, "Check values", and its diagonal companions.
  @Test("agree with the reference constants") func constants() throws {
    let rows = try SuiteConformanceTests.figures().cma_constants
    #expect(rows.map(\.n) == [2, 10, 56, 56, 100, 300])
    for row in rows {
      let full = LearningRates(lambda: row.lam, dimension: row.n, covariance: .full)
      let pairs = [
        (full.weights.effectiveMu, row.mueff), (full.weights.effectiveNegative, row.mueffm),
        (full.cc, row.cc), (full.c1, row.c1), (full.cmu, row.cmu), (full.cs, row.cs),
        (full.ds, row.ds), (full.chi, row.chi), (full.covarianceWeights[0], row.w1),
        (full.covarianceWeights[row.lam - 1], row.wlast),
        (full.covarianceWeights[full.weights.mu...].reduce(0, +), row.sumneg),
      ]
      for (value, expected) in pairs {
        #expect(abs(value - expected) <= 1e-12 * max(1, abs(expected)), "n = \(row.n)")
      }
      #expect(full.decompositionGap(dimension: row.n) == row.gap)
      let diagonal = LearningRates(lambda: row.lam, dimension: row.n, covariance: .diagonal)
      #expect(abs(diagonal.cc - row.cc_sep) < 1e-12)
      #expect(abs(diagonal.c1 - row.c1_sep) < 1e-12)
      #expect(abs(diagonal.cmu - row.cmu_sep) < 1e-12)
    }
  }

  @Test("learning times agree with the table of §1.1") func learningTimes() throws {
    let table = try SuiteConformanceTests.figures().learning_time_evaluations
    for (index, n) in table.n.enumerated() {
      let full = LearningRates.learningTime(dimension: n, covariance: .full)
      let diagonal = LearningRates.learningTime(dimension: n, covariance: .diagonal)
      #expect(abs(full - table.full[index]) < 0.06)
      #expect(abs(diagonal - table.diagonal[index]) < 0.06)
    }
  }

  @Test("recombination weights sum to 1, negative ones to the least of three shares")
  func sums() {
    for lambda in 4...60 {
      let rates = LearningRates(lambda: lambda, dimension: 7, covariance: .full)
      let positive = rates.covarianceWeights.filter { $0 > 0 }.reduce(0, +)
      let negative = rates.covarianceWeights.filter { $0 < 0 }.reduce(0, +)
      #expect(abs(positive - 1) < 1e-14)
      #expect(rates.covarianceWeights.count == lambda)
      #expect(
        abs(
          negative
            + LearningRates.negativeShare(rates.weights, n: 7, c1: rates.c1, cmu: rates.cmu))
          < 1e-13)
    }
  }

  @Test("lost candidates change the weights and c_μ only") func reduced() {
    let rates = LearningRates(lambda: 12, dimension: 8, covariance: .full)
    let reduced = rates.reduced(to: 10, dimension: 8, covariance: .full)
    #expect(reduced.weights.mu == 5)
    #expect(reduced.covarianceWeights.count == 10)
    #expect(
      [reduced.c1, reduced.cc, reduced.cs, reduced.ds] == [rates.c1, rates.cc, rates.cs, rates.ds])
    #expect(reduced.cmu < rates.cmu)
  }
}
