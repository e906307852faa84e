import Diagnostics
import Randomness
import Tasks
import Testing

@Suite("Task data") struct TaskDataTests {
  static let choice = "task: t\nkind: multiple_choice\ndata: q.jsonl\n"

  @Test(
    "say file and line of what is wrong",
    arguments: [
      (choice, "", "q.jsonl: the file has no rows"),
      (choice, "\n  \n", "q.jsonl: the file has no rows"),
      (choice, "[1]", "q.jsonl: line 1: the row is no JSON object"),
      (
        choice, #"{"prompt": "p", "choices": ["a"], "answer": 0}"# + "\n{\"prompt\": \"p\"}",
        "q.jsonl: line 2: column 'choices' is missing"
      ),
      (
        choice, #"{"prompt": "p", "choices": [], "answer": 0}"#,
        "q.jsonl: line 1: the list of choices is empty"
      ),
      (
        choice, #"{"prompt": "p", "choices": "abc", "answer": 0}"#,
        "q.jsonl: line 1: the choices are a text, not a list"
      ),
      (
        choice, "\n" + #"{"prompt": "p", "choices": ["a", "b"], "answer": 2}"#,
        "q.jsonl: line 2: the answer 2 is outside the 2 choices"
      ),
      (
        choice, #"{"prompt": "p", "choices": ["a", "b"], "answer": -1}"#,
        "q.jsonl: line 1: the answer -1 is outside the 2 choices"
      ),
      (
        choice, #"{"prompt": "p", "choices": ["a", "b"], "answer": 0.5}"#,
        "q.jsonl: line 1: the answer 0.5 is no index"
      ),
      (
        choice, #"{"prompt": "p", "choices": ["a", "b"], "answer": "c"}"#,
        "q.jsonl: line 1: the answer 'c' is none of the choices"
      ),
      (
        choice, #"{"prompt": "p", "choices": ["a", "b"], "answer": null}"#,
        "q.jsonl: line 1: the answer is null, neither an index nor a text"
      ),
      (
        choice, #"{"prompt": 3, "choices": ["a", "b"], "answer": 0}"#,
        "q.jsonl: line 1: the answer 3 is outside the 2 choices"
      ),
      (
        choice + "id: name\n",
        #"{"name": 1, "prompt": "p", "choices": ["a", "b"], "answer": 0}"# + "\n"
          + #"{"name": 1, "prompt": "p", "choices": ["a", "b"], "answer": 0}"#,
        "q.jsonl: line 2: the id '1' is also that of q.jsonl: line 1"
      ),
      (
        choice + "weight: w\n", #"{"w": 0, "prompt": "p", "choices": ["a"], "answer": 0}"#,
        "q.jsonl: line 1: the item's weight (column 'w') is not a positive number"
      ),
    ])
  func errors(yaml: String, rows: String, message: String) throws {
    try TaskFixture.use { fixture in
      try fixture.write("q.jsonl", rows)
      let found = fixture.message { _ = try fixture.load(yaml) }
      #expect(found?.split(separator: "\n").first.map(String.init) == message)
      #expect(found?.contains("\n  fix: ") == true)
    }
  }

  @Test("name line and column of malformed JSON")
  func malformed() throws {
    try TaskFixture.use { fixture in
      try fixture.write("q.jsonl", "{\"prompt\": \"p\"}\n{\"prompt\": }\n")
      let message = fixture.message { _ = try fixture.load(Self.choice) }
      #expect(message?.hasPrefix("q.jsonl: line 2, column 12: ") == true)
    }
  }

  @Test("say that a file is missing")
  func missing() throws {
    try TaskFixture.use { fixture in
      let message = fixture.message { _ = try fixture.load(Self.choice) }
      #expect(message == "q.jsonl: no such file\n  fix: check the path")
    }
  }

  @Test("go to the split that the hash of the id decides")
  func hashing() throws {
    let fractions = SplitFractions.standard
    for key in ["a", "add-0001", "42", "é"] {
      let u =
        Double(SplitMix64.output(fnv1a64(key.utf8)) >> 11) * 0x1p-53
      #expect(fractions.split(of: key) == (u < 0.5 ? .search : u < 0.7 ? .validation : .test))
    }
    #expect(fractions.split(of: "add-0001") == .test)
    let counts = (0..<10_000).map { fractions.split(of: "item-\($0)") }
    #expect(abs(counts.count { $0 == .search } - 5000) < 150)
    #expect(abs(counts.count { $0 == .validation } - 2000) < 120)
    let whole = try SplitFractions(search: 0, validation: 0, test: 1, at: "")
    #expect(whole.split(of: "x") == .test)
  }

  @Test("keep the items of a cluster together")
  func clusters() throws {
    try TaskFixture.use { fixture in
      let rows = (0..<60).map { #"{"prompt": "p\#($0)", "answer": "x", "passage": \#($0 / 6)}"# }
      try fixture.write("q.jsonl", rows.joined(separator: "\n"))
      let task = try fixture.load("task: t\ndata: q.jsonl\ncluster: passage\n")
      var splits: [String: Set<Split>] = [:]
      for split in Split.allCases where task.itemCount(in: split) > 0 {
        for item in try task.items(in: split) {
          splits[try #require(item.cluster), default: []].insert(split)
        }
      }
      #expect(splits.count == 10)
      #expect(splits.values.allSatisfy { $0.count == 1 })
    }
  }

  @Test("name items by line, by their column id, or by the column that the task names")
  func ids() throws {
    try TaskFixture.use { fixture in
      try fixture.write("a.jsonl", "\n{\"prompt\": \"p\", \"answer\": \"x\"}\n")
      try fixture.write(
        "b.jsonl", "{\"prompt\": \"p\", \"answer\": \"x\", \"id\": 7, \"k\": \"z\"}\n")
      let lines = try fixture.load("task: t\nsplits: {search: a.jsonl, test: b.jsonl}\n")
      #expect(try lines.allItems().map(\.id) == ["search:2", "test:1"])
      let column = try fixture.load("task: t\ndata: b.jsonl\n")
      #expect(try column.allItems().map(\.id) == ["7"])
      let named = try fixture.load("task: t\ndata: b.jsonl\nid: k\n")
      #expect(try named.allItems().map(\.id) == ["z"])
      let pooled = try fixture.load("task: t\ndata: [a.jsonl, b.jsonl]\n")
      #expect(try Set(pooled.allItems().map(\.id)) == ["2", "2:1"])
    }
  }

  @Test("are missed with the name of the split")
  func emptySplit() throws {
    try TaskFixture.use { fixture in
      try fixture.write("q.jsonl", #"{"prompt": "p", "answer": "x"}"#)
      let task = try fixture.load("task: t\nsplits: {search: q.jsonl}\n")
      #expect(
        fixture.message { _ = try task.items(in: .test) } == """
          task.yaml: splits: task 't' has no items in the split 'test'
            fix: name a file for this split, or give it a larger fraction of the data
          """)
    }
  }
}
