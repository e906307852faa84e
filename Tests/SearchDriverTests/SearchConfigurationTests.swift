import Diagnostics
import Foundation
import PopulationStore
import Tasks
import Testing

@testable import SearchDriver

@Suite("Search files") struct SearchConfigurationTests {
  static let smallest = """
    models:
      base: models/base
      experts: {arith: models/arith, letters: /elsewhere/letters}
    space: {method: linear}
    tasks: [tasks/a.yaml, {file: b.yaml, weight: 2}]
    search: {evaluations: 100}
    """

  private func parse(
    _ text: String, overrides: SearchOverrides = .init()
  ) throws -> SearchConfiguration {
    try SearchConfiguration.parse(
      text: text, file: "night.yaml", folder: "/searches", overrides: overrides)
  }

  private func problems(_ text: String) -> [Diagnostic] {
    do {
      _ = try parse(text)
      return []
    } catch let list as DiagnosticList {
      return list.all
    } catch {
      return [error as? Diagnostic].compactMap { $0 }
    }
  }

  @Test("defaults are filled in, and paths start from the file's folder")
  func defaults() throws {
    let configuration = try parse(Self.smallest)
    #expect(configuration.name == "night")
    #expect(configuration.store == "/searches/night.sqlite")
    #expect(configuration.models?.experts.map(\.name) == ["arith", "letters"])
    #expect(
      configuration.models?.experts.map(\.reference) == ["models/arith", "/elsewhere/letters"])
    #expect(configuration.tasks.map(\.path) == ["/searches/tasks/a.yaml", "/searches/b.yaml"])
    #expect(configuration.tasks.map(\.weight) == [1, 2])
    #expect(configuration.algorithm == "auto")
    #expect(configuration.seed == 0)
    #expect(configuration.precision == .auto)
    #expect(configuration.memory == nil && configuration.threads == nil)
  }

  @Test("a task's told metric and the aggregate are read; without tasks there is no worst one")
  func told() throws {
    let text = Self.smallest
      .replacingOccurrences(of: "weight: 2}", with: "weight: 2, metric: soft_acc}")
      .replacingOccurrences(of: "100}", with: "100, aggregate: worst}")
    let configuration = try parse(text)
    #expect(configuration.tasks.map(\.metric?.name) == [nil, "soft_acc"])
    #expect(configuration.aggregate == .worst)
    #expect(try parse(Self.smallest).aggregate == .mean)
    let outside = text.replacingOccurrences(
      of: "tasks: [tasks/a.yaml, {file: b.yaml, weight: 2, metric: soft_acc}]",
      with: "objective: ask")
    #expect(problems(outside).map(\.problem) == ["without tasks there is no worst one"])
  }

  @Test("the command line wins over the file")
  func overrides() throws {
    let configuration = try parse(
      Self.smallest,
      overrides: SearchOverrides(store: "/tmp/x.sqlite", evaluations: 7, seed: 9, threads: 2))
    #expect(configuration.store == "/tmp/x.sqlite")
    #expect(configuration.evaluations == 7)
    #expect(configuration.seed == 9)
    #expect(configuration.threads == 2)
  }

  @Test("everything that is wrong is reported at once")
  func allProblems() {
    let found = problems(
      """
      models: {base: b, experts: {base: x}}
      spaces: {}
      space: {method: linear}
      tasks: [{file: a.yaml, weight: -1}]
      search: {evalutions: 3, seed: -1}
      evaluation: {precision: f64, memory: lots}
      """)
    let text = found.map(\.description).joined(separator: "\n")
    #expect(found.count == 8, "\(text)")
    #expect(text.contains("unknown key 'spaces'") && text.contains("did you mean 'space'?"))
    #expect(text.contains("an expert cannot be called 'base'"))
    #expect(text.contains("weight -1.0 is not positive"))
    #expect(text.contains("did you mean 'evaluations'?"))
    #expect(text.contains("is not a seed"))
    #expect(text.contains("'lots' is not an amount of memory"))
    #expect(text.contains("the search has no budget"))
    #expect(text.contains("unknown precision 'f64'"))
  }

  @Test("missing sections are named", arguments: ["models", "space", "tasks"])
  func missing(section: String) {
    let kept = Self.smallest.split(separator: "\n").filter { line in
      !line.hasPrefix(section) && !(section == "models" && line.hasPrefix("  "))
    }
    let found = problems(kept.joined(separator: "\n"))
    #expect(found.contains { $0.problem == "'\(section)' is missing" })
  }

  @Test("a store keeps enough to read the file again")
  func stored() throws {
    let configuration = try parse(
      Self.smallest, overrides: SearchOverrides(evaluations: 50, seed: 3))
    let text = try StoredConfiguration(configuration).text
    let again = try StoredConfiguration(text, at: "x").configuration(
      store: "/tmp/y.sqlite", threads: nil)
    #expect(again.evaluations == 50 && again.seed == 3 && again.store == "/tmp/y.sqlite")
    #expect(again.tasks.map(\.path) == configuration.tasks.map(\.path))
    #expect(try StoredConfiguration(again).text == text)
  }
}

@Suite("The verdict's words") struct VerdictWordsTests {
  @Test("follow the interval")
  func words() {
    typealias Words = Verdict<ContinuousClock>
    #expect(
      Words.words(low: 0.01, high: 0.1, role: .bestParent, name: "arith")
        == "better than the best parent (arith)")
    #expect(
      Words.words(low: 0, high: 0.1, role: .bestSimple, name: "ties")
        == "no measurable difference to the best simple merge (ties)")
    #expect(Words.words(low: -0.2, high: -0.1, role: .parent, name: "x") == "worse than x")
  }
}
