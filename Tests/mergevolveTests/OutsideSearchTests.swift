import Documents
import Foundation
import PopulationStore
import SearchSpaces
import TestSupport
import Testing

/// Searches whose candidates are scored by a command, or by callers of `ask` and `tell`.
@Suite("A search that is scored outside") struct OutsideSearchTests {
  private let folder: TemporaryFolder
  private let program: Program

  init() throws {
    folder = try TemporaryFolder()
    program = Program(in: folder.path)
    try folder.write(
      """
      #!/bin/sh
      # Answers with (x - 0.3)^2, plus 1 unless kind is b; fails for x above 0.95.
      read -r line
      echo "$line" >> questions
      x=$(printf '%s' "$line" | sed -E 's/.*"x": *([-+.0-9e]+).*/\\1/')
      case "$line" in *'"kind": *"b"'*|*'"kind":"b"'*|*'"kind": "b"'*) extra=0;; *) extra=1;; esac
      awk -v x="$x" -v extra="$extra" 'BEGIN {
        if (x > 0.95) exit 3
        printf "{\\"score\\": %.17g}\\n", (x - 0.3) * (x - 0.3) + extra
      }'
      """, to: "score.sh")
  }

  private func yaml(_ objective: String, evaluations: Int = 120) -> String {
    """
    name: outside
    space:
      parameters:
        - {name: x, type: real, range: [0, 1], start: 0.6}
        - {name: kind, type: categorical, choices: [a, b]}
        - {name: depth, type: integer, range: [1, 4], active_when: {kind: [a]}}
    objective: \(objective)
    search: {evaluations: \(evaluations), seed: 4, population: 6}
    store: out.sqlite
    """
  }

  private func lines(_ text: String) throws -> [JSONValue] {
    try JSONLines.parse(Array(text.utf8), location: "output").rows.map(\.value)
  }

  @Test("by a command: ends near the optimum, and again after kills with the same tables")
  func command() async throws {
    let objective =
      "{command: [sh, score.sh], direction: minimize, noise: none, retries: 0, parallel: 2}"
    try folder.write(yaml(objective), to: "search.yaml")
    let whole = try await program.run(["search", "search.yaml", "--store", "whole.sqlite"])
    try #require(whole.status == 0, "\(whole.errors)")
    #expect(whole.output.contains("recommended: candidate "))
    #expect(whole.output.contains("  kind: b"))
    let store = try PopulationStore.open(folder.file("whole.sqlite"), for: .reading)
    #expect(try store.search().phase == .finished)
    let best = try #require(try store.evaluations().map(\.score).max())
    #expect(best > -0.01 && best <= 0)
    #expect(try store.evaluations().count <= 120)
    let questions = try String(contentsOfFile: folder.file("questions"), encoding: .utf8)
    #expect(try lines(questions).allSatisfy { $0["recipe"] == .null })
    // Parameters that do not matter are not passed on.
    #expect(
      try lines(questions).allSatisfy {
        ($0["parameters"]?["kind"]?.string == "a") == ($0["parameters"]?["depth"] != nil)
      })

