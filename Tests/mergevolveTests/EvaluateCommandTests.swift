import Documents
import TestSupport
import Testing

@Suite("mergevolve evaluate") struct EvaluateCommandTests {
  private let folder: TemporaryFolder
  private let program: Program
  private let demo = Golden.folder + "/../../Datasets/demo"

  init() throws {
    folder = try TemporaryFolder()
    program = Program(in: folder.path)
    try folder.write(
      """
      {"id": "a", "prompt": "calc: 57 - 37 =", "choices": ["20", "99"], "answer": 0, "target": "20"}
      {"id": "b", "prompt": "calc: 59 + 10 =", "choices": ["11", "69"], "answer": 0, "target": "69"}

      """, to: "q.jsonl")
    try folder.write("task: mc\nkind: multiple_choice\ndata: q.jsonl\n", to: "mc.yaml")
    try folder.write(
      """
      task: gen
      kind: generate
      data: q.jsonl
      answer: target
      until: ["\\n"]
      max_tokens: 8
      strip: true
      """, to: "gen.yaml")
  }

  private func evaluate(_ arguments: [String]) async throws -> (
    status: Int32, output: String, errors: String
  ) {
    let run = try await program.run(["evaluate"] + arguments)
    return (run.status, run.output, run.errors)
  }

  private func document(_ text: String) throws -> JSONValue {
    try JSONValue.parse(Array(text.utf8), location: "output")
  }

