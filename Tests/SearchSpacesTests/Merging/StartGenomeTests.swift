import Diagnostics
import Documents
import Recipes
import Tensors
import Testing

@testable import SearchSpaces

@Suite("The genome of a simple merge") struct StartGenomeTests {
  private let every = """
    method: {choose: [linear, task_arithmetic, ties, dare_ties], groups: 2}
    profile: {knots: 3}
    linear.weight: {range: [0, 1]}
    task_arithmetic.weight: {range: [0, 0.8]}
    dare_ties.normalize: true
    ties.density: {range: [0.1, 1]}
    """

  @Test("means the same weights as the merge, where the space has one")
  func agrees() throws {
    let merge = try mergeSpace(every, experts: 2, layers: 4)
    var expressed: [String] = []
    for simple in try merge.models.simpleMerges(maskSeed: 3) {
      guard let genome = merge.genome(expressing: simple.document) else { continue }
      expressed.append(simple.name)
      let document = try merge.document(for: genome, maskSeed: 3)
      #expect(document.stages.count == 1, "\(simple.name)")
      #expect(try values(of: document) == values(of: simple.document), "\(simple.name)")
    }
    // A weight of 1 is out of the range for task_arithmetic.
    #expect(
      expressed == [
        "linear", "task_arithmetic 0.3", "task_arithmetic 0.5", "task_arithmetic 0.7", "ties",
        "dare_ties",
      ])
  }

  @Test("does not exist where a fixed setting differs")
  func differs() throws {
    let merge = try mergeSpace("{method: ties, profile: global, ties.normalize: false}", experts: 2)
    for simple in try merge.models.simpleMerges() {
      #expect(merge.genome(expressing: simple.document) == nil, "\(simple.name)")
    }
  }

  @Test("is asked for only where the file gives no start")
  func hasStart() throws {
    for (text, expected) in [
      ("{method: ties, weight: {range: [0, 1], start: 0.5}}", true),
      ("{method: ties, weight: {range: [0, 1]}}", false), ("{method: ties}", false),
    ] {
      let settings = try MergeSpaceSettings(
        YAMLDocument.parse(text: text, location: "s.yaml").root, models: Family.models(2))
      #expect(settings.hasStart == expected, "\(text)")
    }
  }

  /// The resolved parameters of each kind of tensor.
  private func values(of document: RecipeDocument) throws -> [ParameterValues] {
    let recipe = document.output
    let layout = try RecipeLayout(recipe, location: "r") { _ throws(Diagnostic) in 4 }
    let places: [(RecipeLayout.Place, TensorName)] =
      [(.before, "model.embed_tokens.weight")]
      + (0..<4).map { (.layer($0), "model.layers.\($0).mlp.up_proj.weight") }
      + [(.after, "model.norm.weight")]
    return try places.map { place, name in
      let site = layout.site(of: place)
      return try layout.values(at: site, output: name, inputs: site.inputs.map { _ in name })
    }
  }
}
