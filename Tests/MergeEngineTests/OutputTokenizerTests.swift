import Checkpoints
import Diagnostics
import Documents
import MergeEngine
import Tensors
import TestSupport
import Testing

/// Models `a` and `b` of one shape with tokenizers of their own.
@Suite("The output's tokenizer")
struct OutputTokenizerTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let union =
    "merge_method: linear\nbase_model: a\nmodels: [{model: a}, {model: b}]\n"
    + "parameters: {weight: 1}\n"

  private func write(_ tokenizers: [(String, TokenizerFixture, rows: Int)]) throws {
    for (index, (name, tokenizer, rows)) in tokenizers.enumerated() {
      var sizes = TinyModel.Sizes()
      sizes.vocabulary = rows
      try TinyModel(.llama, sizes, seed: UInt64(index)).write(to: folder, as: name)
      try tokenizer.write(to: folder, model: name)
    }
  }

  /// The rows of a model's embedding.
  private func rows(of model: Int, count: Int) throws -> [[Float]] {
    var sizes = TinyModel.Sizes()
    sizes.vocabulary = count
    let embedding = TinyModel(.llama, sizes, seed: UInt64(model))["model.embed_tokens.weight"]
    return Self.rows(try #require(embedding).values)
  }

  private static func rows(_ values: [Float]) -> [[Float]] {
    stride(from: 0, to: values.count, by: 16).map { Array(values[$0..<$0 + 16]) }
  }

  private func embedding(_ plan: MergePlan) throws -> [[Float]] {
    Self.rows(try values("model.embed_tokens.weight", of: plan))
  }

  /// Names of the added tokens with their numbers.
  private func added(_ plan: MergePlan) throws -> [JSONValue] {
    try #require(plan.tokenizer.document?["added_tokens"]?.array)
  }

  private func mean(_ rows: [Float]...) -> [Float] {
    rows[0].indices.map { column in
      rows.reduce(Float(0)) { $0 + $1[column] } / Float(rows.count)
    }
  }

  // Numbers and settings as transformers 5.23 loads what mergekit 0.1.5 saves for such tokenizers.
  @Test("a union keeps the base's numbers, then come ordinary and then added tokens")
  func union() throws {
    try write([
      ("a", .init(["u", "s", "a", "b", "ab", "x"], added: ["q", "<z>"]), rows: 8),
      ("b", .init(["u", "s", "b", "a", "ba", "q", "n2", "n1"], added: ["x", "<sp>"]), rows: 10),
    ])
    let plan = try plan(
      Self.union.replacing("parameters", with: "tokenizer_source: union\nparameters"),
      in: folder.path)
    #expect(
      try added(plan) == [
        TokenizerFixture.entry("x", id: 5), TokenizerFixture.entry("q", id: 6),
        TokenizerFixture.entry("<z>", id: 7),
        TokenizerFixture.entry("ba", id: 8, isNormalized: true),
        TokenizerFixture.entry("n2", id: 9, isNormalized: true),
        TokenizerFixture.entry("n1", id: 10, isNormalized: true),
        TokenizerFixture.entry("<sp>", id: 11),
      ])
    #expect(plan.config.document["vocab_size"] == JSONValue(12))
    #expect(plan.description(of: "lm_head.weight")?.shape == Shape([12, 16]))
    let (a, b) = (try rows(of: 0, count: 8), try rows(of: 1, count: 10))
    let merged = try embedding(plan)
    // The token 'x' is row 8 of b; '<z>' is only in a, 'ba' only in b.
    #expect(merged[5] == mean(a[5], b[8]))
    #expect(merged[7] == a[7])
    #expect(merged[8] == b[4])
    #expect(merged[2] == mean(a[2], b[3]))
  }

  @Test("tokens without a row are left out, and merges that need them")
  func unusedTokens() throws {
    var tokenizer = TokenizerFixture(["a", "b", "ab", "c", "bc"])
    tokenizer.merges = [["a", "b"], ["b", "c"]]
    try write([("a", tokenizer, rows: 4), ("b", tokenizer, rows: 5)])
    try folder.write(
      """
      {"added_tokens_decoder": {"0": {"content": "a"}, "4": {"content": "bc"}}, "x": 1}
      """, to: "a/tokenizer_config.json")
    let plan = try plan(
      Self.union.replacing("parameters", with: "tokenizer_source: base\nparameters"),
      in: folder.path)
    let model = try #require(plan.tokenizer.document?["model"])
    #expect(model["vocab"]?.members?.map(\.key) == ["a", "b", "ab", "c"])
    #expect(model["merges"] == .array([.array([.string("a"), .string("b")])]))
    #expect(plan.config.document["vocab_size"] == JSONValue(4))
    let files = try #require(try plan.tokenizer.builtFiles())
    #expect(files.map(\.name) == ["tokenizer.json", "tokenizer_config.json"])
    #expect(!files[1].text.contains("bc"))
    #expect(plan.notes == ["1 tokens of 'a' have no row in its embedding and are left out"])
  }

  @Test("rows beyond the tokens are cut off, unless they are padding: the mean of the others")
  func padding() throws {
    let tokenizer = TokenizerFixture(count: 6)
    try write([("a", tokenizer, rows: 8), ("b", tokenizer, rows: 8)])
    let cut = try plan(Self.union + "tokenizer_source: base\n", in: folder.path)
    #expect(cut.config.document["vocab_size"] == JSONValue(6))
    #expect(cut.tokenizer.document == nil)
    let padded = try plan(
      Self.union + "tokenizer: {source: base, pad_to_multiple_of: 4}\n", in: folder.path)
    #expect(padded.config.document["vocab_size"] == JSONValue(8))
    let merged = try embedding(padded)
    #expect(Array(merged[..<6]) == (try embedding(cut)))
    #expect(merged[6] == merged[7])
    let expected = merged[..<6].reduce(into: [Float](repeating: 0, count: 16)) { sum, row in
      for column in 0..<16 { sum[column] += row[column] / 6 }
    }
    for column in 0..<16 { #expect(abs(merged[7][column] - expected[column]) < 1e-6) }
  }

  @Test("rows come from where the recipe says")
  func statedRows() throws {
    try write([
      ("a", .init(["u", "v", "w", "only a"]), rows: 4), ("b", .init(["v", "u", "w"]), rows: 3),
    ])
    let plan = try plan(
      """
      merge_method: linear
      models: [{model: a, parameters: {weight: 0}}, {model: b, parameters: {weight: 1}}]
      tokenizer:
        source: union
        tokens:
          only a: {source: {kind: zero}}
          u: {source: a, force: true}
          v: {source: a}
          w: {source: {kind: model_token, model: b, token: u}, force: true}
          new: {source: {kind: model_token, model: a, token_id: 2}}
          newer: {}
      """, in: folder.path)
    let (a, b) = (try rows(of: 0, count: 4), try rows(of: 1, count: 3))
    let zero = [Float](repeating: 0, count: 16)
    #expect(try embedding(plan) == [a[0], b[0], b[1], zero, a[2], zero])
    #expect(try added(plan).map { $0["content"]?.string } == ["new", "newer"])
  }

  @Test("a token that the base lacks and several have enters as their mean")
  func mean() throws {
    let words = TokenizerFixture(["u", "v"])
    let more = TokenizerFixture(["u", "v", "w"])
    try write([("a", words, rows: 2), ("b", more, rows: 3), ("c", more, rows: 3)])
    let plan = try plan(
      """
      merge_method: task_arithmetic
      base_model: a
      models: [{model: b}, {model: c}]
      parameters: {weight: 1}
      tokenizer: {source: union}
      """, in: folder.path)
    let (b, c) = (try rows(of: 1, count: 3), try rows(of: 2, count: 3))
    let row = try embedding(plan)[2]
    for column in 0..<16 {
      // base + (b − base) + (c − base), where the base's row is the mean.
      #expect(abs(row[column] - (b[2][column] + c[2][column]) / 2) < 1e-6)
    }
  }

  @Test("later stages see what earlier ones have built")
  func stages() throws {
    try write([("a", .init(["u", "v"]), rows: 2), ("b", .init(["v", "w"]), rows: 2)])
    let plan = try plan(
      "name: first\n" + Self.union + "tokenizer_source: union\n---\n"
        + """
        merge_method: linear
        models: [{model: b}, {model: first}]
        parameters: {weight: 1}
        tokenizer: {source: first}
        """, in: folder.path)
    #expect(try added(plan).map { $0["content"]?.string } == ["w"])
    let (a, b) = (try rows(of: 0, count: 2), try rows(of: 1, count: 2))
    let merged = try embedding(plan)
    #expect(merged[0] == a[0])
    #expect(merged[1] == mean(b[0], mean(a[1], b[0])))
    #expect(merged[2] == b[1])
  }

  @Test("the tokenizer may come from a folder without weights")
  func tokenizerOnly() throws {
    try write([("a", .init(["u", "v"]), rows: 2), ("b", .init(["v", "u"]), rows: 2)])
    try TokenizerFixture(["v", "u"]).write(to: folder, model: "words")
    let plan = try plan(Self.union + "tokenizer_source: words\n", in: folder.path)
    #expect(plan.tokenizerFolder == folder.file("words"))
    #expect(plan.models.count == 2)
    let (a, b) = (try rows(of: 0, count: 2), try rows(of: 1, count: 2))
    #expect(try embedding(plan) == [mean(a[1], b[0]), mean(a[0], b[1])])
  }

  @Test(
    "rows that are not there are refused",
    arguments: [
      ("nothing: {source: a}", "'a', which does not have the token 'nothing'"),
      ("new: {source: {kind: model_token, model: a, token: zz}}", "does not have the token 'zz'"),
      ("new: {source: {kind: model_token, model: a, token_id: 2}}", "does not have row 2"),
    ])
  func missingRows(tokens: String, words: String) throws {
    try write([("a", .init(["u", "v"]), rows: 2), ("b", .init(["v", "u"]), rows: 2)])
    let error = try #require(throws: Diagnostic.self) {
      try plan(Self.union + "tokenizer: {tokens: {\(tokens)}}\n", in: folder.path)
    }
    #expect(error.description.contains(words), "\(error)")
    #expect(error.location.hasSuffix("a/tokenizer.json"))
  }

  @Test(
    "a damaged vocabulary is refused",
    arguments: ["{}", "[]", "{\"model\": {\"vocab\": {\"a\": -1}}}"])
  func damaged(text: String) throws {
    try write([("a", .init(["u"]), rows: 1), ("b", .init(["u"]), rows: 1)])
    try folder.write(text, to: "b/tokenizer.json")
    let error = try #require(throws: Diagnostic.self) {
      try plan(Self.union + "tokenizer_source: union\n", in: folder.path)
    }
    #expect(error.location.hasSuffix("b/tokenizer.json"))
  }
}
