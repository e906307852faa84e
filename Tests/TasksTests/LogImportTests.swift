import Diagnostics
import Documents
import Tasks
import Testing

@Suite("Imported logs") struct LogImportTests {
  func message(_ log: String) throws -> String? {
    try TaskFixture.use { fixture in
      try fixture.write("samples_t.jsonl", log)
      return fixture.message { _ = try LoggedTask.read(path: fixture.path("samples_t.jsonl")) }
    }
  }

  static let choice =
    #"{"doc_id": 0, "doc": {}, "target": "1", "metrics": ["acc"], "arguments": {"#
    + #""gen_args_0": {"arg_0": "q", "arg_1": " a"}, "gen_args_1": {"arg_0": "q", "arg_1": " b"}}}"#

  /// One item, logged once for each of two filters.
  static let twoFilters = ["a", "b"].map { filter in
    #"{"doc": {}, "doc_id": 0, "target": "x", "filter": "\#(filter)", "metrics": ["exact_match"], "#
      + #""arguments": [["p", {"until": ["."]}]]}"#
  }.joined(separator: "\n")

  static let unlike =
    choice + "\n" + #"{"doc": {}, "doc_id": 1, "target": "", "arguments": [["p"]]}"#

  @Test("without a results file take the metrics that are logged")
  func plain() throws {
    try TaskFixture.use { fixture in
      try fixture.write("samples_t.jsonl", Self.choice)
      let task = try LoggedTask.read(path: fixture.path("samples_t.jsonl"))
      #expect(task.name == "t")
      #expect(
        task.yaml.split(separator: "\n").dropFirst().joined(separator: "\n") == """
          task: "t"
          kind: multiple_choice
          data: "t.jsonl"
          id: id
          delimiter: " "
          metric_list: [{"metric":"acc"}]
          """)
      #expect(
        task.rows.map { $0.text(.compact) } == [
          #"{"id":"0","prompt":"q","choices":["a","b"],"answer":1}"#
        ])
    }
  }

  @Test(
    "say file and line of what is wrong",
    arguments: [
      ("", "samples_t.jsonl: the file has no samples"),
      ("{", "samples_t.jsonl: line 1, column 2: "),
      (
        #"{"prompt": "p"}"#,
        "samples_t.jsonl: line 1: the line has no 'doc': it is no sample of lm-eval"
      ),
      (
        #"{"doc": {}, "doc_id": 0, "target": "", "arguments": []}"#,
        "samples_t.jsonl: line 1: the line has no arguments of a request"
      ),
      (
        unlike,
        "samples_t.jsonl: line 2: the sample is of the kind loglikelihood_rolling, others are"
      ),
      (
        choice.replacing(#""1""#, with: #""7""#),
        "samples_t.jsonl: line 1: the target '7' does not tell the right choice"
      ),
      (
        choice.replacing(#"["acc"]"#, with: #"["mcc"]"#),
        "samples_t.jsonl: none of the task's metrics is supported: mcc"
      ),
      (
        twoFilters,
        "samples_t.jsonl: the log has 2 filters, but the results_*.json that describes them is missing"
      ),
    ])
  func errors(log: String, message: String) throws {
    let found = try #require(try self.message(log))
    #expect(found.hasPrefix(message), "\(found)")
    #expect(found.contains("\n  fix: "))
  }
}
