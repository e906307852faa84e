import Documents
import Foundation
import TestSupport
import Testing

/// A row of `Tests/Golden/bad/cases.jsonl`.
struct BadInput: Sendable, CustomTestStringConvertible {
  let id: String
  let isAccepted: Bool
  let recipe: String
  let model: String?
  let patterns: [String]

  var testDescription: String { id }

  static let all: [BadInput] = {
    let rows = try? JSONLines.read(path: Golden.path("bad/cases.jsonl")).rows.map(\.value)
    return (rows ?? []).compactMap { row in
      guard let id = row["id"]?.string, let recipe = row["recipe"]?.string else { return nil }
      return BadInput(
        id: id, isAccepted: row["expect"]?.string == "ok", recipe: recipe,
        model: row["model"]?.string,
        patterns: row["must_mention"]?.array?.compactMap(\.string) ?? [])
    }
  }()

  /// Models that are in order by themselves and only do not fit the others of their recipe.
  static let soundAlone: Set<String> = ["other-layer-count", "other-vocab", "other-architecture"]
}

@Suite("Broken input, as a user meets it") struct BadInputTests {
  private let folder: TemporaryFolder
  private let program = Program(in: Golden.path("bad/models"))

  init() throws { folder = try TemporaryFolder() }

  private func expectRefusal(_ run: Program.Run, _ input: BadInput) throws {
    #expect(run.status == 2, "\(run.errors)")
    #expect(run.output == "")
    #expect(run.errors.hasPrefix("error: "))
    #expect(run.errors.contains("\n  fix: "))
    for pattern in input.patterns {
      #expect(run.errors.contains(try Regex(pattern)), "\(pattern) is not in: \(run.errors)")
    }
  }

  @Test("is refused by merge, which leaves nothing", arguments: BadInput.all)
  func merge(input: BadInput) async throws {
    let run = try await program.run(
      ["merge", Golden.path("bad/\(input.recipe)"), folder.file("out")])
    if input.isAccepted {
      #expect(run.status == 0, "\(run.errors)")
      #expect(FileContents.exists(folder.file("out/model.safetensors")))
      #expect(FileContents.exists(folder.file("out/config.json")))
    } else {
      try expectRefusal(run, input)
      #expect(try folder.names() == [])
    }
  }

  @Test("is refused by inspect", arguments: BadInput.all.filter { $0.model != nil })
  func inspect(input: BadInput) async throws {
    let run = try await program.run(["inspect", "../\(input.model ?? "")"])
    if input.isAccepted || BadInput.soundAlone.contains(input.id) {
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.output.hasPrefix("checkpoint"))
    } else {
      try expectRefusal(run, input)
    }
  }

  @Test(
    "is refused by the other commands that read a model",
    arguments: ["zero-byte-file", "no-config"])
  func others(model: String) async throws {
    let tokens = try folder.write("{\"a\": [1]}", to: "tokens.json")
    let run = try await program.run([
      "logits", model, "--tokens", tokens, "--output", folder.file("logits.safetensors"),
    ])
    #expect(run.status == 2)
    #expect(run.errors.contains(model))
    #expect(try folder.names() == ["tokens.json"])
  }

  @Test("was tried in full")
  func count() {
    #expect(BadInput.all.count == 44)
    #expect(BadInput.all.count { $0.model != nil } == 23)
  }
}
