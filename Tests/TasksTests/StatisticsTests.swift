import Randomness
import Tasks
import Testing

@Suite("Paired statistics") struct StatisticsTests {
  let accuracy = Metric("acc")

  func stratum(
    _ first: [Double], _ second: [Double], task: String = "t", weight: Double = 1,
    metric: Metric = Metric("acc"), clusters: [String]? = nil
  ) -> PairedStratum {
    PairedStratum(
      task: task, weight: weight, metric: metric, first: first.map(ItemValue.value),
      second: second.map(ItemValue.value), clusters: clusters)
  }

  @Test("The bootstrap's interval is that of the normal approximation for many items")
  func interval() {
    var generator = SplitMix64(seed: 3)
    let first = (0..<400).map { _ in generator.nextUniform() < 0.7 ? 1.0 : 0 }
    let second = first.map { generator.nextUniform() < 0.1 ? 1 - $0 : $0 }
    let difference = PairedBootstrap(seed: 1, level: 0.95, replicates: 4000)
      .compare([stratum(first, second)])
    let deltas = zip(first, second).map { $0 - $1 }
    let mean = deltas.reduce(0, +) / 400
    let error = (deltas.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 400 / 400).squareRoot()
    #expect(abs(difference.value - mean) < 1e-12)
    #expect(abs(difference.lower - (mean - 1.96 * error)) < 0.1 * error)
    #expect(abs(difference.upper - (mean + 1.96 * error)) < 0.1 * error)
    #expect(difference.count == 400)
  }

  @Test("The bootstrap depends on its seed and on nothing else")
  func reproducible() {
    let data = stratum([1, 0, 1, 1, 0.5], [0, 0, 1, 0.25, 0])
    let bootstrap = PairedBootstrap(seed: 9, level: 0.975, replicates: 500)
    #expect(bootstrap.compare([data]) == bootstrap.compare([data]))
    let other = PairedBootstrap(seed: 10, level: 0.975, replicates: 500)
    #expect(bootstrap.compare([data]) != other.compare([data]))
  }

  @Test("Exchanging the candidates mirrors the interval")
  func mirrored() {
    let first: [Double] = [1, 0, 1, 1, 0, 1, 1]
    let second: [Double] = [0, 0, 1, 0, 1, 1, 0]
    let bootstrap = PairedBootstrap(seed: 2, level: 0.9, replicates: 999)
    let forward = bootstrap.compare([stratum(first, second)])
    let backward = bootstrap.compare([stratum(second, first)])
    #expect(abs(forward.lower + backward.upper) < 1e-12)
    #expect(abs(forward.value + backward.value) < 1e-12)
  }

  @Test("Tasks are combined with their weights, and a lower perplexity counts as better")
  func weights() {
    let bits = Metric("bits_per_byte", .bitsPerByte, higherIsBetter: false)
    let texts = PairedStratum(
      task: "text", weight: 3, metric: bits,
      first: [.ratio(numerator: -2 * 0.6931471805599453, denominator: 2)],
      second: [.ratio(numerator: -4 * 0.6931471805599453, denominator: 2)])
    let difference = PairedBootstrap(seed: 0, level: 0.95, replicates: 10)
      .compare([stratum([1, 1], [1, 1]), texts])
    #expect(abs(difference.value - 0.75) < 1e-12)
    #expect(abs(difference.lower - 0.75) < 1e-12 && abs(difference.upper - 0.75) < 1e-12)
    #expect(abs(difference.probability - 1.0 / 11) < 1e-15)
  }

  @Test("Clusters are drawn as a whole")
  func clusters() {
    let first = Array(repeating: 1.0, count: 10) + Array(repeating: 0.0, count: 10)
    let second = Array(repeating: 0.0, count: 20)
    let names = first.map { $0 == 1 ? "a" : "b" }
    let difference = PairedBootstrap(seed: 4, level: 0.9, replicates: 400)
      .compare([stratum(first, second, clusters: names)])
    #expect(difference.lower == 0 && difference.upper == 1 && difference.value == 0.5)
  }

  @Test(
    "McNemar's test agrees with the reference",
    arguments: [(4, 12, 0.0768, 0.0490), (12, 4, 0.0768, 0.0490), (0, 0, 1, 1), (3, 3, 1, 1)])
  func mcNemar(b: Int, c: Int, exact: Double, mid: Double) {
    let test = McNemar(firstOnly: b, secondOnly: c)
    #expect(abs(test.exactProbability - exact) < 5e-5)
    #expect(abs(test.midProbability - mid) < 5e-5)
  }

  @Test("McNemar's test counts disagreements and bears many of them")
  func manyDisagreements() {
    let test = McNemar(
      first: [.value(1), .value(1), .value(0), .value(0)],
      second: [.value(0), .value(1), .value(1), .value(0)])
    #expect(test.firstOnly == 1 && test.secondOnly == 1)
    let large = McNemar(firstOnly: 3000, secondOnly: 3200)
    #expect(abs(large.exactProbability - 0.01148) < 2e-4)
  }

  @Test(
    "The number of items needed is that of the table",
    arguments: [(0.05, 0.01, 3923), (0.1, 0.02, 1960), (0.2, 0.05, 626), (0.3, 0.03, 2614)])
  func design(disagreement: Double, difference: Double, items: Int) throws {
    let needed = try #require(
      PairedDesign.itemsNeeded(disagreement: disagreement, difference: difference))
    #expect(abs(needed - items) <= 1)
    let smallest = PairedDesign.smallestDifference(disagreement: disagreement, items: needed)
    #expect(abs(smallest - difference) < 1e-4)
    #expect(PairedDesign.itemsNeeded(disagreement: disagreement, difference: 0) == nil)
  }
}
