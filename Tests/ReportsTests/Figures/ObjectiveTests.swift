import PopulationStore
import Randomness
import Testing

@testable import Reports

@Suite("Objectives and their trade-offs") struct ObjectiveTests {
  @Test("the front holds exactly the points that no other dominates", arguments: 0..<20)
  func front(seed: Int) {
    var random = SplitMix64(seed: UInt64(seed))
    let coordinates = 1 + seed % 4
    // A coarse grid, so that points coincide and share coordinates.
    let points = (0..<40).map { _ in
      (0..<coordinates).map { _ in (random.nextUniform() * 6).rounded() }
    }
    let expected = points.indices.filter { index in
      !points.contains { other in
        other != points[index] && zip(other, points[index]).allSatisfy { $0 >= $1 }
      }
    }
    #expect(paretoFront(points) == expected)
  }

  @Test("an empty field has an empty front")
  func empty() { #expect(paretoFront([]) == []) }

  @Test("perplexities are better when they are lower")
  func direction() {
    func objective(_ metric: String) -> Objective {
      Objective(StoredTask(name: "t", weight: 1, metric: metric, path: "", fingerprint: ""))
    }
    #expect(objective("exact_match").higherIsBetter && objective("acc_norm").higherIsBetter)
    #expect(!objective("word_perplexity").higherIsBetter)
    #expect(!objective("bits_per_byte").higherIsBetter)
    #expect(objective("perplexity").utility(3) == -3)
  }

  @Test("correlation tells a trade-off from company")
  func correlations() {
    #expect(correlation([1, 2, 3], [2, 4, 6]) == 1)
    #expect(correlation([1, 2, 3], [3, 2, 1]) == -1)
    #expect(correlation([1, 1, 1], [3, 2, 1]) == 0)
    #expect(correlation([], []) == 0)
  }
}
