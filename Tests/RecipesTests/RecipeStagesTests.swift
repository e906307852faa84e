import Diagnostics
import Recipes
import Testing

@Suite("Recipes of several stages") struct RecipeStagesTests {
  private func stage(_ name: String?, _ models: String...) -> String {
    let list = models.map { "{model: \($0), parameters: {weight: 1}}" }.joined(separator: ", ")
    return (name.map { "name: \($0)\n" } ?? "") + "merge_method: linear\nmodels: [\(list)]\n"
  }

  private func document(_ stages: String...) throws -> RecipeDocument {
    try RecipeDocument.parse(text: stages.joined(separator: "---\n"), location: "m.yaml")
  }

  @Test("are ordered by use, and only what the output needs")
  func order() throws {
    let document = try document(
      stage(nil, "two", "disk"), stage("two", "one", "x"), stage("unused", "one"),
      stage("one", "y", "x"))
    #expect(document.outputIndex == 0)
    #expect(document.order == [3, 1, 0])
    #expect(document.models.map(\.path) == ["y", "x", "disk"])
    #expect(document.stage(for: ModelReference(path: "two")) == 1)
    #expect(document.stage(for: ModelReference(path: "disk")) == nil)
    #expect(document.location(ofStage: 1) == "m.yaml: stage two")
    #expect(try RecipeDocument.parse(text: document.yaml, location: "written") == document)
  }

  @Test("may all be named if the output is clear")
  func namedOutput() throws {
    #expect(try document(stage("b", "a"), stage("a", "x")).outputIndex == 0)
    #expect(try document(stage("only", "x")).outputIndex == 0)
    #expect(throws: Diagnostic.self) { try document(stage("b", "x"), stage("a", "x")) }
  }

  @Test("a stage of a single document is no stage: its name is free")
  func single() throws {
    let document = try document(stage("a", "a"))
    #expect(document.stage(for: ModelReference(path: "a")) == nil)
    #expect(document.models.map(\.path) == ["a"])
  }

  @Test("that need each other are refused")
  func circle() {
    #expect(
      throws: Diagnostic(
        "stages use each other in a circle: a → b → a", at: "m.yaml",
        fix: "let each stage use only models and stages that do not need it")
    ) { try document(stage("a", "b"), stage("b", "a"), stage(nil, "a")) }
  }

  @Test("need different names, and one output")
  func names() {
    #expect(
      throws: Diagnostic(
        "two stages have the name 'a'", at: "m.yaml", fix: "give each its own name")
    ) { try document(stage("a", "x"), stage("a", "y"), stage(nil, "a")) }
    #expect(
      throws: Diagnostic(
        "2 stages have no name, so it is not clear which one makes the output", at: "m.yaml",
        fix: "add 'name: …' to all of them but the last")
    ) { try document(stage(nil, "x"), stage(nil, "y")) }
  }

  @Test("errors name the stage")
  func location() {
    #expect(
      throws: Diagnostic(
        "model 'x' is listed twice", at: "m.yaml: stage a: models",
        fix: "list each model of a slice once")
    ) { try document(stage("a", "x", "x"), stage(nil, "a")) }
  }
}
