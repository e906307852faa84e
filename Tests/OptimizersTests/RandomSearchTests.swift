import Diagnostics
import Randomness
import SearchSpaces
import Testing

@testable import Optimizers

@Suite("Random search") struct RandomSearchTests {
  @Test("a keyed order is a permutation, another for another key", arguments: [1, 2, 5, 64, 1000])
  func permutation(count: Int) {
    func order(_ candidate: Int) -> [Int] {
      let permutation = KeyedPermutation(
        count: count,
        stream: RandomStream(seed: 1, purpose: .initialDesign, candidate: candidate))
      return (0..<count).map { permutation($0) }
    }
    #expect(order(1).sorted() == Array(0..<count))
    #expect(order(2).sorted() == Array(0..<count))
    #expect(count < 10 || order(1) != order(2))
    #expect(count < 10 || order(1) != Array(0..<count))
  }

  @Test("a Latin hypercube uses every slice of every range once") func slices() throws {
    let space = try SearchSpace([
      SearchParameter("a", .real(range: 0...40, start: 1)),
      SearchParameter("m", .categorical(choices: ["x", "y"], initial: [0.25, 0.75])),
      SearchParameter("k", .integer(range: 0...9, start: 1)),
    ])
    var optimizer = try AnyOptimizer(
      "latin-hypercube", space: space, settings: .init(budget: 40, populationSize: 8), seed: 3,
      at: "test")
    for _ in 0..<2 {
      var genomes: [Genome] = []
      while genomes.count < 40 {
        for proposal in optimizer.ask(.max) {
          genomes.append(proposal.genome)
          try optimizer.tell(proposal.id, .scores([0]))
        }
      }
      #expect(genomes.map { Int($0.values[0]) }.sorted() == Array(0..<40))
      #expect(genomes.count { $0.values[1] == 0 } == 10)
      for level in 0..<10 { #expect(genomes.count { $0.values[2] == Double(level) } == 4) }
    }
  }

  @Test("a Latin hypercube over many parameters is refused") func dimensions() throws {
    let space = try SearchSpace(
      (0..<21).map { SearchParameter("x\($0)", .real(range: 0...1, start: 0.5)) })
    do {
      _ = try AnyOptimizer(
        "latin-hypercube", space: space, settings: .init(budget: 100), seed: 1, at: "test")
      Issue.record("accepted")
    } catch {
      #expect(
        error.description == """
          optimizer: a Latin hypercube of 100 points over 21 parameters is no more even than random \
          points
            fix: use 'algorithm: random', or search at most 20 parameters
          """)
    }
  }
}
