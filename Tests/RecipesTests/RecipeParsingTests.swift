import Diagnostics
import Recipes
import Tensors
import Testing

private func document(_ text: String) throws -> RecipeDocument {
  try RecipeDocument.parse(text: text, location: "m.yaml")
}

private func refused(_ text: String) -> Diagnostic? {
  do {
    _ = try document(text)
    return nil
  } catch {
    return error as? Diagnostic
  }
}

/// As messages list them.
private let everyMethod = MethodDeclaration.all.names.joined(separator: ", ")

@Suite("Recipes are read") struct RecipeParsingTests {
  @Test("the golden recipes are there")
  func inventory() {
    #expect(GoldenRecipes.merges.count == 53)
    #expect(GoldenRecipes.bad.count == 19)
  }

  @Test("every golden recipe is accepted and written back equal", arguments: GoldenRecipes.merges)
  func golden(name: String) throws {
    let path = GoldenRecipes.path("merges/\(name)")
    let document = try RecipeDocument.read(path: path)
    #expect(
      try RecipeDocument.parse(text: document.yaml, location: "written") == document)
  }

  @Test("bad recipes are refused with what must be said", arguments: GoldenRecipes.bad)
  func bad(example: GoldenRecipes.BadCase) throws {
    let path = GoldenRecipes.path("bad/\(example.id).yaml")
    do {
      let document = try RecipeDocument.read(path: path)
      let layout = try RecipeLayout(document.output, location: document.location) { _ in 2 }
      #expect(example.expect == "ok")
      #expect(layout.layerCount == 2)
    } catch {
      #expect(example.expect == "error", "\(error)")
      for pattern in example.must_mention {
        let expression = try Regex(pattern)
        #expect(error.description.contains(expression), "\(error)")
      }
    }
  }

  /// Broken recipes with their messages.
  private static let broken: [(String, String)] = [
    (
      "merge_method: linaer\nmodels: []",
      "m.yaml: line 1: merge_method: unknown merge method 'linaer'\n"
        + "  fix: did you mean 'linear'? known: \(everyMethod)"
    ),
    (
      "merge_method: linear\nmodelz: []",
      "m.yaml: line 2: modelz: unknown key 'modelz'\n  fix: did you mean 'models'? known: "
        + "merge_method, base_model, models, slices, modules, parameters, dtype, out_dtype, "
        + "tokenizer_source, tokenizer, chat_template, name"
    ),
    (
      "merge_method: linear\nmodels: [{model: a, parameters: {weight: 1, density: 0.5}}]",
      "m.yaml: line 2: models[0].parameters.density: merge method linear has no parameter "
        + "'density'\n  fix: remove it (linear has weight, normalize), or use a method that has "
        + "it: task_arithmetic, ties, dare_linear, dare_ties, breadcrumbs, breadcrumbs_ties, "
        + "della, della_linear"
    ),
    (
      "merge_method: ties\nbase_model: b\nmodels: [{model: a, parameters: {lambda: 1}}]",
      "m.yaml: line 3: models[0].parameters.lambda: 'lambda' is one value for all models, but "
        + "stands at a single one\n  fix: move it to the parameters of the document or of the "
        + "slice"
    ),
    (
      "merge_method: ties\nbase_model: b\n"
        + "models: [{model: a, parameters: {weight: 1, density: [0.5, 1.7]}}]",
      "m.yaml: line 3: models[0].parameters.density[1]: density 1.7 is outside 0.0...1.0\n"
        + "  fix: use a value in that range: fraction of a model's differences that is kept"
    ),
    (
      "merge_method: slerp\nbase_model: b\nmodels: [{model: a}]",
      "m.yaml: models: merge method slerp needs a value for 't'\n"
        + "  fix: add 't: …' to the document's parameters"
    ),
    (
      "merge_method: linear\nmodels: [{model: a+b+c, parameters: {weight: 1}}]",
      "m.yaml: line 2: models[0].model: model reference 'a+b+c' holds more than one '+'\n"
        + "  fix: write a path that contains '+' as {model: {path: …}}"
    ),
    (
      "merge_method: task_arithmetic\nbase_model: b\nslices:\n"
        + "- sources: [{model: a, layer_range: [0, 1], parameters: {weight: 1}}]",
      "m.yaml: slices[0]: base_model 'b' is not among the sources\n"
        + "  fix: list it in the sources of every slice; it needs no parameters"
    ),
    (
      "merge_method: linear\nmodels: [{model: a, parameters: {weight: [1, {value: 2}]}}]",
      "m.yaml: line 2: models[0].parameters.weight[0]: a list holds either values or "
        + "{filter, value} entries, not both\n  fix: write the value as {value: …}"
    ),
    (
      "merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}]\ndtype: int64",
      "m.yaml: line 3: dtype: dtype int64 cannot hold weights\n"
        + "  fix: use float32, bfloat16, float16 or float64"
    ),
    (
      "merge_method: linear\nmodels: [{model: a, parameters: {weight: .inf}}]",
      "m.yaml: line 2: models[0].parameters.weight: '.inf' is not a finite number\n"
        + "  fix: write a finite number, such as 0.5"
    ),
    (
      "merge_method: passthrough\nslices:\n- sources: [{model: a, layer_range: [3, 3]}]",
      "m.yaml: line 3: slices[0].sources[0].layer_range: layer_range [3, 3] holds no layer\n"
        + "  fix: write [first, end] with first < end; the end itself is not included"
    ),
  ]

  @Test("messages say what is wrong, where and what to do", arguments: broken)
  func messages(text: String, message: String) {
    #expect(refused(text)?.description == message)
  }

  @Test("modules, torch names, mapped references and template settings are understood")
  func forms() throws {
    let recipe = try document(
      """
      merge_method: passthrough
      modules:
        default:
          slices:
            - sources: [{model: {model: {path: a+b, revision: main}}, layer_range: [0, 2]}]
              residual_weight: 0.5
          parameters: {scale: 2}
      dtype: torch.bfloat16
      tokenizer: {source: org/model@v1}
      chat_template: chatml
      """
    ).output
    #expect(recipe.models.first == ModelReference(path: "a+b", revision: "main"))
    #expect(recipe.moduleParameters?[.scale] == .real(2))
    #expect(recipe.dtype == .bf16)
    #expect(
      recipe.tokenizer == .init(.model(ModelReference(path: "org/model", revision: "v1"))))
    #expect(recipe.chatTemplate == .builtIn("chatml"))
  }

  @Test("the mask seed travels in a comment")
  func maskSeed() throws {
    let text = """
      # mergevolve: mask_seed=7 (mergekit ignores it)
      merge_method: dare_linear
      base_model: b
      models: [{model: a, parameters: {weight: 1}}]
      """
    #expect(try document(text).output.maskSeed == 7)
    let written = try document(text).yaml
    #expect(try document(written).output.maskSeed == 7)
    #expect(
      refused("# mergevolve: mask_seed=x\n" + text)
        == Diagnostic(
          "the comment '# mergevolve: mask_seed=x' holds no seed", at: "m.yaml",
          fix: "write '# mergevolve: mask_seed=' and a whole number from 0 to "
            + "18446744073709551615"))
  }
}
