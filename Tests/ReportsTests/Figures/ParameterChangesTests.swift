import SearchSpaces
import Testing

@testable import Reports

@Suite("Changes between two candidates") struct ParameterChangesTests {
  private func space() throws -> SearchSpace {
    try SearchSpace([
      SearchParameter("method", .categorical(choices: ["linear", "ties"])),
      SearchParameter("weight[0]", .real(range: -1...1, start: 0)),
      SearchParameter("weight[1]", .real(range: -1...1, start: 0)),
      SearchParameter(
        "ties.density", .real(range: 0...1, start: 0.5),
        activeWhen: [Condition("method", isOneOf: ["ties"])]),
    ])
  }

  @Test("are sorted by their share of the range, choices first")
  func order() throws {
    let changes = try #require(
      ParameterChanges(
        from: Genome(values: [0, 0.5, 0.25, 0.9]), to: Genome(values: [1, 0.4, -0.75, 0.9]),
        in: space())
    ).changes
    #expect(changes.map(\.name) == ["method", "ties.density", "weight[1]", "weight[0]"])
    #expect(changes[0].first == .choice("ties") && changes[0].second == .choice("linear"))
    // The density of a method that was not chosen does not matter.
    #expect(changes[1].first == .real(0.9) && changes[1].second == nil)
    #expect(changes[2].share == -0.5)
  }

  @Test("leave out what is equal and what matters for neither")
  func equal() throws {
    let changes = ParameterChanges(
      from: Genome(values: [0, 0.5, 0.25, 0.1]), to: Genome(values: [0, 0.5, 0.25, 0.9]),
      in: try space())
    #expect(changes?.changes == [])
    #expect(
      ParameterChanges(
        from: Genome(values: [0]), to: Genome(values: [0, 0, 0, 0]), in: try space()) == nil)
  }
}
