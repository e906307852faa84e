import Diagnostics
import Recipes
import Testing

@testable import SearchSpaces

/// Genome → recipe → YAML → recipe → numbers per tensor, against the definition of a profile.
@Suite("What a genome means") struct GenomeMeaningTests {
  struct Case {
    let family: Family
    let experts: Int
    let layers: Int
    let text: String
    let profile: DepthProfile
    let components: [ModelComponent]
    let methods: [String]
    let groups: Int

    init(seed: Int) {
      var generator = SeededGenerator(seed)
      family = Family.allCases.randomElement(using: &generator) ?? .llama
      experts = Int.random(in: 1...3, using: &generator)
      layers = Int.random(in: 1...9, using: &generator)
      // model_stock needs two experts; it, karcher and ram vary nothing by themselves.
      let isSmall = experts == 1
      let all = MethodDeclaration.all.names.filter {
        $0 != "passthrough" && ($0 != "model_stock" || !isSmall)
      }
      var drawn = Array(
        all.shuffled(using: &generator).prefix(Int.random(in: 1...4, using: &generator)))
      if Set(drawn).isSubset(of: ["karcher", "model_stock", "ram"]) { drawn.append("linear") }
      methods = drawn
      groups = methods.count == 1 ? 1 : Int.random(in: 1...min(3, layers), using: &generator)
      components = ModelComponent.allCases.filter { _ in Bool.random(using: &generator) }
      let size = Int.random(in: 1...layers, using: &generator)
      let form: String
      switch Int.random(in: 0..<4, using: &generator) {
      case 0:
        profile = .global
        form = "global"
      case 1:
        profile = .layer
        form = "layer"
      case 2:
        profile = .layersPerGroup(size)
        form = "{layers_per_group: \(size)}"
      default:
        profile = size == 1 ? .global : .knots(size)
        form = "{knots: \(size)}"
      }
      var text = "method: {choose: [\(methods.joined(separator: ", "))], groups: \(groups)}\n"
      text += "profile: \(form)\n"
      if !components.isEmpty {
        text += "components: [\(components.map(\.rawValue).joined(separator: ", "))]\n"
      }
      let declarations = methods.compactMap { MethodDeclaration.all[$0] }
      if declarations.contains(where: { $0.parameter(.weight) != nil }) {
        text += "weight: {range: [-0.3, 1.7], shared: \(Bool.random(using: &generator))}\n"
      }
      if declarations.contains(where: \.isPairwise) { text += "pair: [[base, e0], [e0, base]]\n" }
      if methods.contains("ties") {
        text += "ties.lambda: {range: [0, 2], depth: true}\n"
        text += "ties.normalize: {choose: [false, true]}\n"
      }
      for name in methods where name.hasPrefix("della") {
        text += "\(name).epsilon: {range: [-0.5, 0.5], depth: \(Bool.random(using: &generator))}\n"
        text +=
          "\(name).density: {depth: \(Bool.random(using: &generator)), per_model: "
          + "\(Bool.random(using: &generator))}\n"
      }
      self.text = text
    }
  }

  @Test("every tensor gets the genome's number through YAML", arguments: 0..<96)
  func meaning(seed: Int) throws {
    let example = Case(seed: seed)
    let merge = try mergeSpace(
      example.text, experts: example.experts, layers: example.layers, family: example.family)
    var generator = SeededGenerator(seed &+ 1000)
    for _ in 0..<4 {
      let genome = merge.space.randomGenome(using: &generator)
      let seed = UInt64.random(in: 0..<1000, using: &generator)
      let written = try merge.document(for: genome, maskSeed: seed)
      let document = try RecipeDocument.parse(text: written.yaml, location: "written")
      #expect(document == written)
      try expectNumbers(of: genome, merge, in: document, example)
      let back = try merge.genome(of: document)
      #expect(try merge.document(for: back, maskSeed: seed) == document)
      // A shortened epsilon does not say how long it was.
      if example.methods.contains(where: { $0.hasPrefix("della") }) { continue }
      #expect(merge.space.fingerprint(back) == merge.space.fingerprint(genome))
      for (index, isActive) in merge.space.activeMask(genome).enumerated() where isActive {
        #expect(back.values[index] == genome.values[index])
      }
    }
  }

