import Foundation
import PopulationStore
import Randomness
import TestSupport
import Testing

/// Kills of searches whose optimizer begins anew or keeps a front, and of their `finish`.
@Suite("A search with restarts or several objectives, after a kill", .serialized)
struct OptimizerCrashTests {
  /// A search of which `whole.sqlite` is an uninterrupted run.
  private struct Killable {
    let folder: TemporaryFolder
    let file: String
    let program: KilledProgram
    let seconds: Double
    let expected: String

    init(_ folder: TemporaryFolder, file: String) async throws {
      self.folder = folder
      self.file = file
      program = KilledProgram(folder: folder.path)
      let run = try await program.run(["search", file, "--store", "whole.sqlite"])
      try #require(run.end == .exited(0), "\(run.errors)")
      seconds = run.seconds
      expected = try Self.dump("whole.sqlite", in: folder)
    }

    private static func dump(_ store: String, in folder: TemporaryFolder) throws -> String {
      try PopulationStore.open(folder.file(store), for: .reading).dump()
    }

    var whole: PopulationStore {
      get throws { try PopulationStore.open(folder.file("whole.sqlite"), for: .reading) }
    }

    /// Goes on from whatever is there.
    func command(_ store: String) -> [String] {
      FileManager.default.fileExists(atPath: folder.file(store))
        ? ["resume", store] : ["search", file, "--store", store]
    }

    func expectEqual(_ store: String) throws {
      #expect(
        try Self.dump(store, in: folder) == expected, "\(store) differs from an uninterrupted run")
    }

    /// At every pass of some places, then at random times, each with the fewest kills that count.
    func holdThroughKills(places: [(name: String, fewest: Int)], seed: UInt64) async throws {
      for (place, fewest) in places {
        let store = "\(place.replacing(":", with: "-")).sqlite"
        let kills = try await program.runThroughKills(at: place) { command(store) }
        #expect(kills >= fewest, "\(place) was passed \(kills) times")
        try expectEqual(store)
      }
      var random = SplitMix64(seed: seed)
      var fastest = seconds
      var kills = 0
      for attempt in 0..<10 where kills < 6 {
        let store = "random-\(attempt).sqlite"
        kills += try await program.runThroughRandomKills(3, within: &fastest, &random) {
          command(store)
        }
        try expectEqual(store)
      }
      #expect(kills >= 3, "only \(kills) kills hit a running process")
    }
  }

  /// Steps whose plateaus end a run of CMA-ES within a few generations.
  private static let steps = """
    match($0, /"x": *[-+.0-9e]+/) { x = substr($0, RSTART + 4, RLENGTH - 4) + 0 }
    match($0, /"y": *[-+.0-9e]+/) { y = substr($0, RSTART + 4, RLENGTH - 4) + 0 }
    { printf "{\\"score\\": %d}\\n", 12 * ((x - 0.3) ^ 2 + (y + 0.2) ^ 2) }
    """

  @Test("restarts: the same runs of the same sizes", arguments: ["ipop", "bipop"])
  func restarts(strategy: String) async throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.steps, to: "steps.awk")
    try folder.write(
      """
      name: restarts
      space:
        parameters:
          - {name: x, type: real, range: [-1, 1], start: -0.5}
          - {name: y, type: real, range: [-1, 1], start: 0.5}
      objective: {command: [awk, -f, steps.awk], direction: minimize, noise: none, parallel: 4}
      search: {algorithm: cma-es, evaluations: 120, seed: 5, population: 4, restarts: \(strategy)}
      """, to: "search.yaml")
    let search = try await Killable(folder, file: "search.yaml")
    let generations = try search.whole.generations()
    let runs = Set(generations.map(\.run))
    #expect(runs.count >= 3, "\(runs.count) runs of the optimizer")
    let sizes = try generations.map { generation in
      try search.whole.candidates(.generation(run: generation.run, number: generation.number)).count
    }
    #expect(sizes.first == 4 && sizes.contains { $0 > 4 }, "\(sizes)")
    try await search.holdThroughKills(
      places: [
        ("inside-wave:5", 3), ("after-generation:2", 3), ("inside-generation:3", 3),
      ], seed: 11)
  }

  @Test("two objectives: the same front, validated and tested alike")
  func front() async throws {
    let tiny = try TinySearch(evaluations: 140, rules: ", algorithm: nsga-ii")
    let search = try await Killable(tiny.folder, file: "tiny.yaml")
    #expect(try search.whole.search().plan?.algorithm == "nsga-ii")
    #expect(try search.whole.generations().count >= 10)
    #expect(try search.whole.conclusions().count == 1)
    try await search.holdThroughKills(
      places: [
        ("inside-wave:3", 3), ("after-generation:2", 3), ("inside-generation:3", 3),
      ], seed: 12)
  }

  @Test(
    "finish, killed at any place and at random times, gives the same answer",
    arguments: [(4, "{}", ", algorithm: nsga-ii"), (82, "{racing: true}", "")])
  func finish(questions: Int, evaluation: String, rules: String) async throws {
    let tiny = try TinySearch(
      questions: questions, evaluations: 140, evaluation: evaluation, rules: rules)
    let program = KilledProgram(folder: tiny.folder.path)
    func stopEarly(_ store: String) async throws {
      let run = try await program.run(
        ["search", "tiny.yaml", "--store", store], failpoint: "after-generation:3")
      #expect(run.end == .killed, "\(run.errors)")
    }
    try await stopEarly("whole.sqlite")
    let whole = try await program.run(["finish", "whole.sqlite"])
    try #require(whole.end == .exited(0), "\(whole.errors)")
    let expected = try tiny.dump("whole.sqlite")
    for place in ["inside-finalists", "after-wave:2", "inside-look"] {
      let store = "\(place.replacing(":", with: "-")).sqlite"
      try await stopEarly(store)
      let killed = try await program.run(["finish", store], failpoint: place)
      #expect(killed.end == .killed, "nothing passed \(place): \(killed.errors)")
      let run = try await program.run(["finish", store])
      try #require(run.end == .exited(0), "\(run.errors)")
      #expect(try tiny.dump(store) == expected, "\(place)")
    }
    var random = SplitMix64(seed: 13)
    var fastest = whole.seconds
    var kills = 0
    for attempt in 0..<10 where kills < 6 {
      let store = "random-\(attempt).sqlite"
      try await stopEarly(store)
      kills += try await program.runThroughRandomKills(3, within: &fastest, &random) {
        ["finish", store]
      }
      #expect(try tiny.dump(store) == expected, "\(store)")
    }
    #expect(kills >= 3, "only \(kills) kills hit a running process")
  }
}
