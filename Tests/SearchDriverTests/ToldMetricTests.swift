import Diagnostics
import Foundation
import PopulationStore
import Tasks
import TestSupport
import Testing

@testable import SearchDriver

@Suite("What an optimizer is told") struct ToldMetricTests {
  private func yaml(_ search: SmallSearch, metrics: [String]) -> String {
    search.yaml
      .replacingOccurrences(
        of: "{file: arith_gen.yaml}", with: "{file: arith_gen.yaml, metric: \(metrics[0])}"
      )
      .replacingOccurrences(
        of: "{file: letters_gen.yaml, weight: 2}",
        with: "{file: letters_gen.yaml, weight: 2, metric: \(metrics[1])}")
  }

  private func configuration(_ search: SmallSearch, metrics: [String]) throws
    -> SearchConfiguration
  {
    try SearchConfiguration.parse(
      text: yaml(search, metrics: metrics), file: "small.yaml", folder: search.folder.path,
      overrides: SearchOverrides(store: search.folder.file("store.sqlite")))
  }

  @Test("the search split has the told metric; validation and verdict keep the task's own")
  func soft() async throws {
    let search = try SmallSearch(items: 4)
    let told = try configuration(search, metrics: ["soft_exact_match", "soft_exact_match"])
    _ = try #require(
      await Search.start(told, clock: ContinuousClock(), observer: { _ in }))
    let store = try PopulationStore.open(search.folder.file("store.sqlite"), for: .reading)
    let scored = try store.search()
    for candidate in try store.candidates(.kind(.search)).prefix(3) {
      let key = scored.searchKey(candidate.id, maskSeed: 0)
      guard let evaluation = try store.evaluation(key) else { continue }
      #expect(evaluation.tasks.map(\.metric) == ["soft_exact_match", "soft_exact_match"])
      let mean = (evaluation.tasks[0].value + 2 * evaluation.tasks[1].value) / 3
      #expect(abs(evaluation.score - mean) < 1e-12)
      #expect(evaluation.score > 0 && evaluation.score < 1)
      let columns = try store.itemBlocks(key)[0].items.columns.map(\.name)
      #expect(columns.starts(with: ["exact_match_forced", "soft_exact_match"]))
    }
    for split in [BenchmarkSplit.validation, .test] {
      let evaluations = try store.evaluations(split: split)
      #expect(!evaluations.isEmpty)
      #expect(
        evaluations.allSatisfy { $0.tasks.allSatisfy { $0.metric == "exact_match" } })
    }
  }

  @Test("without a word of the file it is the soft form of hits that need no decoding")
  func byDefault() throws {
    var search = try SmallSearch(items: 4)
    func told(_ plan: Plan? = nil) throws -> [String] {
      try SearchInputs.open(try search.configuration(), plan: plan).tasks
        .map { $0.toldMetric(decoding: .never).name.rawValue }
    }
    #expect(try told() == ["soft_exact_match", "soft_exact_match"])
    // Searches that were created before there was a default stay as they are.
    var plan = try SearchInputs.open(try search.configuration()).plan()
    #expect(try told(plan) == ["soft_exact_match", "soft_exact_match"])
    var settings = try decodeJSON(PlanSettings.self, plan.settings, at: "plan.settings")
    settings.tellsSoftForms = nil
    plan.settings = try canonicalJSON(settings)
    #expect(try told(plan) == ["exact_match_forced", "exact_match_forced"])
    // A target is a score of the task's own metric.
    search.rules = ", target: 0.9"
    #expect(try told() == ["exact_match_forced", "exact_match_forced"])
    search.rules = ""
    // What is decoded anyway, or compared otherwise, is told as it is.
    let task = try String(contentsOfFile: search.folder.file("arith_gen.yaml"), encoding: .utf8)
    try search.folder.write(task + "\ndecode: always\n", to: "arith_gen.yaml")
    #expect(try told() == ["exact_match_forced", "soft_exact_match"])
    try search.folder.write(
      task.replacingOccurrences(of: "[exact_match]", with: "[f1]"), to: "arith_gen.yaml")
    #expect(try told() == ["f1", "soft_exact_match"])
  }

  @Test("the worst task is told, and validation goes by it; test is a mean")
  func worst() async throws {
    var search = try SmallSearch(items: 4)
    search.rules = ", aggregate: worst"
    let conclusion = try #require(
      await Search.start(
        try search.configuration(), clock: ContinuousClock(), observer: { _ in }))
    let store = try PopulationStore.open(search.folder.file("store.sqlite"), for: .reading)
    let scored = try store.search()
    let evaluations = try store.evaluations()
    for evaluation in evaluations {
      let values = evaluation.tasks.map(\.value)
      let isWorst =
        evaluation.key.split == .validation
        || (evaluation.key.split == .search && evaluation.key.decode == scored.decode)
      let expected = isWorst ? values.min() ?? 0 : (values[0] + 2 * values[1]) / 3
      #expect(abs(evaluation.score - expected) < 1e-12, "\(evaluation.key)")
    }
    let gain = try #require(conclusion.comparisons.first).gain
    func test(_ id: Candidate.ID) throws -> Double {
      try #require(evaluations.first { $0.key.candidate == id && $0.key.split == .test }).score
    }
    #expect(
      abs(gain - (try test(conclusion.winner) - test(conclusion.bestParent))) < 1e-12)
  }

  @Test("a metric that the kind does not have is refused with a list")
  func unknown() throws {
    let search = try SmallSearch(items: 1)
    #expect {
      _ = try SearchInputs.open(
        try configuration(search, metrics: ["soft_exact_mach", "acc"]))
    } throws: { error in
      let text = "\(error)"
      return text.contains("small.yaml:") && text.contains("soft_exact_mach")
        && text.contains("soft_exact_match") && text.contains("'acc' is not supported for generate")
    }
  }

  @Test("the worst of unlike metrics is refused")
  func unlike() throws {
    var search = try SmallSearch(items: 1)
    search.rules = ", aggregate: worst"
    #expect {
      _ = try SearchInputs.open(
        try configuration(search, metrics: ["margin", "exact_match"]))
    } throws: { error in
      "\(error)".contains(
        "the worst of unlike metrics has no meaning: arith_gen margin, letters_gen exact_match")
    }
    search.rules = ", aggregate: least"
    #expect { _ = try search.configuration() } throws: { error in
      "\(error)".contains("least") && "\(error)".contains("worst")
    }
  }
}