  private func expectNumbers(
    of genome: Genome, _ merge: MergeSpace, in document: RecipeDocument, _ example: Case
  ) throws {
    for weight in example.family.outline(layers: example.layers).weights {
      let group =
        switch weight.role {
        case .embedding: 0
        case .finalNorm, .head: example.groups - 1
        default: merge.layerGroups.firstIndex { $0.contains(weight.layer ?? 0) } ?? 0
        }
      let method = merge.methods(of: genome)[group]
      let values = try resolved(weight, method, document, example)
      guard values.method == method.name else {
        Issue.record("\(weight.name): \(values.method) instead of \(method.name)")
        return
      }
      if method.parameter(.t) != nil {
        let expected = try number("t", owner: "", weight, method, genome, merge, example)
        #expect(abs(try values.values.real(.t) - expected) < 1e-14)
      }
      if method.parameter(.weight) != nil {
        let weights = try values.values.perModel(.weight)
        let owners =
          method.isPairwise ? [".first", ".second"] : (0..<example.experts).map { ".e\($0)" }
        for (index, owner) in owners.enumerated() {
          let expected = try number("weight", owner: owner, weight, method, genome, merge, example)
          #expect(abs(weights[index] - expected) < 1e-14, "\(weight.name) \(example.text)")
        }
      }
      if method.name.hasPrefix("della") {
        let (densities, epsilons) = (
          try values.values.perModel(.density), try values.values.perModel(.epsilon)
        )
        for (density, epsilon) in zip(densities, epsilons) where density > 0 && density < 1 {
          #expect(density - abs(epsilon) > 0 && density + abs(epsilon) < 1)
        }
      }
      if method.name == "ties" {
        let expected = try number("lambda", owner: "", weight, method, genome, merge, example)
        #expect(abs(try values.values.real(.lambda) - expected) < 1e-14)
        let index = try #require(
          merge.space.index(of: "ties.normalize") ?? merge.space.index(of: "normalize"))
        #expect(try values.values.boolean(.normalize) == (genome.values[index] == 1))
      }
    }
  }

  /// What the document says about a tensor, its stages followed.
  private func resolved(
    _ weight: ModelOutline.Weight, _ method: MethodDeclaration, _ document: RecipeDocument,
    _ example: Case
  ) throws -> (method: String, values: ParameterValues) {
    var stage = document.outputIndex
    while true {
      let recipe = document.stages[stage]
      let layout = try RecipeLayout(recipe, location: "written") { _ in example.layers }
      let place: RecipeLayout.Place =
        weight.layer.map { .layer($0) } ?? (weight.role == .embedding ? .before : .after)
      let site = layout.site(of: place)
      if let next = document.stage(for: site.inputs[0].model) {
        #expect(recipe.method == .passthrough && site.inputs.count == 1)
        #expect(site.inputs[0].layer == weight.layer)
        stage = next
        continue
      }
      let values = try layout.values(
        at: site, output: weight.name, inputs: site.inputs.map { _ in weight.name })
      return (recipe.method.name, values)
    }
  }

  /// The definition: the parameter's points, read at the tensor's depth.
  private func number(
    _ parameter: String, owner: String, _ weight: ModelOutline.Weight,
    _ method: MethodDeclaration, _ genome: Genome, _ merge: MergeSpace, _ example: Case
  ) throws -> Double {
    let count = example.profile.pointCount(layers: example.layers)
    let coversLayers = example.components.count == 3
    let own = example.components.first { $0.role == weight.role }?.rawValue
    let group =
      example.components.isEmpty
      ? "" : "." + (own ?? (coversLayers ? ModelComponent.norms.rawValue : "rest"))
    let points = try (0..<count).map { point in
      let suffix = owner + group + (count == 1 ? "" : "[\(point)]")
      let index =
        merge.space.index(of: "\(method.name).\(parameter)\(suffix)")
        ?? merge.space.index(of: "\(parameter)\(suffix)")
      return genome.values[try #require(index, "\(parameter)\(suffix)")]
    }
    switch (weight.role, example.profile) {
    case (.embedding, _): return points[0]
    case (.finalNorm, _), (.head, _): return points[count - 1]
    case (_, .global): return points[0]
    case (_, .layer): return points[weight.layer ?? 0]
    case (_, .layersPerGroup(let size)): return points[(weight.layer ?? 0) / size]
    case (_, .knots):
      let depth = Double(weight.layer ?? 0) / Double(example.layers - 1) * Double(count - 1)
      let lower = min(Int(depth + 1e-12), count - 2)
      let share = depth - Double(lower)
      return points[lower] * (1 - share) + points[lower + 1] * share
    }
  }

  @Test("the recipe of another search is refused")
  func foreign() throws {
    let merge = try mergeSpace("method: task_arithmetic\nprofile: {knots: 2}")
    let other = try mergeSpace("method: task_arithmetic\nprofile: {knots: 3}")
    let document = try other.document(for: other.space.start)
    #expect(
      throws: Diagnostic(
        "the recipe does not come from this search: 'weight' does not have the search's profile",
        at: "candidate", fix: "use a recipe that this search exported")
    ) { try merge.genome(of: document) }
  }
}