  @Test("prints a table of scores with standard errors")
  func table() async throws {
    let run = try await evaluate(["\(demo)/models/base", "--task", "mc.yaml", "gen.yaml"])
    #expect(
      run.errors.hasPrefix(
        "mc: 52 tokens asked for, 23 computed (56 % saved by common prefixes)\ngen: "))
    #expect(
      run.output == """
        task             metric        score  ± error  items
        mc               acc          0.5000   0.5000      2
        mc               acc_norm     0.5000   0.5000      2
        gen              exact_match  1.0000   0.0000      2
        mean of 2 tasks               0.7500   0.2500      4

        """)
    #expect(run.status == 0)
  }

  @Test("prints JSON, and writes the items into a new file")
  func json() async throws {
    let arguments = [
      "\(demo)/models/base", "--task", "mc.yaml", "--task", "gen.yaml", "--json", "--samples",
      "items.jsonl", "--threads", "1",
    ]
    let run = try await evaluate(arguments)
    #expect(run.status == 0, "\(run.errors)")
    let tasks = try #require(document(run.output)["tasks"]?.array)
    #expect(tasks.map { $0["task"]?.string } == ["mc", "gen"])
    #expect(tasks[0]["scores"]?["acc"]?["value"]?.double == 0.5)
    #expect(tasks[1]["scores"]?["exact_match"]?["items"]?.integer == 2)
    let items = try JSONLines.read(path: folder.file("items.jsonl")).rows.map(\.value)
    #expect(items.count == 4)
    let choice = try #require(items.first { $0["id"]?.string == "b" && $0["task"]?.string == "mc" })
    #expect(choice["resps"]?.array?.count == 2)
    #expect(choice["arguments"]?["gen_args_1"]?["arg_1"]?.string?.hasPrefix(" ") == true)
    #expect(choice["acc"]?.double == 0)
    let text = try #require(items.first { $0["id"]?.string == "b" && $0["task"]?.string == "gen" })
    #expect(text["resps"] == .array([.array([.string(" 69")])]))
    #expect(text["filtered_resps"] == .array([.string("69")]))
    let again = try await evaluate(arguments)
    #expect(again.status == 2 && again.output == "")
    #expect(
      again.errors == """
        error: items.jsonl: the file exists already
          fix: name a new file, or remove this one

        """)
    #expect(try folder.names().filter { $0.hasSuffix(".partial") } == [])
  }

  @Test("counts texts that only the largest number of tokens ends")
  func cutOff() async throws {
    let yaml = try FileContents.text(of: folder.file("gen.yaml"))
    try folder.write(
      yaml.replacing("max_tokens: 8", with: "max_tokens: 1"), to: "short.yaml")
    let run = try await evaluate(["\(demo)/models/base", "--task", "short.yaml", "--json"])
    #expect(run.errors.contains("2 of 2 generated texts reached the largest number of tokens"))
    let task = try document(run.output)["tasks"]?.array?[0]
    #expect(task?["cut_off_items"]?.integer == 2 && task?["unparsable_items"]?.integer == 0)
  }

  @Test("scores one split, with or without decoding")
  func splits() async throws {
    let task = "\(demo)/letters_gen.yaml"
    let forced = try await evaluate([
      "\(demo)/models/expert-letters", "--task", task, "--split", "validation", "--decode", "never",
      "--json",
    ])
    let scores = try #require(document(forced.output)["tasks"]?.array?[0]["scores"])
    #expect(scores["exact_match_forced"]?["items"]?.integer == 200)
    #expect((scores["exact_match_forced"]?["value"]?.double ?? 0) > 0.9)
  }

  @Test("scores a recipe as the model that merge writes of it, bit for bit")
  func recipe() async throws {
    try folder.write(
      """
      merge_method: task_arithmetic
      base_model: \(demo)/models/base
      models:
        - {model: \(demo)/models/expert-arith, parameters: {weight: 0.6}}
        - {model: \(demo)/models/expert-letters, parameters: {weight: [0.2, 0.9]}}
      dtype: float32
      out_dtype: bfloat16
      """, to: "recipe.yaml")
    #expect(try await program.run(["merge", "recipe.yaml", "merged"]).status == 0)
    var items: [[UInt8]] = []
    for (model, threads) in [("recipe.yaml", "1"), ("merged", "2")] {
      let run = try await evaluate([
        model, "--task", "mc.yaml", "gen.yaml", "\(demo)/text_ppl.yaml", "--split", "all",
        "--threads", threads, "--samples", "\(model).jsonl",
      ])
      #expect(run.status == 0, "\(run.errors)")
      items.append(try FileContents.bytes(of: folder.file("\(model).jsonl")))
    }
    #expect(items[0] == items[1])
    #expect(items[0].count > 1000)
  }

  @Test("refuses what is wrong before it scores anything")
  func errors() async throws {
    let model = "\(demo)/models/base"
    let missing = try await evaluate([model, "--task", "nope.yaml"])
    #expect(missing.status == 2)
    #expect(missing.errors == "error: nope.yaml: no such file\n  fix: check the path\n")
    let twice = try await evaluate([model, "--task", "mc.yaml", "mc.yaml"])
    #expect(
      twice.errors == """
        error: mc.yaml: there is already a task 'mc'
          fix: give each task its own name

        """)
    let split = try await evaluate([model, "--task", "mc.yaml", "--split", "tset"])
    #expect(split.status == 2 && split.errors.contains("tset"))
    let folder = try await evaluate([model, "--task", "mc.yaml", "--samples", "no/such/file"])
    #expect(folder.status == 2 && folder.errors.contains("no file can be made in the folder"))
    try self.folder.write("task: t\nkind: generate\ndata: q.jsonl\nanswer: target\n", to: "t.yaml")
    let room = try await evaluate([model, "--task", "t.yaml"])
    #expect(room.status == 2)
    #expect(
      room.errors == """
        error: t.yaml: max_tokens: 256 generated tokens leave no room for a prompt: the model takes 256
          fix: lower max_tokens to less than 256

        """)
  }

  /// A copy of the demo's base model, whose files a test may change.
  private func copyModel() throws {
    for name in ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"] {
      try folder.write(
        FileContents.bytes(of: "\(demo)/models/base/\(name)"), to: "model/\(name)")
    }
  }

  @Test("puts prompts into the model's chat template")
  func conversations() async throws {
    try copyModel()
    try folder.write(
      "{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}"
        + "{% if add_generation_prompt %}<assistant>{% endif %}", to: "model/chat_template.jinja")
    let run = try await evaluate([
      "model", "--task", "mc.yaml", "--apply-chat-template", "--system-instruction", "Add.",
      "--samples", "items.jsonl",
    ])
    #expect(run.status == 0, "\(run.errors)")
    let items = try JSONLines.read(path: folder.file("items.jsonl")).rows.map(\.value)
    let arguments = items[0]["arguments"]?["gen_args_0"]
    let prompt = try #require(arguments?["arg_0"]?.string)
    #expect(prompt.hasPrefix("<system>Add.\n<user>calc: 5"))
    #expect(prompt.hasSuffix(" =\n<assistant>"))
    #expect(arguments?["arg_1"]?.string?.hasPrefix(" ") == false)
    let plain = try await evaluate([
      "\(demo)/models/base", "--task", "mc.yaml", "--apply-chat-template",
    ])
    #expect(plain.status == 2 && plain.errors.contains("the model has no chat template"))
    try folder.write("{{ messages | urlize }}", to: "model/chat_template.jinja")
    let refused = try await evaluate(["model", "--task", "mc.yaml", "--apply-chat-template"])
    #expect(refused.status == 2)
    #expect(
      refused.errors.contains(
        "chat_template.jinja: line 1 of the template: templates do not support the filter 'urlize'")
    )
  }

  @Test("refuses a tokenizer of another vocabulary")
  func vocabulary() async throws {
    try copyModel()
    let path = "\(demo)/models/base/tokenizer.json"
    let text = try FileContents.text(of: path)
    try folder.write(
      text.replacing(#""5": 23,"#, with: #""5": 600,"#), to: "model/tokenizer.json")
    let run = try await evaluate(["model", "--task", "mc.yaml"])
    #expect(run.status == 2)
    #expect(run.errors.contains("have the token id 600, but the vocabulary of the model of"))
    #expect(run.errors.contains("model/config.json has 512 tokens"))
  }
}