    let killed = KilledProgram(folder: folder.path)
    var arguments = ["search", "search.yaml", "--store", "killed.sqlite"]
    var end = KilledProgram.End.killed
    while end == .killed {
      let run = try await killed.run(arguments, failpoint: "after-wave:7")
      try #require(run.end == .killed || run.end == .exited(0), "\(run.errors)")
      end = run.end
      arguments = ["resume", "killed.sqlite"]
    }
    let other = try PopulationStore.open(folder.file("killed.sqlite"), for: .reading)
    #expect(try other.dump() == store.dump())
  }

  @Test("by a command that fails, hangs or answers nonsense: the candidates fail with the reason")
  func failingCommand() async throws {
    for (command, reason) in [
      ("[sh, -c, 'echo no luck >&2; exit 4']", "exited with status 4: no luck"),
      ("[sleep, 60]", "took longer than 1s"), ("[echo, hello]", "answered with no result"),
      ("[no-such-program-anywhere]", "exited with status 127"),
    ] {
      try folder.write(
        yaml("{command: \(command), retries: 0, time_limit: 1s, parallel: 6}"), to: "bad.yaml")
      let store = "bad-\(reason.count).sqlite"
      let run = try await program.run(["search", "bad.yaml", "--store", store])
      #expect(run.status == 1)
      #expect(run.errors.contains("3 generations in a row failed: the objective \(reason)"))
    }
  }

  @Test("by ask and tell: several callers, leases, results once, and the end")
  func askAndTell() async throws {
    try folder.write(yaml("ask", evaluations: 40), to: "search.yaml")
    let made = try await program.run(["search", "search.yaml"])
    #expect(made.status == 0, "\(made.errors)")
    #expect(made.errors.contains("mergevolve ask"))

    func ask(_ count: Int, lease: String = "1h") async throws -> [JSONValue] {
      let run = try await program.run(
        ["ask", "out.sqlite", "--count", "\(count)", "--lease", lease])
      try #require(run.status == 0, "\(run.errors)")
      return try lines(run.output)
    }
    func tell(_ text: String) async throws -> (status: Int32, errors: String) {
      let run = try await program.run(["tell", "out.sqlite"], input: text)
      return (run.status, run.errors)
    }
    let first = try await ask(4)
    let second = try await ask(4)
    let ids = (first + second).compactMap { $0["id"]?.integer }
    #expect(first.count == 4 && second.count == 2 && Set(ids).count == 6)
    #expect(try await ask(1).isEmpty)

    // Nobody drives the search while candidates are out.
    let drive = try await program.run(["resume", "out.sqlite"])
    #expect(drive.status == 2)
    #expect(drive.errors.contains("6 candidates are leased"))

    for (text, problem) in [
      ("{\"id\": 999, \"score\": 1}", "line 1: there is no candidate 999"),
      ("{\"id\": \(ids[0]), \"score\": 1}\n{\"id\": \(ids[1])}", "line 2: holds no result"),
      ("{\"id\": \(ids[0]), \"scores\": {\"a\": 1}}", "unknown task 'a'"),
      ("{\"id\": \(ids[0]), \"score\": \"good\"}", "is no finite number"),
      ("{\"score\": 1}", "has no id"), ("", "holds no results"),
    ] {
      let run = try await tell(text)
      #expect(run.status == 2)
      #expect(run.errors.contains(problem), "\(run.errors)")
      #expect(run.errors.contains("fix: "))
    }
    #expect(try await tell("{\"id\": \(ids[0]), \"score\": 0.25}").status == 0)
    #expect(try await tell("{\"id\": \(ids[0]), \"score\": 0.25}").status == 0)
    let changed = try await tell("{\"id\": \(ids[0]), \"score\": 0.5}")
    #expect(changed.status == 2 && changed.errors.contains("has another result already"))

    let rest = ids.dropFirst().map { id in
      id == ids[3]
        ? "{\"id\": \(id), \"failure\": \"broke\"}" : "{\"id\": \(id), \"score\": 0.\(id)}"
    }
    #expect(try await tell(rest.joined(separator: "\n")).status == 0)

    // Leases that end give the candidates to others; rounds go on to the end of the budget.
    let lost = try await ask(6, lease: "1s")
    try await Task.sleep(for: .seconds(1.1))
    var open = try await ask(6)
    #expect(open == lost)
    var rounds = 0
    while !open.isEmpty, rounds < 20 {
      rounds += 1
      let results = open.map { candidate in
        let x = candidate["parameters"]?["x"]?.double ?? 0
        return "{\"id\": \(candidate["id"]?.integer ?? 0), \"score\": \(1 - (x - 0.3) * (x - 0.3))}"
      }
      let told = try await tell(results.joined(separator: "\n"))
      #expect(told.status == 0, "\(told.errors)")
      open = try await ask(6)
    }
    let status = try await program.run(["status", "out.sqlite"])
    #expect(status.output.contains("finished"))
    #expect(status.output.contains("recommended: candidate "))
  }

  @Test("by tell, of a stopped search over tasks: random masks included, and resume goes on")
  func toldTasks() async throws {
    let tiny = try TinySearch()
    let stopped = try await KilledProgram(folder: tiny.folder.path).run(
      ["search", "tiny.yaml", "--store", "tiny.sqlite"], failpoint: "after-generation")
    try #require(stopped.end == .killed)
    let program = Program(in: tiny.folder.path)
    var told: [Int: Double] = [:]
    for round in 0..<4 {
      let asked = try await program.run(["ask", "tiny.sqlite", "--count", "6"])
      let open = try lines(asked.output)
      try #require(!open.isEmpty, "\(asked.errors)")
      let results = open.enumerated().map { place, candidate in
        let id = candidate["id"]?.integer ?? 0
        let (choices, texts) = (0.1 * Double(place), 0.25 * Double(round))
        told[id] = (2 * choices + texts) / 3
        return "{\"id\": \(id), \"scores\": {\"choices\": \(choices), \"texts\": \(texts)}}"
      }
      // The same line twice is one result.
      let text = (results + results.prefix(1)).joined(separator: "\n")
      let run = try await program.run(["tell", "tiny.sqlite"], input: text)
      try #require(run.status == 0, "\(run.errors)")
    }
    let ids = told.keys.sorted()
    let resumed = try await program.run(["resume", "tiny.sqlite"])
    #expect(resumed.status == 0, "\(resumed.errors)")
    let store = try PopulationStore.open(tiny.path("tiny.sqlite"), for: .reading)
    #expect(try store.search().phase == .finished)
    var masks: Set<UInt64> = []
    for id in ids {
      let evaluation = try #require(try store.evaluations(of: id, split: .search).first)
      #expect(abs(evaluation.score - (told[id] ?? .nan)) < 1e-12)
      #expect(evaluation.tasks.map(\.task) == ["choices", "texts"])
      masks.insert(evaluation.key.maskSeed)
    }
    // dare_ties has the seed of the search, task_arithmetic none.
    #expect(masks == [0, 3])
  }

  @Test("merges that others score: the parents come first, each with a recipe")
  func merges() async throws {
    let tiny = try TinySearch()
    try tiny.folder.write(
      """
      models: {base: base, experts: {left: left, right: right}}
      space: {method: task_arithmetic, profile: global}
      objective: ask
      search: {evaluations: 40, seed: 1}
      store: ask.sqlite
      """, to: "ask.yaml")
    let program = Program(in: tiny.folder.path)
    let made = try await program.run(["search", "ask.yaml"])
    try #require(made.status == 0, "\(made.errors)")
    let asked = try lines(try await program.run(["ask", "ask.sqlite", "--count", "50"]).output)
    #expect(
      asked.compactMap { $0["name"]?.string } == [
        "base", "left", "right", "linear", "task_arithmetic 0.3", "task_arithmetic 0.5",
        "task_arithmetic 0.7", "task_arithmetic 1.0", "ties", "dare_ties",
      ])
    #expect(asked.allSatisfy { $0["parameters"] == .null })
    for (name, candidate) in zip(["left", "merged"], [asked[1], asked[4]]) {
      try tiny.folder.write(try #require(candidate["recipe"]?.string), to: "\(name).yaml")
      let merged = try await program.run(["merge", "\(name).yaml", "out-\(name)"])
      #expect(merged.status == 0, "\(merged.errors)")
    }
    let results = asked.map { "{\"id\": \($0["id"]?.integer ?? 0), \"score\": 0.5}" }
    let told = try await program.run(
      ["tell", "ask.sqlite"], input: results.joined(separator: "\n"))
    #expect(told.status == 0, "\(told.errors)")
    let next = try lines(try await program.run(["ask", "ask.sqlite"]).output)
    #expect(next.first?["kind"]?.string == "search")
    #expect(next.first?["parameters"]?["weight.left"]?.double != nil)
  }

  @Test("from an earlier search: begins where that had got to, whatever becomes of its store")
  func warmStart() async throws {
    let objective = "{command: [sh, score.sh], direction: minimize, noise: none, retries: 0}"
    try folder.write(yaml(objective), to: "search.yaml")
    let first = try await program.run(["search", "search.yaml", "--store", "first.sqlite"])
    try #require(first.status == 0, "\(first.errors)")
    let rules = ", warm_start: {store: first.sqlite}}"
    try folder.write(
      yaml(objective, evaluations: 30).replacing("population: 6}", with: "population: 6" + rules),
      to: "warm.yaml")
    func firstGeneration(_ store: String) throws -> [Double] {
      try PopulationStore.open(folder.file(store), for: .reading)
        .candidates(.generation(run: 0, number: 0)).compactMap(\.genome?.values.first)
    }
    let whole = try await program.run(["search", "warm.yaml", "--store", "whole.sqlite"])
    try #require(whole.status == 0, "\(whole.errors)")
    func distance(_ values: [Double]) -> Double {
      values.reduce(0) { $0 + abs($1 - 0.3) } / Double(values.count)
    }
    #expect(
      try distance(firstGeneration("whole.sqlite")) < distance(firstGeneration("first.sqlite")) / 2)
    // What was read at creation is kept.
    let killed = try await KilledProgram(folder: folder.path).run(
      ["search", "warm.yaml", "--store", "killed.sqlite"], failpoint: "after-publish")
    #expect(killed.end == .killed, "\(killed.errors)")
    try FileManager.default.removeItem(atPath: folder.file("first.sqlite"))
    let resumed = try await program.run(["resume", "killed.sqlite"])
    #expect(resumed.status == 0, "\(resumed.errors)")
    let stores = try ["whole.sqlite", "killed.sqlite"].map { name in
      try PopulationStore.open(folder.file(name), for: .reading).dump()
    }
    #expect(stores[0] == stores[1])
  }

  @Test("refuses what does not go together, naming key and remedy")
  func badFiles() async throws {
    for (text, problem) in [
      (yaml("{command: [sh, score.sh], retires: 1}"), "objective.retires: unknown key 'retires'"),
      (yaml("{command: []}"), "names no program"),
      (yaml("{command: [x], noise: loud}"), "unknown noise 'loud'"),
      (yaml("7"), "objective: is '7'"),
      (
        yaml("ask").replacing("seed: 4", with: "seed: 4, control: random"),
        "search.control: a control is compared"
      ),
      (yaml("ask", evaluations: 7), "do not pay for one generation of 6"),
      (
        yaml("ask").replacing("objective: ask\n", with: ""), "raw parameters have no objective"
      ),
      (yaml("ask") + "\ntasks: [a.yaml]", "there are tasks and an objective"),
      (yaml("ask") + "\nmodels: {base: b, experts: {a: c}}", "raw parameters have no models"),
      (
        yaml("ask").replacing("range: [0, 1], start", with: "range: [1, 0], start"),
        "parameters[0].range: 1.0 is not below 0.0"
      ),
      (yaml("ask").replacing("{kind: [a]}", with: "{kin: [a]}"), "unknown parameter 'kin'"),
      (yaml("ask").replacing("{kind: [a]}", with: "{kind: [c]}"), "'c'"),
      (
        yaml("ask").replacing("type: integer", with: "type: int"), "unknown type of parameter 'int'"
      ),
    ] {
      try folder.write(text, to: "bad.yaml")
      let run = try await program.run(["search", "bad.yaml"])
      #expect(run.status == 2)
      #expect(run.errors.contains(problem), "\(run.errors)")
      #expect(run.errors.contains("fix: "), "\(run.errors)")
    }
    #expect(try folder.names().contains("out.sqlite") == false)
  }
}
