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
    "say which key is wrong, where, and what to do",
    arguments: [
      (
        "task: t\nkind: multiple_chioce\ndata: q.jsonl",
        """
        task.yaml: line 2: kind: unknown kind of task 'multiple_chioce'
          fix: did you mean 'multiple_choice'? known: multiple_choice, loglikelihood, perplexity, generate
        """
      ),
      (
        "task: t\nmetrics: [acc_nrom]\nkind: multiple_choice\ndata: q.jsonl",
        """
        task.yaml: line 2: metrics[0]: unknown metric of multiple_choice 'acc_nrom'
          fix: did you mean 'acc_norm'? known: acc, acc_norm, acc_bytes, acc_mutual_info, \
        exact_match, f1, choice_logprob, \
        gold_prob, gold_prob_norm, margin, brier_score
        """
      ),
      (
        "task: t\ndata: q.jsonl\nmetrics: [bleu]",
        """
        task.yaml: line 3: metrics[0]: the metric 'bleu' is not supported for generate
          fix: use one of: exact_match, f1
        """
      ),
      (
        "task: t\ndata: q.jsonl\nmetrics: {metric: exact_match, higher_is_better: false}",
        """
        task.yaml: line 3: metrics.higher_is_better: of exact_match, more is better
          fix: remove the key: the metric knows its direction
        """
      ),
      (
        "task: t\nkind: generate",
        """
        task.yaml: line 1: the task names no data
          fix: add 'data: FILE.jsonl', or files under 'splits'
        """
      ),
      (
        "task: t\ndata: q.jsonl\npromt: x",
        """
        task.yaml: line 3: promt: unknown key 'promt'
          fix: did you mean 'prompt'? known: task, kind, data, splits, prompt, choices, answer, text, \
        delimiter, description, fewshot, until, max_tokens, strip, decode, metrics, objective, id, \
        cluster, weight, output_type, include, dataset_path, dataset_kwargs, test_split, \
        validation_split, training_split, fewshot_split, doc_to_text, doc_to_target, doc_to_choice, \
        target_delimiter, fewshot_delimiter, num_fewshot, fewshot_config, metric_list, \
        generation_kwargs, filter_list, repeats, extract, gen_prefix, chat
        """
      ),
      (
        "task: t\ndata: q.jsonl\nprocess_docs: !function utils.f",
        """
        task.yaml: line 3: process_docs: '!function utils.f' is Python code, which does not run here
          fix: write what it computes into the data
        """
      ),
      (
        "task: t\ndata: q.jsonl\nprompt: a\ndoc_to_text: b",
        """
        task.yaml: line 3: prompt: 'prompt' and 'doc_to_text' are two spellings of one key
          fix: keep one of them
        """
      ),
      (
        "task: t\ndataset_path: cais/mmlu\ntest_split: test",
        """
        task.yaml: line 2: dataset_path: the dataset 'cais/mmlu' cannot be fetched
          fix: export it as JSON Lines and write 'data: FILE.jsonl'
        """
      ),
      (
        "task: t\ndata: q.jsonl\nsplits: {search: 0.5, test: 0.6}",
        """
        task.yaml: line 3: splits: the fractions 0.5, 0.0 and 0.6 do not add up to 1
          fix: use fractions that add up to 1, such as 0.5, 0.2, 0.3
        """
      ),
      (
        "task: t\nsplits: {search: q.jsonl, test: q.jsonl}",
        """
        task.yaml: line 2: splits.test: the file is also that of the split 'search'
          fix: splits must not share items: name another file
        """
      ),
      (
        "task: t\ndata: q.jsonl\ngeneration_kwargs: {do_sample: true}",
        """
        task.yaml: line 3: generation_kwargs.do_sample: sampling is not supported
          fix: remove do_sample: text is greedy
        """
      ),
      (
        "task: t\ndata: q.jsonl\nanswer: target\nnum_fewshot: 2",
        """
        task.yaml: line 4: num_fewshot: 2 examples are asked for, but the pool has 1 rows
          fix: ask for fewer examples or add rows to the pool
        """
      ),
      (
        "task: t\ndata: q.jsonl\nnum_fewshot: 1\nfewshot_config: {sampler: balanced}",
        """
        task.yaml: line 4: fewshot_config.sampler: unknown sampler 'balanced'
          fix: use one of: default, first_n
        """
      ),
      (
        "task: t\ndata: q.jsonl\nfilter_list: [{name: a, filter: [{function: regx}]}]",
        """
        task.yaml: line 3: filter_list[0].filter[0].function: unknown filter function 'regx'
          fix: did you mean 'regex'? known: take_first, take_first_k, majority_vote, regex, \
        multi_choice_regex, remove_whitespace, lowercase, uppercase, map
        """
      ),
      (
        "task: t\ndata: q.jsonl\nfilter_list: [{name: a, filter: [{function: custom}]}]",
        """
        task.yaml: line 3: filter_list[0].filter[0].function: the filter function 'custom' is not supported
          fix: use one of: take_first, take_first_k, majority_vote, regex, multi_choice_regex, \
        remove_whitespace, lowercase, uppercase, map
        """
      ),
      (
        "task: t\ndata: q.jsonl\nextract: {name: a, regex: '(x'}",
        """
        task.yaml: line 3: extract.regex: the regular expression '(x' is not valid: end pattern with \
        unmatched parenthesis
          fix: correct it; the syntax is that of Python's 're'
        """
      ),
      (
        "task: t\ndata: q.jsonl\nanswer: target\nobjective: exact_match,strict",
        """
        task.yaml: line 4: objective: unknown metric of this task 'exact_match,strict'
          fix: use one of: exact_match
        """
      ),
      (
        "task: t\ndata: q.jsonl\nchat: {date: tomorrow}",
        """
        task.yaml: line 3: chat.date: 'tomorrow' is no date
          fix: write it as 2024-07-26
        """
      ),
      (
        "task: t\ndata: q.jsonl\nkind: multiple_choice\nchoices: [yes, no]",
        """
        task.yaml: line 4: choices[0]: yes without quotes is the truth value true in YAML
          fix: write "yes"
        """
      ),
      (
        "task: t\ndata: q.jsonl\ndecode: sometimes",
        """
        task.yaml: line 3: decode: unknown way of decoding 'sometimes'
          fix: use one of: always, unproved, never
        """
      ),
      (
        "task: t\ndata: q.jsonl\nanswer: traget",
        """
        task.yaml: line 3: answer: unknown column 'traget'
          fix: did you mean 'target'? known: prompt, target
        """
      ),
      (
        "task: t\ndata: q.jsonl\nanswer: \"{{target | urlize}}\"",
        """
        task.yaml: line 3: answer: line 1 of the template: templates do not support the filter 'urlize'
          fix: write what it computes into the data, or import the task with 'mergevolve import'
        """
      ),
    ])
  func errors(yaml: String, message: String) throws {
    try TaskFixture.use { fixture in
      try fixture.write("q.jsonl", #"{"prompt": "p", "target": "t"}"#)
      #expect(fixture.message { _ = try fixture.load(yaml + "\n") } == message)
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
