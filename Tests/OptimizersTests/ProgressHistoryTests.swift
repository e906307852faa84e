import Testing

@testable import Optimizers

@Suite("Progress of a search") struct ProgressHistoryTests {
  @Test("is stagnant when neither bests nor medians improve over the window") func stagnation() {
    var history = ProgressHistory()
    for generation in 0..<300 {
      let wobble = Double(generation * 7 % 5)
      history.record([wobble, wobble - 1], populationSize: 10, dimension: 3)
      // 120 + 30 · 3 / 10 generations.
      #expect(
        history.isStagnant(populationSize: 10, dimension: 3) == (generation + 1 >= 129))
    }
    var improving = ProgressHistory()
    for generation in 0..<300 {
      improving.record(
        [Double(generation), Double(generation) - 1], populationSize: 10, dimension: 3)
      #expect(!improving.isStagnant(populationSize: 10, dimension: 3))
    }
  }

  @Test("is constant when the bests of its window and the latest scores agree") func constant() {
    var history = ProgressHistory()
    history.record([2, 1], populationSize: 10, dimension: 1)
    for generation in 0..<20 {
      history.record([1, 1], populationSize: 10, dimension: 1)
      #expect(history.isConstant(populationSize: 10, dimension: 1) == (generation >= 12))
    }
    history.record([1, 0.5], populationSize: 10, dimension: 1)
    #expect(!history.isConstant(populationSize: 10, dimension: 1))
  }

  @Test("is flat after five generations whose best quarter is tied") func flat() {
    var history = ProgressHistory()
    for generation in 0..<6 {
      // ⌈0.1 + 8/4⌉ = 3: the fourth best equals the best.
      history.record([1, 1, 1, 1, 0, 0, 0, 0], populationSize: 8, dimension: 4)
      #expect(history.isFlat == (generation >= 4))
    }
    #expect(history.hasEqualScores(dimension: 4))
    history.record([1, 1, 1, 0.9, 0, 0, 0, 0], populationSize: 8, dimension: 4)
    #expect(!history.isFlat)
    #expect(history.hasEqualScores(dimension: 4))
  }

  @Test("counts void generations in a row") func voids() {
    var history = ProgressHistory()
    history.recordVoid()
    history.recordVoid()
    #expect(history.voidGenerations == 2)
    history.record([1], populationSize: 4, dimension: 1)
    #expect(history.voidGenerations == 0)
  }
}
