import Tasks
import Testing

@Suite("Metrics") struct MetricTests {
  let accuracy = Metric("acc")

  func values(_ numbers: [Double]) -> [ItemValue] { numbers.map(ItemValue.value) }

  @Test("give a mean the standard error s/√n, as lm-eval does")
  func mean() {
    let score = accuracy.score(values([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0]))
    #expect(abs(score.value - 10.0 / 12) < 1e-15)
    #expect(abs((score.standardError ?? 0) - 0.112366643743874) < 1e-12)
    #expect(score.count == 12)
  }

  @Test("know no uncertainty of a single item")
  func single() {
    #expect(accuracy.score(values([1])) == Score(value: 1, standardError: nil, count: 1))
    #expect(accuracy.score([]) == Score(value: 0, standardError: nil, count: 0))
  }

  @Test("sum items of a cluster before squaring")
  func clusters() {
    let score = accuracy.score(values([1, 1, 0, 0]), clusters: ["a", "a", "b", "b"])
    #expect(score.value == 0.5)
    #expect(abs((score.standardError ?? 0) - (2.0 / 16).squareRoot()) < 1e-15)
    let alone = accuracy.score(values([1, 0]), clusters: ["a", "a"])
    #expect(alone.standardError == nil)
  }

  @Test("weigh items; equal weights change nothing")
  func weights() {
    let numbers: [Double] = [0.5, 1, 0.25, 0, 0.125]
    let plain = accuracy.score(values(numbers))
    let doubled = accuracy.score(values(numbers), weights: [2, 2, 2, 2, 2])
    #expect(abs(plain.value - doubled.value) < 1e-15)
    #expect(abs((plain.standardError ?? 0) - (doubled.standardError ?? 1)) < 1e-15)
    #expect(accuracy.score(values([1, 0]), weights: [3, 1]).value == 0.75)
  }

  @Test("divide summed nats by summed units, with the delta method's error")
  func ratios() {
    let items: [ItemValue] = [
      .ratio(numerator: -10, denominator: 4), .ratio(numerator: -6, denominator: 3),
    ]
    let r = -16.0 / 7
    let residuals = [-10 - r * 4, -6 - r * 3]
    let variance = residuals.reduce(0) { $0 + $1 * $1 } * 2 / 49
    let perplexity = Metric("byte_perplexity", .weightedPerplexity, higherIsBetter: false)
      .score(items)
    #expect(abs(perplexity.value - 9.832_707_078_47) < 1e-8)
    #expect(
      abs((perplexity.standardError ?? 0) - perplexity.value * variance.squareRoot()) < 1e-12)
    let bits = Metric("bits_per_byte", .bitsPerByte, higherIsBetter: false).score(items)
    #expect(abs(bits.value - 16.0 / 7 / 0.6931471805599453) < 1e-14)
    #expect(
      abs((bits.standardError ?? 0) - variance.squareRoot() / 0.6931471805599453) < 1e-14)
  }

  @Test("take exp of minus the mean log-likelihood for perplexity")
  func perplexity() {
    let metric = Metric("perplexity", .perplexity, higherIsBetter: false)
    let score = metric.score([.value(-1), .value(-3)])
    #expect(abs(score.value - 7.389_056_098_930_65) < 1e-12)
    #expect(metric.utility(score.value) == -score.value)
  }

  @Test("average an item over repetitions")
  func repetitions() {
    #expect(ItemValue.mean(of: [.value(1), .value(0)]) == .value(0.5))
    #expect(
      ItemValue.mean(of: [
        .ratio(numerator: -4, denominator: 2), .ratio(numerator: -2, denominator: 2),
      ]) == .ratio(numerator: -3, denominator: 2))
  }
}
