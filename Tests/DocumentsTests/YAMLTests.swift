import Diagnostics
import Documents
import Testing

private func root(_ text: String) throws -> YAMLNode {
  try YAMLDocument.parse(text: text, location: "t.yaml").root
}

private func refused(_ text: String) -> Diagnostic? {
  do {
    _ = try root(text)
    return nil
  } catch {
    return error as? Diagnostic
  }
}

@Suite("YAML documents") struct YAMLTests {
  @Test("every value knows its line and key path")
  func locations() throws {
    let text = """
      # comment
      merge_method: ties
      models:
        - model: a
          parameters:
            density: 1.7
      """
    let models = try #require(try root(text).mapping()["models"]).sequence()
    let parameters = try models[0].mapping().required("parameters").mapping()
    let density = try parameters.required("density")
    #expect(density.location == "t.yaml: line 6: models[0].parameters.density")
    #expect(try density.double() == 1.7)
    #expect(
      throws: Diagnostic(
        "value 1.7 is outside 0.0...1.0", at: "t.yaml: line 6: models[0].parameters.density",
        fix: "use a number in that range")
    ) { try density.double(in: 0...1) }
  }

  @Test("missing, empty and unknown keys are told apart")
  func keys() throws {
    let mapping = try root("a: 1\nb:\ndensty: 2\n").mapping()
    #expect(mapping.optional("b") == nil)
    #expect(mapping.keys == ["a", "b", "densty"])
    #expect(
      throws: Diagnostic("'c' is missing", at: "t.yaml: line 1", fix: "add 'c: …'")
    ) { try mapping.required("c") }
    #expect(
      throws: Diagnostic(
        "'b' has no value", at: "t.yaml: line 2: b", fix: "write a value after 'b:'")
    ) { try mapping.required("b") }
    #expect(
      throws: Diagnostic(
        "unknown parameter 'densty'", at: "t.yaml: line 3: densty",
        fix: "did you mean 'density'? known: a, b, density")
    ) { try mapping.rejectUnknownKeys(known: ["a", "b", "density"], noun: "parameter") }
  }

  @Test(
    "a file that is no YAML is one error with its place",
    arguments: [
      ("", "the file is empty", "t.yaml"),
      ("# only a comment\n---\n...\n", "holds no YAML value", "t.yaml"),
      (
        "a: 1\nmodels:\n  - {model: a, parameters: {w: 1}\n  - {model: b}\n",
        "YAML syntax error: did not find expected ',' or '}' while parsing a flow mapping "
          + "that starts at line 3",
        "t.yaml: line 4, column 3"
      ),
      ("a: 1\nb: 2\na: 3\n", "duplicate key 'a'", "t.yaml: line 1"),
      ("? [a, b]\n: 1\n", "a key must be text, not a list or a mapping", "t.yaml: line 1"),
      (
        "a: *b\n", "YAML syntax error: found undefined alias", "t.yaml: line 1, column 4"
      ),
      ("a: \u{1}\n", "control characters are not allowed (U+1)", "t.yaml"),
      (
        "a: 1\nb: \u{0}\n", "holds a NUL byte; this is not a text file in UTF-8",
        "t.yaml: line 2"
      ),
      (
        "a: 1\n---\nb: 1\n", "holds 2 documents, but only one is expected", "t.yaml: line 3"
      ),
      ("a: !!int x\n", "the tag 'tag:yaml.org,2002:int' does not fit 'x'", "t.yaml: line 1: a"),
    ])
  func refusals(text: String, problem: String, location: String) {
    let error = refused(text)
    #expect(error?.problem == problem)
    #expect(error?.location == location)
  }

  enum Deep: CaseIterable {
    case lists, mappings, unclosed, dashes, keys, indentation, barelyTooDeep

    var text: String {
      switch self {
      case .lists: repeated("[", 20_000) + repeated("]", 20_000)
      case .mappings: "a: " + repeated("{a: ", 20_000) + repeated("}", 20_000)
      case .unclosed: repeated("[", 20_000)
      case .dashes: repeated("- ", 20_000) + "1"
      case .keys: repeated("? ", 20_000) + "1"
      case .indentation:
        (0..<300).map { repeated(" ", $0) + "a:" }.joined(separator: "\n")
      case .barelyTooDeep: repeated("[", 65) + repeated("]", 65)
      }
    }

    private func repeated(_ text: String, _ count: Int) -> String {
      String(repeating: text, count: count)
    }
  }

  @Test("deep nesting is one error, not a stack overflow", arguments: Deep.allCases)
  func depth(deep: Deep) {
    #expect(
      refused(deep.text)?.problem == "lists and mappings are nested more than 64 levels deep")
  }

  @Test("64 levels are not too deep")
  func allowedDepth() {
    #expect(
      refused(String(repeating: "[", count: 64) + String(repeating: "]", count: 64)) == nil)
  }

  @Test("aliases of aliases are refused before they multiply")
  func laughs() {
    let names = (0..<9).map { "l\($0)" }
    var text = "l0: &l0 [lol, lol]\n"
    for (name, inner) in zip(names.dropFirst(), names) {
      text += "\(name): &\(name) [" + Array(repeating: "*\(inner)", count: 9).joined(separator: ",")
      text += "]\n"
    }
    let problem = "anchors (&name) and aliases (*name) multiply this text beyond any use"
    #expect(refused(text)?.problem == problem)
    #expect(refused(text + "? *l8\n: 1\n")?.problem == problem)
    let repeated = (0..<40).map { _ in "- &a [*a, *a]\n" }.joined()
    #expect(refused("- &a [1]\n" + repeated)?.problem == problem)
    var chain = "- &a0 [1]\n"
    for level in 1..<5_000 { chain += "- &a\(level) [[[*a\(level - 1)]]]\n" }
    #expect(refused(chain)?.problem == problem)
  }

  @Test("deep chains of aliases within the bound are too deep, and no trap")
  func chain() {
    let open = String(repeating: "[", count: 990)
    let close = String(repeating: "]", count: 990)
    var text = "- &a0 [1]\n"
    for level in 1...12 { text += "- &a\(level) \(open)*a\(level - 1)\(close)\n" }
    #expect(refused(text)?.problem == "lists and mappings are nested more than 64 levels deep")
  }

  @Test("anchors, aliases, merge keys, tags and quotes mean what PyYAML reads")
  func forms() throws {
    let text = """
      %YAML 1.1
      ---
      "merge_method": 'linear'
      models:
      - model: "a"
        parameters: &p
          weight: 5e-1
      - {model: b, parameters: *p}
      - <<: {model: x, revision: r}
        model: c
      parameters: {normalize: yes}
      dtype: !!str float32
      block: |
        two
        lines
      ...
      """
    let mapping = try root("\u{FEFF}" + text).mapping()
    let models = try mapping.required("models").sequence()
    let weight = try models[1].mapping().required("parameters").mapping().required("weight")
    #expect(weight.scalar?.resolved == .string)
    #expect(try weight.double() == 0.5)
    #expect(weight.path == "models[1].parameters.weight")
    #expect(try models[2].mapping().required("model").string() == "c")
    #expect(try models[2].mapping().required("revision").string() == "r")
    let normalize = try mapping.required("parameters").mapping().required("normalize")
    #expect(try normalize.bool())
    #expect(try mapping.required("dtype").string() == "float32")
    #expect(try mapping.required("block").string() == "two\nlines\n")
  }

  @Test("documents of a stream keep their own comments")
  func documents() throws {
    let text = """
      # first
      name: one
      # still first
      ---
      # second
      name: two
      ...
      # third
      ---
      name: three
      x: |
        # not a comment
      """
    let documents = try YAMLDocument.parseAll(text: text, location: "t.yaml")
    #expect(documents.map(\.comments) == [[" first", " still first"], [" second"], [" third"]])
    #expect(documents.map { $0.root.line } == [2, 6, 10])
  }
}
