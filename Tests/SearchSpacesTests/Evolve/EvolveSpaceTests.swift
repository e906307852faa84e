import Diagnostics
import Documents
import Foundation
import Recipes
import SearchSpaces
import Tensors
import Testing

@Suite("Genomes of mergekit-evolve") struct EvolveSpaceTests {
  /// What mergekit-evolve's own decoder makes of random numbers.
  struct Decoding: Decodable, Sendable, CustomTestStringConvertible {
    var genome: String
    var layers: Int
    var start: [Double]
    var values: [Double]
    var recipe: String

    var testDescription: String { genome }
  }

  private struct Decodings: Decodable {
    var cases: [Decoding]
  }

  /// `EVOLVE_DECODINGS` names a larger file of the same form.
  static let decodings: [Decoding] = {
    let own = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Golden/evolve-decoding.json").path
    let path = ProcessInfo.processInfo.environment["EVOLVE_DECODINGS"] ?? own
    guard let data = FileManager.default.contents(atPath: path),
      let decodings = try? JSONDecoder().decode(Decodings.self, from: data)
    else { return [] }
    return decodings.cases
  }()

  static func genome(_ text: String) throws -> EvolveGenome {
    try EvolveGenome(YAMLDocument.parse(text: text, location: "genome.yaml").root)
  }

  static func space(_ text: String, layers: Int = 4, startSeed: UInt64? = nil) throws
    -> EvolveSpace
  {
    let genome = try genome(text)
    let models = try MergeModels(
      base: genome.base,
      experts: genome.experts.map { MergeModels.Expert(name: $0.path, model: $0) },
      outDType: .f32)
    return try EvolveSpace(genome, models: models, layerCount: layers, startSeed: startSeed)
  }

  @Test("the golden file is there") func goldenFile() {
    #expect(Self.decodings.count >= 12)
  }

  @Test("a genome is the recipe that mergekit-evolve writes", arguments: decodings)
  func decoding(_ golden: Decoding) throws {
    let space = try Self.space(golden.genome, layers: golden.layers)
    let start = space.space.start.values
    try #require(start.count == golden.start.count)
    for (own, theirs) in zip(start, golden.start) { #expect(abs(own - theirs) < 1e-6) }
    let document = try space.document(for: Genome(values: golden.values))
    let theirs = try RecipeDocument.parse(text: golden.recipe, location: "golden")
    let own = try RecipeDocument.parse(text: document.yaml, location: "own")
    #expect(Self.rounded(own.output) == Self.rounded(theirs.output))
  }

  /// The recipe without what its method does not read, and with `t` to 14 digits: mergekit takes its
  /// exponential from another library.
  private static func rounded(_ recipe: Recipe) -> Recipe {
    var recipe = recipe
    for name in [ParameterName.normalize, .int8Mask] where recipe.method.parameter(name) == nil {
      recipe.parameters[name] = nil
    }
    guard case .slices(let slices) = recipe.assembly else { return recipe }
    recipe.assembly = .slices(
      slices.map { slice in
        var slice = slice
        if case .constant(.real(let t))? = slice.parameters[.t]?.clauses.first?.curve {
          slice.parameters[.t] = .real((t * 1e14).rounded() / 1e14)
        }
        // Weights that steer embeddings only where vocabularies differ.
        if recipe.method == .slerp {
          slice.sources = slice.sources.map { .init($0.model, layers: $0.layers) }
        }
        return slice
      })
    return recipe
  }

  @Test("numbers are named by parameter, model, filter and group")
  func names() throws {
    let space = try Self.space(
      "{models: [m1, b], base_model: b, merge_method: ties, layer_granularity: 2, filters: [mlp]}")
    #expect(
      space.space.parameters.prefix(8).map(\.name) == [
        "weight.m1.mlp[0]", "density.m1.mlp[0]", "weight.m1.rest[0]", "density.m1.rest[0]",
        "weight.base.mlp[0]", "density.base.mlp[0]", "weight.base.rest[0]", "density.base.rest[0]",
      ])
    #expect(space.space.parameters.count == 16)
    #expect(space.describe.contains("2 groups of layers, filters mlp; 16 parameters"))
  }

  @Test("a random start lies in 0…1 and follows from the seed")
  func randomStart() throws {
    let text = "{models: [m1, m2], merge_method: linear, layer_granularity: 1}"
    let starts = try [1, 1, 2].map { seed in
      try Self.space(text, startSeed: seed).space.start.values
    }
    #expect(starts[0] == starts[1])
    #expect(starts[0] != starts[2])
    #expect(starts[0].allSatisfy { (0..<1).contains($0) })
    #expect(Set(starts[0]).count == 8)
  }

  @Test("slerp takes the first of equal models")
  func ties() throws {
    let space = try Self.space("{models: [m1, m2, m3], merge_method: slerp}")
    let document = try space.document(for: space.space.start)
    guard case .slices(let slices) = document.output.assembly else {
      Issue.record("no slices")
      return
    }
    #expect(slices[0].sources.map(\.model.path) == ["m1", "m2"])
    #expect(slices[0].baseModel?.path == "m1")
    #expect(slices[0].parameters[.t] == .real(0.5))
  }

  @Test(
    "what cannot run is refused with a reason",
    arguments: [
      ("{models: [a], merge_method: linear, layers: 2}", "unknown key"),
      ("{models: [a, a], merge_method: linear}", "listed twice"),
      ("{models: [a, b], merge_method: della}", "does not search della"),
      ("{models: [a, b], merge_method: tiez}", "tiez"),
      ("{models: [a, b], merge_method: ties}", "needs a base_model"),
      ("{models: [a, c], merge_method: linear, base_model: b}", "cannot run it"),
      ("{models: [a, c], merge_method: slerp, base_model: b}", "cannot run it"),
      ("{models: [a, b], merge_method: slerp, smooth: true}", "neither 'smooth' nor 'filters'"),
      ("{models: [a, b], merge_method: slerp, filters: [mlp]}", "neither 'smooth' nor 'filters'"),
      ("{models: [a], merge_method: slerp}", "slerp needs two models"),
      ("{models: [b], merge_method: ties, base_model: b}", "nothing to merge"),
      ("{models: [a+lora, b], merge_method: linear}", "with an adapter"),
      ("{models: [a, b], merge_method: linear, tokenizer_source: base}", "there is no base_model"),
      (
        "{models: [a], merge_method: ties, base_model: b, tokenizer_source: union}",
        "have to keep it"
      ),
      ("{models: [a, b], merge_method: linear, layer_granularity: 3}", "groups of 3"),
    ])
  func refusals(text: String, problem: String) throws {
    let error = #expect(throws: Diagnostic.self) { try Self.space(text) }
    #expect(error.map { "\($0)".contains(problem) } == true, "\(String(describing: error))")
  }
}
