import Diagnostics
import Tasks
import Testing

@Suite("Task files") struct TaskFileTests {
  static let rows = """
    {"id": "a", "question": "2 + 2 =", "choices": ["3", "4", "5"], "answer": 1}
    {"id": "b", "question": "1 + 2 =", "choices": ["3", "4", "5"], "answer": "3"}

    """

  @Test("need no more than task, kind and data")
  func smallest() throws {
    try TaskFixture.use { fixture in
      try fixture.write(
        "add.jsonl",
        #"{"id": "add-1", "prompt": "2 + 2 =", "choices": ["3", "4", "5"], "answer": 1}"#)
      let task = try fixture.load("task: add\nkind: multiple_choice\ndata: add.jsonl\n")
      let items = try task.allItems()
      #expect(task.name == "add")
      #expect(items.map(\.id) == ["add-1"])
      #expect(
        items[0].requests == [
          .logLikelihood(context: "2 + 2 =", continuation: " 3"),
          .logLikelihood(context: "2 + 2 =", continuation: " 4"),
          .logLikelihood(context: "2 + 2 =", continuation: " 5"),
        ])
      #expect(task.metrics(decoding: .always).map(\.name) == ["acc", "acc_norm"])
      #expect(task.objective(decoding: .always).name == "acc")
      #expect(task.files == [fixture.path("task.yaml"), fixture.path("add.jsonl")])
    }
  }

