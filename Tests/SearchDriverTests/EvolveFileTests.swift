import Diagnostics
import Foundation
import PopulationStore
import Tasks
import TestSupport
import Testing

@testable import SearchDriver

@Suite("Files of mergekit-evolve") struct EvolveFileTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try FileManager.default.createDirectory(
      atPath: folder.file("tasks/deep"), withIntermediateDirectories: true)
    let rows = (0..<200).map { #"{"q": "\#($0) + 1 =", "choices": ["a", "b"], "answer": 1}"# }
    try folder.write(rows.joined(separator: "\n"), to: "tasks/rows.jsonl")
    try folder.write(
      """
      task: sums
      dataset_path: json
      dataset_kwargs: {data_files: {test: rows.jsonl}}
      test_split: test
      output_type: multiple_choice
      doc_to_text: "{{q}}"
      doc_to_choice: "{{choices}}"
      doc_to_target: answer
      metric_list: [{metric: acc}]
      """, to: "tasks/sums.yaml")
    try folder.write(
      """
      task: text
      data: ../rows.jsonl
      kind: perplexity
      text: q
      """, to: "tasks/deep/text.yml")
    try folder.write("group: both\ntask: [sums, text]\n", to: "tasks/group.yaml")
    try folder.write("{ not YAML", to: "tasks/broken.yaml")
  }

  private static let genome = "{models: [a, hub/b@main, c/b], merge_method: linear}"

  private func parse(
    _ rest: String, genome: String = Self.genome, tasks: String? = "tasks",
    evaluations: Int? = 40
  ) throws -> SearchConfiguration {
    try SearchConfiguration.parse(
      text: "genome: \(genome)\n\(rest)", file: "genome.yaml", folder: folder.path,
      overrides: SearchOverrides(
        evaluations: evaluations, tasks: tasks.map { folder.file($0) }))
  }

  private func problems(
    _ rest: String, genome: String = Self.genome, tasks: String? = "tasks", evaluations: Int? = 40
  ) -> String {
    do {
      _ = try parse(rest, genome: genome, tasks: tasks, evaluations: evaluations)
      return ""
    } catch let list as DiagnosticList {
      return list.all.map(\.description).joined(separator: "\n")
    } catch {
      return "\(error)"
    }
  }

  @Test("names of tasks become files, names of models follow their paths")
  func resolved() throws {
    let configuration = try parse(
      "tasks: [sums, {name: text, weight: -2, metric: 'word_perplexity,none'}]")
    #expect(
      configuration.tasks.map(\.path)
        == [folder.file("tasks/sums.yaml"), folder.file("tasks/deep/text.yml")])
    #expect(configuration.tasks.map(\.weight) == [1, 2])
    let models = try #require(configuration.models)
    #expect(!models.hasBase)
    #expect(models.experts.map(\.name) == ["a", "b", "b-2"])
    #expect(models.experts.map(\.reference) == ["a", "hub/b", "c/b"])
    #expect(models.experts[1].revision == "main")
    #expect(configuration.store == folder.file("genome.sqlite"))
    #expect(configuration.name == "genome")
  }

  @Test("a base is no expert") func base() throws {
    let configuration = try parse(
      "tasks: [sums]", genome: "{models: [a, b, c], merge_method: ties, base_model: b}")
    let models = try #require(configuration.models)
    #expect(models.hasBase && models.base.reference == "b")
    #expect(models.experts.map(\.name) == ["a", "c"])
  }

  @Test("our own sections may stand beside") func ownSections() throws {
    let configuration = try parse(
      "tasks: [sums]\nsearch: {evaluations: 60, control: random}\nstore: x.sqlite\n",
      evaluations: nil)
    #expect(configuration.evaluations == 60)
    #expect(configuration.control == .random)
    #expect(configuration.store == folder.file("x.sqlite"))
  }

  @Test("a store keeps enough to read the file again") func stored() throws {
    let configuration = try parse("tasks: [sums]\nlimit: 7\nshuffle: true")
    let text = try StoredConfiguration(configuration).text
    var again = try StoredConfiguration(text, at: "x").configuration(
      store: configuration.store, threads: nil)
    #expect(again.tasks.map(\.path) == configuration.tasks.map(\.path))
    #expect(again.evolve?.limit == 7 && again.evolve?.shuffles == true)
    #expect(try StoredConfiguration(again).text == text)
    again.place(
      models: again.models?.experts.map {
        .init(name: $0.name, isBase: false, path: "/moved/\($0.name)", fingerprint: "")
      } ?? [], relocations: [:])
    #expect(again.models?.base.reference == "/moved/a")
    #expect(again.models?.experts.map(\.revision) == [nil, nil, nil])
  }

  @Test(
    "what is wrong is said with its place and what to do",
    arguments: [
      ("tasks: [sums]\nlimits: 3", "unknown key 'limits'", "did you mean 'limit'?"),
      ("tasks: [sums]\nlimit: 0", "limit", "genome.yaml"),
      ("tasks: [sums]\nlimit: 0.5", "limit", "genome.yaml"),
      ("tasks: [sums]\nnum_fewshot: many", "num_fewshot", "genome.yaml"),
      ("tasks: [sums]\nshuffle: perhaps", "shuffle", "genome.yaml"),
      ("tasks: [sum]", "unknown task in", "did you mean 'sums'?"),
      ("tasks: [both]", "is a group of tasks", "list its tasks instead"),
      ("tasks: []", "'tasks' is empty", "name at least one"),
      ("limit: 3", "'tasks' is missing", "genome.yaml"),
      ("tasks: [{name: sums, weight: 0}]", "without effect", "leave the task out"),
      ("tasks: [{name: sums, wight: 1}]", "unknown key 'wight'", "did you mean 'weight'?"),
    ])
  func badInput(rest: String, problem: String, fix: String) {
    let text = problems(rest)
    #expect(text.contains(problem) && text.contains(fix), "\(text)")
  }

  @Test("all problems are reported at once") func together() {
    let text = problems(
      "tasks: [sums]\nlimit: no\nrandom_init: 3", genome: "{models: [a], merge_method: tiez}")
    #expect(
      text.contains("tiez") && text.contains("limit") && text.contains("random_init"), "\(text)")
  }

  @Test("folder and budget have to be given") func options() {
    #expect(problems("tasks: [sums]", tasks: nil).contains("add --tasks DIR"))
    #expect(problems("tasks: [sums]", tasks: "nowhere").contains("there is no folder"))
    #expect(problems("tasks: [sums]", evaluations: nil).contains("add --evaluations N"))
    #expect(throws: DiagnosticList.self) {
      try SearchConfiguration.parse(
        text: SearchConfigurationTests.smallest, file: "night.yaml", folder: "/searches",
        overrides: SearchOverrides(tasks: "/tasks"))
    }
  }

  @Test("two files of one task are refused") func twice() throws {
    try folder.write("task: sums\ndata: rows.jsonl\n", to: "tasks/again.yaml")
    #expect(problems("tasks: [sums]").contains("2 files describe the task 'sums'"))
  }

  private func load(_ rest: String) throws -> LoadedTask {
    let configuration = try parse("\(rest)\napply_chat_template: false")
    let evolve = try #require(configuration.evolve)
    return try evolve.load(
      0, path: configuration.tasks[0].path, folder: folder.path, seed: configuration.seed)
  }

  @Test("a task without splits is divided 50/20/30 by hash") func splits() throws {
    let task = try load("tasks: [sums]")
    #expect(task.objective(decoding: .always).name == "acc")
    let counts = Split.allCases.map { task.itemCount(in: $0) }
    #expect(counts.reduce(0, +) == 200)
    for (count, share) in zip(counts, [0.5, 0.2, 0.3]) {
      #expect(abs(Double(count) / 200 - share) < 0.12, "\(counts)")
    }
  }

  @Test("a limit holds for search and validation, in file order or at random") func limit() throws {
    func ids(_ rest: String) throws -> [String] {
      try load("tasks: [sums]\n\(rest)").items(in: .search).map(\.id)
    }
    let all = try ids("")
    let first = try ids("limit: 5")
    let shuffled = try ids("limit: 5\nshuffle: true")
    #expect(first == Array(all.prefix(5)))
    #expect(shuffled.count == 5 && shuffled != first)
    #expect(Set(shuffled).isSubset(of: all))
    #expect(try ids("limit: 5\nshuffle: true") == shuffled)
    #expect(try ids("shuffle: true") == all)
    let limited = try load("tasks: [sums]\nlimit: 5")
    #expect(limited.itemCount(in: .validation) == 5)
    #expect(limited.itemCount(in: .test) > 40)
  }

  @Test("the sign of a weight is the direction of its metric") func direction() throws {
    _ = try load("tasks: [{name: text, weight: -1, metric: 'word_perplexity,none'}]")
    for (rest, fix) in [
      ("tasks: [{name: text, metric: 'word_perplexity,none'}]", "write 'weight: -1.0'"),
      ("tasks: [{name: sums, weight: -0.5}]", "write 'weight: 0.5'"),
      ("tasks: [text]", "acc"),
      ("tasks: [{name: sums, metric: 'acc,strict-match'}]", "acc,strict-match"),
    ] {
      let error = #expect(throws: Diagnostic.self) { try load(rest) }
      #expect(error.map { "\($0)".contains(fix) && "\($0)".contains("genome.yaml") } == true)
    }
  }

  @Test("num_fewshot takes the place of the file's number, but not of a 0") func shots() throws {
    func prompt(_ rest: String) throws -> Int {
      let items = try load("tasks: [sums]\n\(rest)").items(in: .search)
      let request = try #require(items.first?.requests.first)
      return "\(request)".components(separatedBy: "+ 1 =").count
    }
    #expect(try prompt("num_fewshot: 2") > prompt(""))
    let text = try String(contentsOfFile: folder.file("tasks/sums.yaml"), encoding: .utf8)
    try folder.write(text + "\nnum_fewshot: 0\n", to: "tasks/sums.yaml")
    #expect(try prompt("num_fewshot: 2") == prompt(""))
  }
}
