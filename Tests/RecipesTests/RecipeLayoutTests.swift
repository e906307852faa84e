import Diagnostics
import Recipes
import Testing

/// Facts observed in mergekit's output (merge-methods.md §10 and §11).
@Suite("Layout and resolution") struct RecipeLayoutTests {
  private func layout(
    _ text: String, layers: [String: Int] = [:]
  ) throws -> RecipeLayout {
    let document = try RecipeDocument.parse(text: text, location: "m.yaml")
    return try RecipeLayout(document.output, location: "m.yaml") { layers[$0.path] ?? 4 }
  }

  /// The weights of a tensor whose name is the same in all inputs but for the layer.
  private func weights(
    _ layout: RecipeLayout, _ place: RecipeLayout.Place, suffix: String = "mlp.up_proj.weight"
  ) throws -> [Double] {
    try values(layout, place, suffix).perModel(.weight)
  }

  private func values(
    _ layout: RecipeLayout, _ place: RecipeLayout.Place, _ suffix: String
  ) throws -> ParameterValues {
    let site = layout.site(of: place)
    func name(_ layer: Int?) -> String { layer.map { "layers.\($0).\(suffix)" } ?? suffix }
    let output = if case .layer(let layer) = place { name(layer) } else { suffix }
    return try layout.values(
      at: site, output: output, inputs: site.inputs.map { name($0.layer) })
  }

  @Test("a gradient spans the layers; all else takes its first value")
  func gradient() throws {
    let layout = try layout(
      "merge_method: linear\nmodels: [{model: a, parameters: {weight: [0.1, 0.9]}}]")
    let found = try (0..<4).map { try weights(layout, .layer($0))[0] }
    #expect(found[0] == 0.1)
    #expect(abs(found[1] - 0.366_666_666_666_666_7) < 1e-15)
    #expect(abs(found[2] - 0.633_333_333_333_333_3) < 1e-15)
    #expect(found[3] == 0.9)
    #expect(try weights(layout, .before, suffix: "embed") == [0.1])
    #expect(try weights(layout, .after, suffix: "lm_head") == [0.1])
  }

  @Test("gradients run over each slice; one layer takes the last value")
  func slices() throws {
    let layout = try layout(
      """
      merge_method: linear
      slices:
        - sources: [{model: a, layer_range: [1, 3], parameters: {weight: [0.1, 0.9]}}]
        - sources: [{model: b, layer_range: [0, 1], parameters: {weight: [0.2, 0.6]}}]
      """)
    #expect(layout.layerCount == 3)
    #expect(try (0..<3).map { try weights(layout, .layer($0))[0] } == [0.1, 0.9, 0.6])
    #expect(try weights(layout, .before, suffix: "embed") == [0.1])
    #expect(try weights(layout, .after, suffix: "lm_head") == [0.2])
    #expect(layout.site(of: .layer(1)).inputs.map(\.layer) == [2])
    #expect(layout.site(of: .layer(2)).inputs.map(\.model.path) == ["b"])
    #expect(layout.site(of: .after).inputs.map(\.model.path) == ["b"])
  }

  @Test("one real per layer resolves to that value at every depth", arguments: 1...128)
  func listPerLayer(depth: Int) throws {
    let values = (0..<depth).map { Double($0) * 0.37 - 2 }
    let curve = ParameterCurve.gradient(values)
    for layer in 0..<depth {
      let t = depth == 1 ? 1 : Double(layer) / Double(depth - 1)
      guard case .real(let value) = curve.value(at: t) else { return }
      #expect(abs(value - values[layer]) < 6e-14)
    }
  }

  @Test("booleans take the entry before, integers must be whole")
  func discrete() {
    let flags = ParameterCurve.gradient([.boolean(true), .boolean(false)])
    #expect(flags.value(at: 0.99) == .boolean(true))
    #expect(flags.value(at: 1) == .boolean(false))
    let counts = ParameterCurve.gradient([.integer(5), .integer(10)])
    #expect(counts.value(at: 0.2) == .integer(6))
    #expect(counts.value(at: 0.5) == nil)
  }