  @Test("may use lm-eval's spelling of every key")
  func harnessSpelling() throws {
    try TaskFixture.use { fixture in
      try fixture.write("q.jsonl", Self.rows)
      let task = try fixture.load(
        """
        task: arc_local
        dataset_path: json
        dataset_name: null
        dataset_kwargs: {data_files: {test: q.jsonl}}
        test_split: test
        output_type: multiple_choice
        doc_to_text: "Question: {{question}}\\nAnswer:"
        doc_to_choice: "{{choices}}"
        doc_to_target: answer
        target_delimiter: "  "
        num_fewshot: 0
        metric_list:
          - {metric: acc_norm, aggregation: mean, higher_is_better: true}
        metadata: {version: 1.0}
        """)
      let items = try task.allItems().sorted { $0.id < $1.id }
      #expect(
        items[0].requests.last
          == .logLikelihood(context: "Question: 2 + 2 =\nAnswer:", continuation: "  5"))
      #expect(items.count == 2)
      #expect(task.objective(decoding: .never).name == "acc_norm")
    }
  }

  @Test("of lm-eval: the golden tasks' keys are read")
  func harnessPerplexity() throws {
    try TaskFixture.use { fixture in
      try fixture.write("t.jsonl", #"{"text": "a b"}"#)
      let task = try fixture.load(
        """
        task: ppl
        dataset_path: json
        dataset_kwargs: {data_files: {test: t.jsonl}}
        test_split: test
        output_type: loglikelihood_rolling
        doc_to_text: ""
        doc_to_target: "{{text}}"
        """)
      let items = try task.allItems()
      #expect(items[0].requests == [.rolling(text: "a b")])
      #expect(items[0].id == "1")
      #expect(
        task.metrics(decoding: .never).map(\.name)
          == ["word_perplexity", "byte_perplexity", "bits_per_byte"])
    }
  }

  @Test("include others; their own keys win")
  func include() throws {
    try TaskFixture.use { fixture in
      try fixture.write("q.jsonl", Self.rows)
      try fixture.write(
        "base.yaml", "kind: multiple_choice\ndata: q.jsonl\nprompt: question\ntask: base\n")
      let task = try fixture.load("include: base.yaml\ntask: mine\ndescription: 'D. '\n")
      #expect(task.name == "mine")
      #expect(
        try task.allItems()[0].requests[0]
          == .logLikelihood(context: "D. 2 + 2 =", continuation: " 3"))
      #expect(
        task.files.map { $0.split(separator: "/").last } == ["task.yaml", "base.yaml", "q.jsonl"])
      try fixture.write("base.yaml", "include: task.yaml\n")
      #expect(
        fixture.message { _ = try LoadedTask.load(path: fixture.path("task.yaml")) }
          == """
          base.yaml: line 1: include: 'task.yaml' includes itself
            fix: remove one of the includes of the circle
          """)
    }
  }

  @Test("put the first rows of the pool before the question, without the row itself")
  func fewShot() throws {
    try TaskFixture.use { fixture in
      try fixture.write("q.jsonl", Self.rows)
      let task = try fixture.load(
        """
        task: t
        kind: multiple_choice
        data: q.jsonl
        splits: {search: 1}
        prompt: question
        fewshot: {count: 1, separator: ";"}
        """)
      let items = try task.items(in: .search)
      #expect(
        items.map { $0.requests[0] } == [
          .logLikelihood(context: "1 + 2 = 3;2 + 2 =", continuation: " 3"),
          .logLikelihood(context: "2 + 2 = 4;1 + 2 =", continuation: " 3"),
        ])
    }
  }

  @Test("take few-shot rows from another file or from the task file")
  func fewShotPools() throws {
    try TaskFixture.use { fixture in
      try fixture.write("q.jsonl", #"{"prompt": "c:", "target": "C"}"#)
      try fixture.write(
        "shots.jsonl", "{\"p\": \"a:\", \"t\": \"A\"}\n{\"p\": \"b:\", \"t\": [\"B\", \"b\"]}\n")
      let own = try fixture.load(
        """
        task: t
        data: q.jsonl
        answer: target
        fewshot: {count: 2, data: shots.jsonl, prompt: p, answer: t}
        """)
      #expect(
        try own.allItems()[0].requests == [
          .generation(
            context: "a: A\n\nb: B\n\nc:", stops: ["\n\n"], limit: 256, expected: "C")
        ])
      let harness = try fixture.load(
        """
        task: t
        dataset_path: json
        dataset_kwargs: {data_files: {test: q.jsonl}}
        test_split: test
        doc_to_text: "{{prompt}}"
        doc_to_target: "{{target}}"
        num_fewshot: 1
        fewshot_delimiter: "|"
        fewshot_config: {sampler: first_n, samples: [{prompt: "x:", target: 7}]}
        """)
      #expect(
        try harness.allItems()[0].requests == [
          .generation(context: "x: 7|c:", stops: ["|"], limit: 256, expected: "C")
        ])
    }
  }

  @Test("draw few-shot rows with a seed, among the rows that fewshot_indices names")
  func fewShotDraws() throws {
    try TaskFixture.use { fixture in
      try fixture.write("q.jsonl", #"{"prompt": "c:", "answer": "C"}"#)
      let rows = (0..<9).map { "{\"prompt\": \"p\($0):\", \"answer\": \"\($0)\"}" }
      try fixture.write("shots.jsonl", rows.joined(separator: "\n"))
      func context(_ yaml: String) throws -> String? {
        let task = try fixture.load("task: t\n" + yaml)
        guard case .generation(let context, _, _, _) = try task.allItems()[0].requests[0] else {
          return nil
        }
        return context
      }
      // random.Random(1234).sample(range(9), 2) and random.Random(3).sample(range(9), 2)
      let own =
        "data: q.jsonl\nfewshot: {count: 2, data: shots.jsonl, order: random, separator: ';'"
      #expect(try context(own + "}\n") == "p7: 7;p1: 1;c:")
      #expect(try context(own + ", seed: 3}\n") == "p3: 3;p2: 2;c:")
      let restricted = try context(
        """
        dataset_path: json
        dataset_kwargs: {data_files: {test: q.jsonl, train: shots.jsonl}}
        test_split: test
        fewshot_split: train
        doc_to_text: prompt
        doc_to_target: answer
        num_fewshot: 1
        fewshot_config: {fewshot_indices: [4]}
        """)
      #expect(restricted == "p4: 4\n\nc:")
    }
  }

  @Test("describe generation in either spelling")
  func generation() throws {
    try TaskFixture.use { fixture in
      try fixture.write("q.jsonl", #"{"prompt": "c:", "answer": " C "}"#)
      let own = try fixture.load(
        "task: t\ndata: q.jsonl\nuntil: [\"\\n\", .]\nmax_tokens: 5\nstrip: true\n")
      #expect(
        try own.allItems()[0].requests == [
          .generation(context: "c:", stops: ["\n", "."], limit: 5, expected: " C")
        ])
      let harness = try fixture.load(
        """
        task: t
        data: q.jsonl
        generation_kwargs: {until: "x", do_sample: false, temperature: 1.0, max_gen_toks: 9}
        filter_list:
          - {name: clean, filter: [{function: remove_whitespace}, {function: take_first}]}
        """)
      #expect(
        try harness.allItems()[0].requests == [
          .generation(context: "c:", stops: ["x"], limit: 9, expected: "  C ")
        ])
      let regex = try fixture.load(
        #"""
        task: t
        data: q.jsonl
        until: ["\n"]
        filter_list:
          - name: strip
            filter: [{function: regex, regex_pattern: "^\\s*(.*?)\\s*$"}, {function: take_first}]
        """#)
      #expect(
        try regex.allItems()[0].measure([.generation(text: "\t C ")]) == ["exact_match": .value(0)])
    }
  }

  @Test(
    "The demo's tasks are read",
    arguments: ["arith", "numerals", "letters", "wordmath"], ["gen", "mc"])
  func demo(skill: String, kind: String) throws {
    let task = try LoadedTask.load(path: "\(repositoryRoot)/Datasets/demo/\(skill)_\(kind).yaml")
    #expect(Split.allCases.map(task.itemCount) == [200, 200, 400])
    #expect(task.isProvable == (kind == "gen"))
    let objective = task.objective(decoding: .never).name
    #expect(objective == (kind == "gen" ? "exact_match_forced" : "acc"))
    #expect(task.decoding(.never) == (kind == "gen" ? .never : .always))
    #expect(try task.items(in: .search)[0].id == "\(skill)_\(kind)-search-0000")
  }
}
