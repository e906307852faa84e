import Documents
import TestSupport
import Testing

@Suite("mergevolve tokenize") struct TokenizeCommandTests {
  private let folder: TemporaryFolder
  private let program: Program
  private let base = Golden.folder + "/../../Datasets/demo/models/base"

  init() throws {
    folder = try TemporaryFolder()
    program = Program(in: folder.path)
  }

  private func answers(_ arguments: [String], _ input: String) async throws -> [String] {
    let run = try await program.run(["tokenize"] + arguments, input: input)
    #expect(run.status == 0, "\(run.errors)")
    return run.output.split(separator: "\n").map(String.init)
  }

  @Test("turns texts into ids and back")
  func roundTrip() async throws {
    let lines = "{\"text\": \"calc: 84 - 58 =\"}\n\n{\"text\": \"sort: é\\n\"}"
    let encoded = try await answers([base], lines)
    let rows = try encoded.map { try JSONValue.parse(Array($0.utf8), location: "output") }
    #expect(rows.map { $0["decoded"]?.string } == ["calc: 84 - 58 =", "sort: é\n"])
    let special = try await answers([base, "--special"], lines)
    let first = try JSONValue.parse(Array((special.first ?? "").utf8), location: "output")
    #expect(first["ids"]?.array == [JSONValue(1)] + (rows.first?["ids"]?.array ?? []))
    #expect(first["decoded"]?.string?.hasSuffix("calc: 84 - 58 =") == true)
    let decoded = try await answers([base, "--ids"], encoded.joined(separator: "\n"))
    #expect(decoded == ["{\"decoded\":\"calc: 84 - 58 =\"}", "{\"decoded\":\"sort: \\u00e9\\n\"}"])
  }

  @Test(
    "names the line that it cannot read",
    arguments: [
      ([], "{\"text\": 1}", "standard input: line 3: has no text"),
      ([], "{\"text\": \"a\"", "standard input: line 3, column 13: ends where"),
      (["--ids"], "{\"ids\": [1, -2]}", "standard input: line 3: -2 is not a token id"),
      (["--ids"], "{\"ids\": [1.0]}", "standard input: line 3: 1.0 is not a token id"),
      (["--ids"], "{\"text\": \"a\"}", "standard input: line 3: has no list of ids"),
    ])
  func badLines(options: [String], line: String, message: String) async throws {
    let run = try await program.run(["tokenize", base] + options, input: "\n\n" + line)
    #expect(run.status == 2)
    #expect(run.errors.hasPrefix("error: " + message))
  }

  @Test("takes the tokenizer that a recipe's merge would have")
  func recipe() async throws {
    try folder.write("merge_method: passthrough\nmodels: [{model: '\(base)'}]\n", to: "r.yaml")
    let lines = "{\"text\": \"7\"}"
    #expect(try await answers(["r.yaml"], lines) == answers([base], lines))
  }

  @Test("says what a folder without a tokenizer lacks")
  func missing() async throws {
    let path = try TinyModel().write(to: folder)
    let run = try await program.run(["tokenize", path], input: "{\"text\": \"a\"}")
    #expect(run.status == 2)
    #expect(run.errors.contains("has no tokenizer.json"))
  }
}
