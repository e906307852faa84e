import Documents
import Recipes
import SearchSpaces
import Tensors
import Testing

@testable import Reports

@Suite("Coefficients over depth") struct CoefficientMapTests {
  private func map(_ yaml: String, layers: Int?) throws -> CoefficientMap {
    try CoefficientMap(
      RecipeDocument.parse(text: yaml, location: "recipe"), layers: layers
    ) { $0.path.split(separator: "/").last.map(String.init) ?? "" }
  }

  private func row(
    _ map: CoefficientMap, _ parameter: String, _ model: String?, _ filters: [String] = []
  ) -> [Double?]? {
    map.parameters.first { $0.name == parameter }?.rows
      .first { $0.model == model && $0.filters == filters }?.values
  }

  private static let knots = """
    merge_method: task_arithmetic
    base_model: /m/base
    models:
      - model: /m/left
        parameters:
          weight:
            - filter: model.norm.
              value: 1.0
            - filter: mlp.
              value: [0.5, -0.5]
            - value: [0.0, 1.0]
      - model: /m/right
        parameters:
          weight: 0.25
    parameters:
      lambda: 1.0

    """

  @Test("run straight between knots; the embedding has the first value, final tensors the last")
  func knots() throws {
    let map = try map(Self.knots, layers: 5)
    #expect(map.columns == ["embedding", "0", "1", "2", "3", "4", "final"])
    #expect(map.knowsLayers)
    #expect(row(map, "weight", "left") == [0, 0, 0.25, 0.5, 0.75, 1, 1])
    #expect(row(map, "weight", "left", ["mlp."]) == [nil, 0.5, 0.25, 0, -0.25, -0.5, nil])
    #expect(row(map, "weight", "right") == [Double?](repeating: 0.25, count: 7))
    // The component's row would say the same as the model's own.
    #expect(row(map, "weight", "right", ["mlp."]) == nil)
    #expect(row(map, "lambda", nil) == [Double?](repeating: 1, count: 7))
  }

  @Test("of unknown depth stand at the points of the longest gradient")
  func unknownDepth() throws {
    let map = try map(Self.knots, layers: nil)
    #expect(!map.knowsLayers)
    #expect(map.columns == ["embedding", "0 %", "100 %", "final"])
    #expect(row(map, "weight", "left") == [0, 0, 1, 1])
  }

  @Test("follow the method of each group of layers")
  func stages() throws {
    let yaml = """
      name: task_arithmetic
      merge_method: task_arithmetic
      base_model: /m/base
      models:
        - {model: /m/left, parameters: {weight: [0.0, 1.0]}}
      ---
      name: ties
      merge_method: ties
      base_model: /m/base
      models:
        - {model: /m/left, parameters: {weight: [2.0, 3.0], density: 0.5}}
      ---
      merge_method: passthrough
      slices:
        - sources: [{model: task_arithmetic, layer_range: [0, 2]}]
        - sources: [{model: ties, layer_range: [2, 5]}]

      """
    let map = try map(yaml, layers: nil)
    #expect(map.knowsLayers)
    #expect(row(map, "weight", "left") == [0, 0, 0.25, 2.5, 2.75, 3, 2])
    // Where the recipe sets none, the method's default.
    #expect(row(map, "density", "left") == [1, 1, 1, 0.5, 0.5, 0.5, 0.5])
  }

  @Test("of two models have one row for both")
  func pairs() throws {
    let map = try map(
      """
      merge_method: slerp
      base_model: /m/left
      models: [{model: /m/left}, {model: /m/right}]
      parameters: {t: [0.0, 0.5, 1.0]}

      """, layers: 3)
    #expect(row(map, "t", nil) == [0, 0, 0.5, 1, 0])
  }

  @Test("of a search's own recipes are what its genome says")
  func emitted() throws {
    var weights: [ModelOutline.Weight] = [
      .init(name: "model.embed_tokens.weight", role: .embedding, layer: nil),
      .init(name: "model.norm.weight", role: .finalNorm, layer: nil),
    ]
    for layer in 0..<4 {
      let prefix = "model.layers.\(layer)"
      weights += [
        .init(name: "\(prefix).self_attn.q_proj.weight", role: .attention, layer: layer),
        .init(name: "\(prefix).mlp.up_proj.weight", role: .mlp, layer: layer),
      ]
    }
    let models = try MergeModels(
      base: ModelReference(path: "/m/base"),
      experts: [.init(name: "left", model: ModelReference(path: "/m/left"))], outDType: .f32)
    let settings = try MergeSpaceSettings(
      YAMLDocument.parse(
        text: "method: ties\nprofile: {knots: 2}\ncomponents: [attention]\n", location: "s.yaml"
      ).root,
      models: models)
    let space = try MergeSpace(
      settings, models: models, outline: ModelOutline(layerCount: 4, weights: weights), budget: 100)
    let names = space.space.parameters.map(\.name)
    let values = names.indices.map { 0.1 + 0.125 * Double($0) }
    let map = try CoefficientMap(
      space.document(for: Genome(values: values)), layers: 4
    ) { $0.path.split(separator: "/").last.map(String.init) ?? "" }
    func value(_ name: String) throws -> Double {
      values[try #require(names.firstIndex(of: name), "\(names)")]
    }
    let own = try #require(
      map.parameters.first { $0.name == "weight" }?.rows.first { !$0.filters.isEmpty })
    #expect(own.values[1] == (try value("weight.left.attention[0]")))
    #expect(own.values[4] == (try value("weight.left.attention[1]")))
    let rest = try #require(row(map, "weight", "left"))
    #expect(rest[0] == (try value("weight.left.rest[0]")))
    #expect(rest[5] == (try value("weight.left.rest[1]")))
    #expect(
      row(map, "density", "left") == [Double?](repeating: try value("density.left"), count: 6))
  }
}
