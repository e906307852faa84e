import Diagnostics
import Kernels
import Randomness
import Recipes
import Testing

@testable import MergeMethods

private let taskVectorMethods = [
  "task_arithmetic", "ties", "dare_linear", "dare_ties", "breadcrumbs", "breadcrumbs_ties", "della",
  "della_linear",
]

@Suite("The task-vector family")
struct TaskVectorTests {
  private let base: [Float] = [1, 2, 3, 4]

  @Test("task_arithmetic adds weighted differences", arguments: 0..<6 as Range<UInt64>)
  func arithmetic(seed: UInt64) throws {
    var trial = Trial(
      .taskArithmetic, family(models: 3, count: 200, seed: seed), [.weight: [0.8, -0.5, 1.1]])
    trial.shared = [.lambda: .real(0.7), .normalize: .boolean(seed % 2 == 0)]
    #expect(try trial.merged() == taskVectors(trial, deltas: deltas(trial), election: false))
  }

  @Test(
    "at density 1 the thinning makes no difference, bit for bit", arguments: 0..<4 as Range<UInt64>)
  func densityOne(seed: UInt64) throws {
    let rows = family(models: 3, count: 400, seed: seed)
    func merged(_ method: MethodDeclaration) throws -> [UInt32] {
      var trial = Trial(method, rows, [.weight: [0.8, -0.4, 1.3], .density: [1, 1, 1]])
      trial.perModel[.gamma] = [0.3, 0.2, 0.1]
      trial.shared = [.normalize: .boolean(seed % 2 == 0), .lambda: .real(0.9)]
      return try trial.merged().map(\.bitPattern)
    }
    let elected = try merged(.ties)
    for method in [MethodDeclaration.dareTies, .breadcrumbsTies, .della] {
      #expect(try merged(method) == elected, "\(method.name)")
    }
    let summed = try merged(.taskArithmetic)
    for method in [MethodDeclaration.dareLinear, .breadcrumbs, .dellaLinear] {
      #expect(try merged(method) == summed, "\(method.name)")
    }
  }

  @Test("task_arithmetic ignores density, as mergekit does")
  func density() throws {
    let trial = Trial(.taskArithmetic, [base, [2, 3, 4, 5]], [.weight: [1], .density: [0]])
    #expect(try trial.merged() == [2, 3, 4, 5])
  }

  @Test("task_arithmetic with weights that cancel divides by 1")
  func cancelling() throws {
    let trial = Trial(
      .taskArithmetic, [base, [2, 3, 4, 5], [0, 0, 0, 0]], [.weight: [1, -1]],
      shared: [.normalize: .boolean(true)])
    #expect(try trial.merged() == [3, 5, 7, 9])
  }

  @Test(
    "the base alone is returned",
    arguments: taskVectorMethods)
  func baseAlone(name: String) throws {
    let method = try MethodDeclaration.all.entry(named: name, at: "test")
    #expect(try Trial(method, [base], [.weight: []]).merged() == base)
  }