  @Test("the most specific level that matches wins")
  func precedence() throws {
    let text = """
      merge_method: ties
      base_model: base
      slices:
        - sources:
            - {model: base, layer_range: [0, 2]}
            - {model: b, layer_range: [0, 2], parameters: {weight: 0.9}}
            - {model: c, layer_range: [0, 2]}
          parameters: {weight: 0.6, density: 0.8}
        - sources:
            - {model: base, layer_range: [2, 4]}
            - {model: b, layer_range: [2, 4]}
            - model: c
              layer_range: [2, 4]
              parameters:
                density: [{filter: layers.2., value: 0.25}]
      parameters: {weight: 0.3, density: 0.5}
      """
    let layout = try layout(text)
    #expect(try weights(layout, .layer(0)) == [0.9, 0.6])
    #expect(try values(layout, .layer(0), "x").perModel(.density) == [0.8, 0.8])
    #expect(try weights(layout, .layer(2)) == [0.3, 0.3])
    #expect(try values(layout, .layer(2), "x").perModel(.density) == [0.5, 0.25])
    #expect(try values(layout, .layer(3), "x").perModel(.density) == [0.5, 0.5])
    #expect(try values(layout, .layer(3), "x").real(.lambda) == 1)
    #expect(try values(layout, .layer(3), "x").boolean(.normalize))
    #expect(try !values(layout, .layer(3), "x").boolean(.rescale))
    #expect(layout.site(of: .layer(0)).base == 0)
  }

  @Test("per-model filters see the source's name, shared ones the output's")
  func filterNames() throws {
    let layout = try layout(
      """
      merge_method: task_arithmetic
      base_model: base
      slices:
        - sources:
            - {model: base, layer_range: [0, 2]}
            - model: b
              layer_range: [2, 4]
              parameters: {weight: [{filter: layers.2., value: 0.9}, {value: 0.4}]}
      parameters: {lambda: [{filter: layers.1., value: 0.5}, {value: 1}]}
      """)
    #expect(try weights(layout, .layer(0)) == [0.9])
    #expect(try weights(layout, .layer(1)) == [0.4])
    #expect(try values(layout, .layer(0), "x").real(.lambda) == 1)
    #expect(try values(layout, .layer(1), "x").real(.lambda) == 0.5)
  }

  @Test("an unlisted base becomes the last input, for methods that ignore it too")
  func appendedBase() throws {
    let ties = try layout(
      "merge_method: ties\nbase_model: z\nmodels: [{model: a, parameters: {weight: 1}}]")
    #expect(ties.site(of: .before).inputs.map(\.model.path) == ["a", "z"])
    #expect(ties.site(of: .before).base == 1)
    #expect(try weights(ties, .layer(0)) == [1])
    let linear = try layout(
      """
      merge_method: linear
      base_model: z
      models: [{model: a, parameters: {weight: 1}}]
      parameters: {weight: 0.5}
      """)
    #expect(linear.site(of: .before).base == nil)
    #expect(try weights(linear, .layer(0)) == [1, 0.5])
  }

  @Test("after the layers surplus models of the last slice drop out")
  func surplus() throws {
    let layout = try layout(
      """
      merge_method: linear
      slices:
        - sources: [{model: a, layer_range: [0, 1]}]
        - sources: [{model: b, layer_range: [0, 1]}, {model: c, layer_range: [0, 1]}]
      parameters: {weight: 1}
      """)
    #expect(layout.site(of: .after).inputs.map(\.model.path) == ["b"])
    #expect(layout.site(of: .layer(1)).inputs.map(\.model.path) == ["b", "c"])
  }

  @Test("inputs without the tensor drop out, the base keeps no value")
  func missingInputs() throws {
    let layout = try layout(
      """
      merge_method: task_arithmetic
      base_model: base
      models:
        - {model: a, parameters: {weight: 1}}
        - {model: base}
        - {model: b, parameters: {weight: 2}}
      """)
    let site = layout.site(of: .after)
    let values = try layout.values(
      at: site, output: "lm_head", inputs: [nil, "lm_head", "lm_head"])
    #expect(try values.perModel(.weight) == [2])
  }

  @Test("a value that only filters give is missed at the tensor")
  func missingValue() throws {
    let layout = try layout(
      """
      merge_method: linear
      models: [{model: a, parameters: {weight: {filter: mlp, value: 1}}}]
      """)
    #expect(try weights(layout, .layer(0)) == [1])
    #expect(
      throws: Diagnostic(
        "parameter 'weight' has no value for tensor norm of model 'a'", at: "m.yaml",
        fix: "add an entry without a filter, such as {value: 0.5}, or a value for all models")
    ) { try weights(layout, .after, suffix: "norm") }
  }

  @Test("models of different depth need slices")
  func depths() {
    #expect(
      throws: Diagnostic(
        "models have different numbers of layers: 'a' has 4, 'b' has 5", at: "m.yaml: models",
        fix: "use 'slices' with a layer_range of equal length for each model")
    ) {
      try layout(
        "merge_method: linear\nmodels: [{model: a}, {model: b}]\nparameters: {weight: 1}",
        layers: ["b": 5])
    }
  }
}
