import Diagnostics
import Foundation
import Optimizers
import Randomness
import SearchSpaces
import Testing

/// Laws on spaces nobody chose: one to thirty parameters of every kind, with ranges of any width and
/// conditions, under outcomes of every kind.
@Suite("Every optimizer on any space") struct AnySpaceTests {
  /// Draws from one stream in sequence.
  struct Draws {
    let stream: RandomStream
    var index = 0

    mutating func uniform() -> Double {
      defer { index += 1 }
      return stream.uniform(at: index)
    }

    mutating func integer(below bound: Int) -> Int { Int(uniform() * Double(bound)) }
  }

  static func space(_ draws: inout Draws, hasCategories: Bool, largest: Int) throws -> SearchSpace {
    let count = 1 + draws.integer(below: [3, 8, largest][draws.integer(below: 3)])
    var parameters: [SearchParameter] = []
    var parents: [(name: String, values: [String])] = []
    for index in 0..<count {
      var conditions: [Condition] = []
      if let parent = parents.last, draws.uniform() < 0.4 {
        conditions = [Condition(parent.name, isOneOf: [parent.values[0]])]
      }
      let kind: SearchParameter.Kind
      switch draws.integer(below: hasCategories ? 5 : 4) {
      case 0, 1:
        let low = (draws.uniform() - 0.5) * pow(10, Double(draws.integer(below: 7)) - 3)
        let width = pow(10, Double(draws.integer(below: 9)) - 4)
        kind = .real(
          range: low...(low + width), start: low + width * [0, 0.5, 1][draws.integer(below: 3)],
          step: draws.uniform() < 0.3 ? width / 7 : nil)
      case 2:
        kind = .real(range: nil, start: draws.uniform() * 100, step: 0.01 + draws.uniform())
      case 3:
        let low = draws.integer(below: 9) - 5
        let high = low + draws.integer(below: 8)
        kind = .integer(range: low...high, start: Double(low) + 0.5 * Double(high - low))
        if high > low { parents.append(("p\(index)", ["\(high)"])) }
      default:
        let choices = (0...draws.integer(below: 5)).map { "c\($0)" }
        kind = .categorical(choices: choices)
        parents.append(("p\(index)", choices))
      }
      parameters.append(SearchParameter("p\(index)", kind, activeWhen: conditions))
    }
    parameters.append(SearchParameter("last", .real(range: 0...1, start: 0.5)))
    return try SearchSpace(parameters)
  }

  static func outcome(_ draws: inout Draws, _ genome: Genome, objectives: Int) -> Outcome {
    switch draws.integer(below: 12) {
    case 0: return .invalid
    case 1: return .dropped
    case 2: return .stopped(block: draws.integer(below: 3), difference: -draws.uniform())
    case 3: return .scores(Array(repeating: 1e300, count: objectives))
    case 4: return .scores(Array(repeating: -0.0, count: objectives))
    default:
      let sum = genome.values.reduce(0, +)
      return .scores((0..<objectives).map { (sum * Double($0 + 1)).rounded() / 4 })
    }
  }

  @Test(
    "proposes valid genomes and continues bit for bit",
    arguments: Algorithms.all.names, 0..<16 as Range<UInt64>)
  func laws(algorithm: String, seed: UInt64) throws {
    var draws = Draws(stream: RandomStream(seed: seed, purpose: .examples))
    let isPlain = algorithm.hasSuffix("cma-es")
    let space = try Self.space(
      &draws, hasCategories: !isPlain, largest: algorithm == "latin-hypercube" ? 19 : 30)
    let objectives = algorithm == "nsga-ii" ? 1 + draws.integer(below: 3) : 1
    let restarts = isPlain ? OptimizerSettings.Restarts.allCases[draws.integer(below: 3)] : .none
    let settings = OptimizerSettings(
      budget: [50, 5000][draws.integer(below: 2)],
      populationSize: draws.uniform() < 0.5 ? 4 + draws.integer(below: 9) : nil,
      noise: draws.uniform() < 0.5 ? .none : .sampling, restarts: restarts, objectives: objectives)
    var optimizer = try AnyOptimizer(
      algorithm, space: space, settings: settings, seed: seed, at: "test")
    for _ in 0..<12 where optimizer.termination == nil {
      let proposals = optimizer.ask(.max)
      #expect(!proposals.isEmpty)
      let copy = try JSONDecoder().decode(
        AnyOptimizer.self, from: JSONEncoder().encode(optimizer))
      #expect(copy.population == proposals)
      for proposal in proposals {
        try space.validate(proposal.genome, at: "proposal \(proposal.id)")
        #expect(proposal.point.allSatisfy { $0.isFinite })
        try optimizer.tell(
          proposal.id, Self.outcome(&draws, proposal.genome, objectives: objectives))
      }
      for genome in optimizer.recommendation.front
        + [optimizer.recommendation.mean].compactMap({ $0 })
      {
        try space.validate(genome, at: "recommendation")
      }
      for parameter in optimizer.distribution {
        if case .spread(let mean, let deviation) = parameter.shape {
          #expect(mean.isFinite && deviation.isFinite && deviation > 0)
        }
      }
    }
  }
}
