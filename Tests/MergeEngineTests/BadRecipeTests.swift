import Diagnostics
import Documents
import Kernels
import MergeEngine
import Recipes
import TestSupport
import Testing

/// A case of the golden corpus of broken recipes and models.
struct BadCase: Sendable, CustomStringConvertible {
  let id: String
  let isError: Bool
  let recipe: String
  /// Regular expressions of which each must match the message.
  let mentions: [String]

  var description: String { id }

  static let all: [BadCase] = {
    let rows = (try? JSONLines.read(path: Golden.path("bad/cases.jsonl")).rows.map(\.value)) ?? []
    return rows.compactMap { row in
      guard let id = row["id"]?.string, let recipe = row["recipe"]?.string else { return nil }
      return BadCase(
        id: id, isError: row["expect"]?.string == "error", recipe: recipe,
        mentions: row["must_mention"]?.array?.compactMap(\.string) ?? [])
    }
  }()
}

@Suite("Bad recipes and models")
struct BadRecipeTests {
  /// What `merge` does before it writes: plan, scan the inputs, compute everything.
  private func merge(_ recipe: String) throws {
    let plan = try MergePlan.build(
      RecipeDocument.read(path: Golden.path("bad/\(recipe)")),
      library: CheckpointLibrary(folders: [Golden.path("bad/models")]),
      statistics: StatisticsCache())
    try plan.checkFinite(on: WorkerPool(threads: 2))
    for name in plan.tensorNames {
      #expect(try values(name, of: plan).allSatisfy(\.isFinite))
    }
  }

  @Test("are all there")
  func corpus() {
    #expect(BadCase.all.count == 44)
  }

  @Test("are refused with problem, place and remedy", arguments: BadCase.all.filter(\.isError))
  func refused(example: BadCase) throws {
    let error = try #require(throws: Diagnostic.self) { try merge(example.recipe) }
    for mention in example.mentions {
      let regex = try Regex(mention)
      #expect(error.description.contains(regex), "\(mention) in: \(error)")
    }
    #expect(!error.fix.isEmpty)
  }

  @Test("odd but valid ones are merged", arguments: BadCase.all.filter { !$0.isError })
  func accepted(example: BadCase) throws {
    try merge(example.recipe)
  }
}
