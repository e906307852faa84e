import Testing

@testable import Optimizers

@Suite("Ranking") struct RankingTests {
  @Test("orders scores, then stopped candidates, then invalid ones; dropped are absent")
  func order() {
    let ranking = Ranking([
      .invalid, .scores([0.2]), .stopped(block: 1, difference: -0.1), .dropped, .scores([0.9]),
      .stopped(block: 3, difference: -0.5), .stopped(block: 1, difference: -0.05), .scores([0.2]),
    ])
    #expect(ranking.order == [4, 1, 7, 5, 6, 2, 0])
    #expect(ranking.ties == [0..<1, 1..<3, 3..<4, 4..<5, 5..<6, 6..<7])
    #expect(ranking.invalidCount == 1)
    #expect(ranking.scores == [0.9, 0.2, 0.2])
  }

  @Test("ties share the mean of their weights") func ties() {
    let ranking = Ranking([
      .scores([1]), .scores([2]), .scores([1]), .scores([1]), .scores([0]),
    ])
    #expect(ranking.order == [1, 0, 2, 3, 4])
    #expect(ranking.averaged([8, 4, 2, 0, -3]) == [8, 2, 2, 2, -3])
    let all = Ranking(Array(repeating: Outcome.scores([0.5]), count: 4))
    #expect(all.averaged([0.6, 0.4, 0, 0]) == [0.25, 0.25, 0.25, 0.25])
  }
}
