import Foundation
import PopulationStore
import Recipes
import TestSupport
import Testing

/// A genome file of mergekit-evolve, from the command line to the exported recipe.
@Suite("A genome file of mergekit-evolve") struct EvolveSearchTests {
  let search: TinySearch
  let program: Program

  init() throws {
    search = try TinySearch()
    program = Program(in: search.folder.path)
    try search.folder.write(
      """
      genome:
        models: [left, right]
        merge_method: dare_ties
        base_model: base
        layer_granularity: 1
        filters: [self_attn]
      tasks:
        - {name: choices, weight: 2, metric: "gold_prob,none"}
        - {name: texts, metric: "exact_match,none"}
      limit: 3
      apply_chat_template: false
      """, to: "genome.yaml")
  }

  private func arguments(_ store: String) -> [String] {
    ["search", "genome.yaml", "--tasks", ".", "--evaluations", "120", "--store", store]
  }

  @Test("is checked, searched, resumed after kills, reported and exported")
  func endToEnd() async throws {
    let check = try await program.run(
      ["check", "genome.yaml", "--tasks", ".", "--evaluations", "120"])
    try #require(check.status == 0, "\(check.errors)")
    #expect(check.output.contains("dare_ties as mergekit-evolve"), "\(check.output)")

    let whole = try await program.run(arguments("whole.sqlite"))
    try #require(whole.status == 0, "\(whole.errors)")
    #expect(whole.output.contains("Verdict: "))
    let killer = KilledProgram(folder: search.folder.path)
    var next = arguments("killed.sqlite")
    var end = KilledProgram.End.killed
    var kills = 0
    while end == .killed, kills < 200 {
      end = try await killer.run(next, failpoint: "after-wave:2").end
      next = ["resume", "killed.sqlite"]
      if end == .killed { kills += 1 }
    }
    #expect(end == .exited(0) && kills > 5)
    #expect(try search.dump("killed.sqlite") == search.dump("whole.sqlite"))

    let store = try PopulationStore.open(search.path("whole.sqlite"), for: .reading)
    #expect(try store.search().tasks.map(\.metric) == ["gold_prob", "exact_match"])
    let counts = try store.benchmarks().filter { $0.split == .search }.map(\.items.count)
    #expect(counts == [3, 3])
    for command in [["status", "whole.sqlite"], ["report", "whole.sqlite", "--output", "r.html"]] {
      let run = try await program.run(command)
      #expect(run.status == 0, "\(run.errors)")
    }
    let export = try await program.run(["export", "whole.sqlite"])
    try #require(export.status == 0, "\(export.errors)")
    let document = try RecipeDocument.parse(text: export.output, location: "export")
    #expect(document.output.method == .dareTies)
    #expect(export.output.contains("dtype: bfloat16"))
    try search.folder.write(export.output, to: "winner.yaml")
    let merge = try await program.run(["merge", "winner.yaml", "merged"])
    #expect(merge.status == 0, "\(merge.errors)")
  }

  @Test("without a base, every model is a parent, whatever the method")
  func withoutBase() async throws {
    for method in ["linear", "slerp"] {
      try search.folder.write(
        """
        genome: {models: [left, right, base], merge_method: \(method)}
        tasks: [{name: choices, metric: "acc,none"}]
        random_init: true
        apply_chat_template: false
        """, to: "\(method).yaml")
      let run = try await program.run([
        "search", "\(method).yaml", "--tasks", ".", "--evaluations", "60", "--store",
        "\(method).sqlite",
      ])
      try #require(run.status == 0, "\(run.errors)")
      let store = try PopulationStore.open(search.path("\(method).sqlite"), for: .reading)
      let baselines = try store.candidates(.baselines)
      #expect(baselines.map(\.kind) == [.expert, .expert, .expert, .simple])
      #expect(baselines.map(\.name) == ["left", "right", "base-2", "linear"])
      let resumed = try await program.run(["resume", "\(method).sqlite", "--evaluations", "70"])
      #expect(resumed.status == 0, "\(resumed.errors)")
    }
  }

  @Test("bad input is refused with status 2, and nothing is written")
  func badInput() async throws {
    let original = try String(
      contentsOfFile: search.folder.file("genome.yaml"), encoding: .utf8)
    for (text, problem) in [
      (original + "\nvllm: true", "unknown key 'vllm'"),
      (original.replacing("false", with: "true"), "chat template"),
      (original.replacing("layer_granularity: 1", with: "layer_granularity: 7"), "groups of 7"),
      (original.replacing("name: texts", with: "name: text"), "did you mean 'texts'?"),
      (original.replacing("models: [left, right]", with: "models: [left, gone]"), "gone"),
      (original.replacing("gold_prob,none", with: "acc_norm,strict"), "acc_norm,strict"),
    ] {
      try search.folder.write(text, to: "genome.yaml")
      let run = try await program.run(arguments("bad.sqlite"))
      #expect(run.status == 2, "\(run.errors)")
      #expect(run.errors.contains(problem), "\(run.errors)")
      #expect(!FileManager.default.fileExists(atPath: search.path("bad.sqlite")))
    }
  }

  @Test("several objectives: the front is printed while searching and at the end")
  func front() async throws {
    let search = try TinySearch(rules: ", algorithm: nsga-ii")
    // No text is hit exactly by these models; how near they come differs.
    let task = try String(contentsOfFile: search.folder.file("texts.yaml"), encoding: .utf8)
    try search.folder.write(
      task.replacing("metrics: [exact_match]", with: "metrics: [soft_exact_match]"),
      to: "texts.yaml")
    let program = Program(in: search.folder.path)
    let killed = try await KilledProgram(folder: search.folder.path).run(
      ["search", "tiny.yaml", "--store", "f.sqlite", "--evaluations", "160"],
      failpoint: "after-generation:4")
    #expect(killed.end == .killed, "\(killed.errors)")
    let running = try await program.run(["status", "f.sqlite"])
    #expect(running.output.contains("Pareto front so far, on search"), "\(running.output)")
    let run = try await program.run(["resume", "f.sqlite"])
    try #require(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("Pareto front as validated, on test"), "\(run.output)")
  }
}
