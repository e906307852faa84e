import Foundation
import PopulationStore
import Randomness
import TestSupport
import Testing

/// A search is killed at every kind of place and at random times, resumed, and leaves the same tables.
@Suite("A search after a kill", .serialized) struct CrashTests {
  let search: TinySearch
  let program: KilledProgram

  init() throws {
    search = try TinySearch()
    program = KilledProgram(folder: search.folder.path)
  }

  /// The command that goes on from whatever is there.
  private func command(_ store: String, threads: Int) -> [String] {
    let exists = FileManager.default.fileExists(atPath: search.path(store))
    return
      (exists ? ["resume", search.path(store)] : ["search", "tiny.yaml", "--store", store])
      + ["--threads", "\(threads)"]
  }

  /// Runs to the end without any kill; the tables and the seconds it took.
  private func uninterrupted(threads: Int) async throws -> (dump: String, seconds: Double) {
    let run = try await program.run(command("whole-\(threads).sqlite", threads: threads))
    try #require(run.end == .exited(0), "\(run.errors)")
    return (try search.dump("whole-\(threads).sqlite"), run.seconds)
  }

  /// Resumes without any further kill and compares.
  private func finish(_ store: String, threads: Int, expecting dump: String) async throws {
    let run = try await program.run(command(store, threads: threads))
    try #require(run.end == .exited(0), "\(run.errors)")
    #expect(try search.dump(store) == dump, "\(store) differs from an uninterrupted run")
    #expect(
      try search.folder.names().filter { $0.hasPrefix(store) } == [store],
      "leftovers beside the store")
  }

  /// Places that a search passes once, or that a resumed one passes again before it has got on.
  static let places: [String] =
    ["while-checking", "after-publish"]
    + ["create", "event", "finalists", "look", "conclusion"].flatMap { transaction in
      ["before", "inside", "after"].map { "\($0)-\(transaction)" }
    } + ["before-wave", "before-generation", "inside-generation", "before-scoring-validation"]

  @Test("at a named place", arguments: [1, 2])
  func places(threads: Int) async throws {
    let whole = try await uninterrupted(threads: threads)
    for place in Self.places {
      let store = "\(place).sqlite"
      let run = try await program.run(command(store, threads: threads), failpoint: place)
      #expect(run.end == .killed, "nothing passed \(place): \(run.errors)")
      try await finish(store, threads: threads, expecting: whole.dump)
    }
  }

  /// Places that every session passes only after it has saved something.
  static let chains = [
    "after-wave", "inside-wave:2", "before-wave:2", "after-generation", "inside-generation:2",
    "before-generation:2", "before-scoring-search:2", "before-scoring-test:2",
  ]

  @Test("in every wave and every generation, again and again", arguments: [1, 2])
  func chains(threads: Int) async throws {
    let whole = try await uninterrupted(threads: threads)
    for place in threads == 1 ? Self.chains[...] : Self.chains[..<4] {
      let store = "\(place.replacing(":", with: "-")).sqlite"
      var kills = 0
      var end = KilledProgram.End.killed
      while end == .killed, kills < 200 {
        let run = try await program.run(command(store, threads: threads), failpoint: place)
        end = run.end
        if end == .killed { kills += 1 }
        try #require(end == .killed || end == .exited(0), "\(run.errors)")
      }
      #expect(kills >= 2, "\(place) was passed \(kills) times")
      try await finish(store, threads: threads, expecting: whole.dump)
    }
  }

  @Test("at 25 random times", arguments: [1, 2])
  func randomTimes(threads: Int) async throws {
    let whole = try await uninterrupted(threads: threads)
    var random = SplitMix64(seed: UInt64(threads))
    var fastest = whole.seconds
    var kills = 0
    var attempts = 0
    var store = ""
    // A store is killed up to three times. Processes that end before their time is up are not counted, so
    // that a machine whose speed changes has 25 kills too.
    while kills < 25, attempts < 80 {
      store = "random-\(attempts).sqlite"
      var left = 0.9 * fastest
      for _ in 0..<3 where kills < 25 {
        attempts += 1
        let delay = random.nextUniform() * left
        let run = try await program.run(command(store, threads: threads), killAfter: delay)
        #expect(run.end == .killed || run.end == .exited(0), "\(run.errors)")
        guard run.end == .killed else {
          fastest = min(fastest, run.seconds)
          break
        }
        kills += 1
        left = 0.9 * (left - delay)
      }
      try await finish(store, threads: threads, expecting: whole.dump)
    }
    #expect(kills >= 20, "only \(kills) of \(attempts) kills hit a running process")
  }

  @Test("a candidate that fails under one of its mask seeds fails alike")
  func failingMaskSeed() async throws {
    let fragile = try TinySearch(fragile: true)
    let program = KilledProgram(folder: fragile.folder.path)
    func run(_ arguments: [String], failpoint: String? = nil) async throws -> KilledProgram.End {
      let run = try await program.run(arguments, failpoint: failpoint)
      try #require(run.end != .exited(1) && run.end != .exited(2), "\(run.errors)")
      return run.end
    }
    #expect(try await run(["search", "tiny.yaml", "--store", "whole.sqlite"]) == .exited(0))
    let store = try PopulationStore.open(fragile.path("whole.sqlite"), for: .reading)
    let failed = try #require(
      try store.candidates(.baselines).first { $0.name == "dare_ties" }, "no such baseline")
    guard case .failed(let reason) = failed.status else {
      Issue.record("dare_ties is \(failed.status)")
      return
    }
    #expect(reason.contains("not finite"))
    let judged = try store.evaluations(of: failed.id, split: .validation).map(\.key.maskSeed)
    #expect(judged == [3, 4])

    var arguments = ["search", "tiny.yaml", "--store", "killed.sqlite"]
    var end = KilledProgram.End.killed
    while end == .killed {
      end = try await run(arguments, failpoint: "after-wave")
      arguments = ["resume", "killed.sqlite"]
    }
    #expect(try fragile.dump("killed.sqlite") == fragile.dump("whole.sqlite"))
  }

  @Test(
    "a race, on all items or on subsets, that is killed at every wave and look goes on to the same end",
    arguments: [("{racing: true}", 1), ("{racing: true, subset: 0.6}", 2)])
  func racing(evaluation: String, threads: Int) async throws {
    let race = try TinySearch(questions: 82, population: 12, evaluation: evaluation)
    let program = KilledProgram(folder: race.folder.path)
    let whole = try await program.run(
      ["search", "tiny.yaml", "--store", "whole.sqlite", "--threads", "2"])
    try #require(whole.end == .exited(0), "\(whole.errors)")
    let expected = try race.dump("whole.sqlite")
    #expect(expected.contains("'stopped'"), "nobody was raced out")
    for place in threads == 1 ? ["after-wave", "inside-wave:2"] : ["before-wave:2"] {
      let store = "\(place.replacing(":", with: "-")).sqlite"
      var arguments = ["search", "tiny.yaml", "--store", store]
      var kills = 0
      var end = KilledProgram.End.killed
      while end == .killed, kills < 400 {
        let run = try await program.run(
          arguments + ["--threads", "\(threads)"], failpoint: place)
        end = run.end
        if end == .killed { kills += 1 }
        try #require(end == .killed || end == .exited(0), "\(run.errors)")
        arguments = ["resume", race.path(store)]
      }
      #expect(kills >= 20, "\(place) was passed \(kills) times")
      #expect(try race.dump(store) == expected, "\(place)")
    }
  }

  @Test("a search with a control is as exact, killed at any place of the control")
  func control() async throws {
    let search = try TinySearch(
      questions: 82, population: 12, evaluation: "{racing: true}", rules: ", control: random")
    let program = KilledProgram(folder: search.folder.path)
    let whole = try await program.run(["search", "tiny.yaml", "--store", "whole.sqlite"])
    try #require(whole.end == .exited(0), "\(whole.errors)")
    let expected = try search.dump("whole.sqlite")
    let store = try PopulationStore.open(search.path("whole.sqlite"), for: .reading)
    let controls = try store.candidates(.kind(.control))
    #expect(controls.count == Int(try store.chargedCost()))
    #expect(controls.allSatisfy { $0.status == .scored || $0.duplicateOf != nil })
    let conclusion = try #require(try store.conclusions().last)
    #expect(conclusion.comparisons.prefix(3).map(\.role) == [.bestParent, .bestSimple, .control])
    #expect(conclusion.comparisons.prefix(3).allSatisfy { abs($0.level - (1 - 0.05 / 3)) < 1e-12 })

    for place in ["before-control", "inside-control", "after-control"] {
      let name = "\(place).sqlite"
      let killed = try await program.run(
        ["search", "tiny.yaml", "--store", name], failpoint: place)
      #expect(killed.end == .killed, "nothing passed \(place): \(killed.errors)")
      let run = try await program.run(["resume", name, "--threads", "1"])
      try #require(run.end == .exited(0), "\(run.errors)")
      #expect(try search.dump(name) == expected, "\(place)")
    }
    // After the control is entered, in each of its waves and in those that follow.
    var end = try await program.run(
      ["search", "tiny.yaml", "--store", "waves.sqlite"], failpoint: "after-control"
    ).end
    var kills = 0
    while end == .killed, kills < 100 {
      kills += 1
      end = try await program.run(["resume", "waves.sqlite"], failpoint: "after-wave").end
    }
    #expect(end == .exited(0) && kills >= 4)
    #expect(try search.dump("waves.sqlite") == expected)
  }

  @Test("an extension keeps the random candidates of its control and draws more")
  func extendingControl() async throws {
    let search = try TinySearch(rules: ", control: random")
    let program = KilledProgram(folder: search.folder.path)
    let first = try await program.run(["search", "tiny.yaml", "--store", "s.sqlite"])
    try #require(first.end == .exited(0), "\(first.errors)")
    func controls() throws -> [Candidate] {
      try PopulationStore.open(search.path("s.sqlite"), for: .reading).candidates(.kind(.control))
    }
    let before = try controls()
    let second = try await program.run(["resume", "s.sqlite", "--evaluations", "150"])
    try #require(second.end == .exited(0), "\(second.errors)")
    let after = try controls()
    #expect(after.count > before.count)
    #expect(after.prefix(before.count).map(\.fingerprint) == before.map(\.fingerprint))
    let status = try await Program(in: search.folder.path).run(["status", "s.sqlite"])
    #expect(status.output.contains("the best random candidate"), "\(status.output)")
  }

  @Test("with one thread and with two: the same tables")
  func threads() async throws {
    let one = try await uninterrupted(threads: 1)
    let two = try await uninterrupted(threads: 2)
    #expect(one.dump == two.dump)
  }

  @Test("finishing early is as exact as running to the end")
  func finishing() async throws {
    func stopEarly(_ store: String) async throws {
      let run = try await program.run(
        command(store, threads: 1), failpoint: "after-generation:3")
      #expect(run.end == .killed)
    }
    try await stopEarly("expected.sqlite")
    let whole = try await program.run(["finish", search.path("expected.sqlite")])
    try #require(whole.end == .exited(0), "\(whole.errors)")
    let expected = try search.dump("expected.sqlite")
    for place in [
      "before-finalists", "inside-finalists", "after-finalists", "before-scoring-validation:3",
      "after-wave:4", "before-look", "after-look", "before-scoring-test:2", "inside-conclusion",
      "after-conclusion",
    ] {
      let store = "finish-\(place.replacing(":", with: "-")).sqlite"
      try await stopEarly(store)
      let killed = try await program.run(["finish", search.path(store)], failpoint: place)
      #expect(killed.end == .killed, "nothing passed \(place): \(killed.errors)")
      let run = try await program.run(["finish", search.path(store)])
      try #require(run.end == .exited(0), "\(run.errors)")
      #expect(try search.dump(store) == expected, "\(place)")
    }
  }

  @Test("an extension that is killed goes on to the same end")
  func extending() async throws {
    func extend(_ store: String, failpoint: String? = nil) async throws -> KilledProgram.End {
      try await program.run(
        ["resume", search.path(store), "--evaluations", "140"], failpoint: failpoint
      ).end
    }
    _ = try await uninterrupted(threads: 1)
    let finished = search.path("whole-1.sqlite")
    for store in ["extended.sqlite", "killed.sqlite"] {
      try FileManager.default.copyItem(atPath: finished, toPath: search.path(store))
    }
    #expect(try await extend("extended.sqlite") == .exited(0))
    for place in ["before-budget", "inside-budget", "after-budget", "inside-wave", "after-look"] {
      #expect(try await extend("killed.sqlite", failpoint: place) == .killed, "\(place)")
    }
    #expect(try await extend("killed.sqlite") == .exited(0))
    #expect(try search.dump("killed.sqlite") == search.dump("extended.sqlite"))
    #expect(try PopulationStore.open(search.path("killed.sqlite"), for: .reading).lastRound() == 2)
  }

  @Test("a second driver is refused while one runs")
  func secondDriver() async throws {
    _ = try await uninterrupted(threads: 1)
    let store = try PopulationStore.open(search.path("whole-1.sqlite"), for: .driving)
    for arguments in [["resume"], ["finish"]] {
      let run = try await program.run(arguments + [search.path("whole-1.sqlite")])
      #expect(run.end == .exited(2))
      let process = ProcessInfo.processInfo.processIdentifier
      #expect(run.errors.contains("another mergevolve (process \(process)) is running this search"))
      #expect(run.errors.contains("\n  fix: wait for it or stop it"))
    }
    try store.close()
  }
}
