import Randomness
import Testing

@testable import Tasks

@Suite("A paired estimate") struct PairedEstimateTests {
  private let stream = RandomStream(seed: 4, purpose: .resampling)

  private func answers(_ count: Int, from first: Int, right share: Double) -> [ItemValue] {
    (0..<count).map { .value(stream.uniform(at: first + $0) < share ? 1 : 0) }
  }

  @Test("is the mean difference with the standard error of paired values")
  func mean() {
    let first = answers(200, from: 0, right: 0.6)
    let second = answers(200, from: 500, right: 0.5)
    let differences = zip(first, second).map { $0.numerator - $1.numerator }
    let mean = differences.reduce(0, +) / 200
    let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 199 / 200
    let stratum = PairedStratum(
      task: "t", weight: 3, metric: Metric("acc"), first: first, second: second)
    let estimate = PairedEstimate([stratum], outOf: [.max])
    #expect(abs(estimate.value - mean) < 1e-12)
    #expect(abs(estimate.standardError - variance.squareRoot()) < 1e-12)
    // A sample of half of the items has half of the variance; all of them have none.
    let half = PairedEstimate([stratum], outOf: [400])
    #expect(abs(half.standardError - (variance / 2).squareRoot()) < 1e-12)
    #expect(PairedEstimate([stratum], outOf: [200]).standardError == 0)
  }

  @Test("agrees with the bootstrap for ratios, perplexities, clusters and several tasks")
  func bootstrap() {
    let tokens = (0..<300).map { 5 + 40 * stream.uniform(at: 2000 + $0) }
    func nats(_ from: Int) -> [ItemValue] {
      tokens.enumerated().map {
        .ratio(numerator: -$1 * (1 + stream.uniform(at: from + $0)), denominator: $1)
      }
    }
    let strata = [
      PairedStratum(
        task: "texts", weight: 1,
        metric: Metric("word_perplexity", .weightedPerplexity, higherIsBetter: false),
        first: nats(3000), second: nats(4000)),
      PairedStratum(
        task: "questions", weight: 2, metric: Metric("acc"),
        first: answers(240, from: 5000, right: 0.7), second: answers(240, from: 6000, right: 0.6),
        clusters: (0..<240).map { "\($0 / 2)" }),
    ]
    let estimate = PairedEstimate(strata, outOf: [.max, .max])
    let bootstrap = PairedBootstrap(seed: 1, level: 0.954_5, replicates: 4000).compare(strata)
    #expect(abs(estimate.value - bootstrap.value) < 1e-9)
    let width = (bootstrap.upper - bootstrap.lower) / 4
    #expect(abs(estimate.standardError / width - 1) < 0.06)
    #expect(abs(estimate.probability - (1 - bootstrap.probability)) < 0.02)
  }

  @Test("without any spread the sign decides")
  func certain() {
    let stratum = PairedStratum(
      task: "t", weight: 1, metric: Metric("acc"), first: [.value(0), .value(0)],
      second: [.value(1), .value(1)])
    #expect(PairedEstimate([stratum], outOf: [10]).probability == 0)
  }
}