  @Test(
    "weight 1 at density 1 yields the model",
    arguments: taskVectorMethods)
  func extremes(name: String) throws {
    let method = try MethodDeclaration.all.entry(named: name, at: "test")
    let rows = family(models: 1, count: 300, seed: 9)
    #expect(
      distance(try Trial(method, rows, [.weight: [1], .density: [1]]).merged(), rows[1]) <= 1e-6)
    #expect(
      distance(try Trial(method, rows, [.weight: [0], .density: [1]]).merged(), rows[0]) <= 1e-6)
  }

  @Test(
    "ties trims, elects and averages", arguments: 0..<8 as Range<UInt64>,
    [0.01, 0.2, 0.5, 0.77, 0.999])
  func ties(seed: UInt64, density: Double) throws {
    var rows = family(models: 3, count: 400, seed: seed)
    // Coarse numbers have equal magnitudes at the cut.
    if seed % 2 == 1 { rows = rows.map { $0.map { ($0 * 16).rounded() / 16 } } }
    let densities = [density, min(1, density * 1.5), density]
    var trial = Trial(.ties, rows, [.weight: [1, 0.7, -0.4], .density: densities])
    trial.shared = [
      .normalize: .boolean(seed % 4 < 2), .rescale: .boolean(seed % 3 == 0), .lambda: .real(1.2),
    ]
    let thinned = zip(deltas(trial), densities).map { delta, density in
      let masked = trimmed(delta, density: density)
      return seed % 3 == 0 && density < 1 ? scaled(masked, like: delta) : masked
    }
    #expect(
      distance(try trial.merged(), try taskVectors(trial, deltas: thinned, election: true)) <= 3e-7)
  }

  @Test("ties keeps exactly k elements, the first of equal ones")
  func ranks() throws {
    let base = [Float](repeating: 0, count: 12)
    let model: [Float] = [1, 2, -2, 3, 2, 0, -2, 2, 1, 0, 2, 5]
    for (density, kept) in [
      (0.001, [11]), (0.2, [3, 11]), (0.26, [1, 3, 11]), (0.5, [1, 2, 3, 4, 6, 11]),
      (0.6, [1, 2, 3, 4, 6, 7, 11]), (0.67, [1, 2, 3, 4, 6, 7, 10, 11]), (0, []),
    ] as [(Double, [Int])] {
      let trial = Trial(.ties, [base, model], [.weight: [1], .density: [density]])
      let merged = try trial.merged()
      #expect(merged == model.indices.map { kept.contains($0) ? model[$0] : 0 }, "\(density)")
    }
  }

  @Test("ties with opposite weights on opposite differences divides by 1")
  func divisor() throws {
    let trial = Trial(.ties, [base, [2, 3, 4, 5], [0, 1, 2, 3]], [.weight: [1, -1]])
    // Both weighted differences are +1; the agreeing weights add up to 0.
    #expect(try trial.merged() == [3, 4, 5, 6])
  }

  @Test("a vote that sums to zero elects +")
  func tiedVote() throws {
    let trial = Trial(
      .ties, [base, [2, 3, 4, 5], [0, 1, 2, 3]], [.weight: [1, 1]],
      shared: [.normalize: .boolean(false)])
    #expect(try trial.merged() == [2, 3, 4, 5])
  }

  @Test(
    "dare keeps what the words say and restores the L1 norm", arguments: 0..<6 as Range<UInt64>,
    [0.1, 0.25, 0.37, 0.9])
  func dare(seed: UInt64, density: Double) throws {
    let election = seed % 2 == 1
    let rescale = seed % 3 != 2
    var trial = Trial(
      election ? .dareTies : .dareLinear, family(models: 2, count: 3000, seed: seed),
      [.weight: [0.6, 0.9], .density: [density, density / 2]])
    trial.shared = [.rescale: .boolean(rescale), .normalize: .boolean(election)]
    trial.maskSeed = seed
    let thinned = deltas(trial).enumerated().map { position, delta in
      let words = ElementWords(maskSeed: seed, tensor: "w", position: position)
      let density = [density, density / 2][position]
      let masked = delta.indices.map {
        Double(words.word(at: $0)) * 0x1p-32 < density ? delta[$0] : 0
      }
      return rescale ? scaled(masked, like: delta) : masked
    }
    #expect(
      distance(try trial.merged(), try taskVectors(trial, deltas: thinned, election: election))
        <= 3e-7)
  }

  @Test("dare masks are nested in density and differ between seeds and positions")
  func masks() throws {
    let base = [Float](repeating: 0, count: 20_000)
    let ones = [Float](repeating: 1, count: 20_000)
    func kept(_ density: Double, seed: UInt64 = 1) throws -> Set<Int> {
      var trial = Trial(.dareLinear, [base, ones], [.weight: [1], .density: [density]])
      trial.shared[.rescale] = .boolean(false)
      trial.maskSeed = seed
      let merged = try trial.merged()
      return Set(merged.indices.filter { merged[$0] != 0 })
    }
    let (low, high, other) = (try kept(0.3), try kept(0.5), try kept(0.5, seed: 2))
    #expect(low.isSubset(of: high))
    for (set, density) in [(low, 0.3), (high, 0.5), (other, 0.5)] {
      let error = (density * (1 - density) / 20_000).squareRoot()
      #expect(abs(Double(set.count) / 20_000 - density) <= 4 * error)
    }
    let shared = Double(high.intersection(other).count) / 20_000
    #expect(abs(shared - 0.25) <= 4 * (0.25 * 0.75 / 20_000).squareRoot())
  }

  @Test("differences of size 1e-12 are not rescaled")
  func tiny() throws {
    let base = [Float](repeating: 0, count: 100)
    let model = [Float](repeating: 1e-12, count: 100)
    let merged = try Trial(.dareLinear, [base, model], [.weight: [1], .density: [0.5]]).merged()
    #expect(merged.allSatisfy { $0 == 0 || $0 == 1e-12 })
    #expect(merged.contains(0) && merged.contains(1e-12))
  }

  @Test("dare at density 0 drops everything")
  func nothing() throws {
    let trial = Trial(.dareTies, [base, [9, 9, 9, 9]], [.weight: [1], .density: [0]])
    #expect(try trial.merged() == base)
  }

  @Test("a tensor without the base is refused")
  func noBase() throws {
    var trial = Trial(.ties, [base], [.weight: [1], .density: [1]])
    trial.base = 5
    #expect(
      throws: Diagnostic(
        "base_model has no such tensor", at: "recipe.yaml: tensor w",
        fix: "use a base_model with the models' architecture")
    ) { try trial.merged() }
  }
}
