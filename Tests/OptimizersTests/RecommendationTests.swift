import SearchSpaces
import Testing

@testable import Optimizers

@Suite("Recommendations") struct RecommendationTests {
  typealias Variable = CategoryCombination.Variable

  static func space() throws -> SearchSpace {
    try SearchSpace([
      SearchParameter("method0", .categorical(choices: ["linear", "slerp"])),
      SearchParameter("method1", .categorical(choices: ["linear", "slerp"])),
      SearchParameter(
        "pair0", .categorical(choices: ["ab", "ac", "bc"]),
        activeWhen: [Condition("method0", isOneOf: ["slerp"])]),
      SearchParameter("w", .real(range: 0...1, start: 0.5)),
      SearchParameter("k", .integer(range: 0...9, start: 5)),
    ])
  }

  @Test("the most probable combinations, inactive categories left out") func combinations() throws {
    let found = CategoryCombination.mostProbable(
      3, space: try Self.space(),
      variables: [
        Variable(parameter: 0, lowest: 0, probabilities: [0.4, 0.6]),
        Variable(parameter: 1, lowest: 0, probabilities: [0.9, 0.1]),
        Variable(parameter: 2, lowest: 0, probabilities: [0.5, 0.3, 0.2]),
      ])
    // linear: 0.4, whatever the pair; slerp with ab 0.3, ac 0.18, bc 0.12; all times 0.9 or 0.1.
    #expect(found.map { $0.choices.map(\.parameter) } == [[0, 1], [0, 1, 2], [0, 1, 2]])
    #expect(found.map { $0.choices.map(\.value) } == [[0, 0], [1, 0, 0], [1, 0, 1]])
    for (combination, probability) in zip(found, [0.36, 0.27, 0.162]) {
      #expect(abs(combination.probability - probability) < 1e-15)
    }
  }

  @Test("many independent groups are multiplied out exactly") func manyGroups() throws {
    let space = try SearchSpace(
      (0..<40).map { SearchParameter("m\($0)", .categorical(choices: ["a", "b", "c"])) })
    let variables = (0..<40).map { index in
      let low = 0.2 + 0.001 * Double(index)
      return Variable(
        parameter: index, lowest: 0, probabilities: [low, 0.7 - 0.001 * Double(index), 0.1])
    }
    let found = CategoryCombination.mostProbable(3, space: space, variables: variables)
    #expect(found.map { $0.choices.map(\.value).reduce(0, +) } == [40, 39, 39])
    // The cheapest deviations are where a and b are closest: the last variables.
    #expect(found[1].choices[39].value == 0)
    #expect(found[2].choices[38].value == 0)
  }

  @Test("uniform categories in a large connected group come back in time") func largeGroup() throws
  {
    var parameters = [SearchParameter("root", .categorical(choices: ["x", "y"]))]
    for index in 0..<30 {
      parameters.append(
        SearchParameter(
          "leaf\(index)", .categorical(choices: ["a", "b", "c", "d"]),
          activeWhen: [Condition("root", isOneOf: ["y"])]))
    }
    let variables = parameters.enumerated().map { index, parameter in
      let count = index == 0 ? 2 : 4
      return Variable(
        parameter: index, lowest: 0,
        probabilities: Array(repeating: 1 / Double(count), count: count))
    }
    let found = CategoryCombination.mostProbable(
      3, space: try SearchSpace(parameters), variables: variables)
    #expect(found.map(\.choices.count) == [1, 31, 31])
    #expect(found[0].choices.map(\.value) == [0])
    #expect(found[1].probability == 0x1p-61)
  }

  @Test("observed candidates of a combination are averaged by rank") func weightedMean() throws {
    let space = try Self.space()
    let combination = CategoryCombination(
      choices: [.init(parameter: 0, value: 0), .init(parameter: 1, value: 1)], probability: 0.5)
    let observed: [(genome: Genome, score: Double)] = [
      (Genome(values: [0, 1, 2, 0.2, 3]), 0.9), (Genome(values: [1, 1, 0, 0.9, 9]), 1.0),
      (Genome(values: [0, 1, 0, 0.4, 6]), 0.8), (Genome(values: [0, 1, 1, 0.9, 9]), 0.1),
      (Genome(values: [0, 1, 1, 0.9, 9]), 0.05),
    ]
    let mean = try #require(combination.weightedMean(of: observed, in: space))
    let weights = RecombinationWeights(lambda: 4).positive
    #expect(abs(mean.values[3] - (weights[0] * 0.2 + weights[1] * 0.4)) < 1e-15)
    #expect(mean.values[4] == (weights[0] * 3 + weights[1] * 6).rounded())
    #expect(mean.values.prefix(3) == [0, 1, 2])
    let other = CategoryCombination(choices: [.init(parameter: 1, value: 0)], probability: 0.1)
    #expect(other.weightedMean(of: observed, in: space) == nil)
    let single = CategoryCombination(choices: [.init(parameter: 0, value: 1)], probability: 0.1)
    #expect(
      single.weightedMean(of: observed, in: space)?.values == observed[1].genome.values)
  }
}
