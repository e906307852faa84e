import Documents
import TestSupport
import Testing

@Suite("mergevolve import") struct ImportCommandTests {
  private let folder: TemporaryFolder
  private let program: Program
  private let model = Golden.folder + "/../../Datasets/demo/models/base"
  private let log = Golden.folder + "/logs/samples_gsm8k_2026-11-25T03-45-24.643540.jsonl"

  init() throws {
    folder = try TemporaryFolder()
    program = Program(in: folder.path)
  }

  @Test("writes a task that evaluate scores, once")
  func writes() async throws {
    let run = try await program.run(["import", log, "--output", "tasks"])
    #expect(run.status == 0 && run.errors == "", "\(run.errors)")
    #expect(run.output == "tasks/gsm8k.yaml: 3 items\n")
    let scores = try await program.run(["evaluate", model, "--task", "tasks/gsm8k.yaml", "--json"])
    #expect(scores.status == 0, "\(scores.errors)")
    let task = try JSONValue.parse(Array(scores.output.utf8), location: "output")["tasks"]?.array?[
      0]
    #expect(task?["scores"]?["exact_match,strict-match"]?["items"]?.integer == 3)
    #expect(task?["scores"]?["exact_match,flexible-extract"]?["value"]?.double == 0)
    #expect(task?["unparsable_items"]?.integer == 3)
    #expect(scores.errors.contains("a filter found no answer in 3 of 3 texts"))
    let again = try await program.run(["import", log, "--output", "tasks"])
    #expect(again.status == 2)
    #expect(again.errors.hasPrefix("error: tasks/gsm8k.yaml: the file exists already"))
  }

  @Test("writes nothing for a file that is no log")
  func refuses() async throws {
    try folder.write(#"{"prompt": "p"}"#, to: "q.jsonl")
    let run = try await program.run(["import", "q.jsonl", "--output", "tasks"])
    #expect(run.status == 2)
    #expect(
      run.errors == """
        error: q.jsonl: line 1: the line has no 'doc': it is no sample of lm-eval
          fix: import a samples_*.jsonl that 'lm_eval --log_samples' wrote

        """)
    #expect(try folder.names().sorted() == ["q.jsonl"])
  }
}
