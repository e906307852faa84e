import Documents
import Foundation
import TestSupport
import Testing

@Suite("Command line") struct CommandLineTests {
  private let folder: TemporaryFolder
  private let program: Program

  init() throws {
    folder = try TemporaryFolder()
    program = Program(in: folder.path)
  }

  static let commands = [
    "check", "search", "resume", "finish", "ask", "tell", "inspect", "status", "export", "merge",
    "evaluate", "import", "tokenize", "logits",
  ]

  @Test("explains every command with an example", arguments: commands)
  func help(command: String) async throws {
    for arguments in [[command, "--help"], ["help", command]] {
      let run = try await program.run(arguments)
      #expect(run.status == 0)
      #expect(run.errors == "")
      #expect(run.output.contains("USAGE: mergevolve \(command)"))
      #expect(run.output.contains("mergevolve \(command) "))
      #expect(run.output.contains("Example: "))
    }
  }

  @Test("lists its commands when it is called without one")
  func overview() async throws {
    for arguments in [[], ["--help"]] {
      let run = try await program.run(arguments)
      #expect(run.status == 0)
      for command in Self.commands { #expect(run.output.contains("\n  \(command) ")) }
    }
    #expect(try await program.run(["--version"]).output == "0.1.0\n")
  }

  @Test(
    "ends wrong usage with status 2, problem and remedy",
    arguments: [
      (["frobnicate"], "frobnicate"), (["merge"], "recipe"), (["merge", "a.yaml"], "out"),
      (["merge", "a.yaml", "out", "--shards", "3"], "--shards"),
      (["merge", "a.yaml", "out", "--out-shard-size", "5Q"], "5Q"),
      (["merge", "a.yaml", "out", "--threads", "0"], "--threads must be at least 1"),
      (["inspect", "a", "b"], "b"), (["tokenize"], "model"),
      (["logits", "m", "--tokens", "t.json", "--output", "o", "--precision", "f8"], "f8"),
    ])
  func usage(arguments: [String], mention: String) async throws {
    let run = try await program.run(arguments)
    #expect(run.status == 2)
    #expect(run.output == "")
    #expect(run.errors.hasPrefix("error: "))
    #expect(run.errors.contains("\n  fix: "))
    #expect(run.errors.contains(mention))
    #expect(run.errors.contains("--help'"))
  }

  @Test("refuses models and recipes that are not there")
  func missing() async throws {
    let model = try await program.run(["inspect", "no-such-model"])
    #expect(model.status == 2)
    #expect(model.errors.hasPrefix("error: no-such-model: no such model folder (no-such-model)"))
    let recipe = try await program.run(["inspect", "no-such-recipe.yaml"])
    #expect(recipe.errors == "error: no-such-recipe.yaml: no such file\n  fix: check the path\n")
    #expect(recipe.status == 2)
  }
}
