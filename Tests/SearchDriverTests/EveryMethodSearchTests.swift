import Architectures
import Diagnostics
import Documents
import Kernels
import MergeEngine
import Randomness
import Recipes
import SearchSpaces
import Tensors
import TestSupport
import Testing

@testable import SearchDriver

/// What a search does with each method: genome → recipe → YAML → recipe → merged weights.
@Suite("Every merge method in a search")
struct EveryMethodSearchTests {
  private static let methods = MethodDeclaration.all.names.filter { $0 != "passthrough" }
  private static let profiles = ["global", "{knots: 2}", "layer", "{layers_per_group: 2}"]
  private static let experts = 3

  private let folder: TemporaryFolder
  private let library = CheckpointLibrary()
  private let models: MergeModels
  private let outline: ModelOutline

  init() throws {
    let folder = try TemporaryFolder()
    var sizes = TinyModel.Sizes()
    sizes.hidden = 8
    sizes.intermediate = 12
    sizes.layers = 3
    for seed in 0...UInt64(Self.experts) {
      try TinyModel(.llama, sizes, seed: seed).write(to: folder, as: "m\(seed)")
    }
    func reference(_ index: Int) -> ModelReference {
      ModelReference(path: folder.file("m\(index)"))
    }
    self.folder = folder
    models = try MergeModels(
      base: reference(0),
      experts: (1...Self.experts).map { .init(name: "e\($0)", model: reference($0)) },
      outDType: .f32)
    let configuration = try library.model(reference(0), relativeTo: []).configuration
    outline = ModelOutline(
      layerCount: configuration.layerCount,
      weights: configuration.weights.map {
        .init(name: $0.name, role: ModelOutline.Role($0.role), layer: $0.layer)
      })
  }

  private func space(
    _ method: MethodDeclaration, _ profile: String, more: String = ""
  ) throws -> MergeSpace {
    var text = "profile: \(profile)\n" + more
    // Methods without numbers of their own are chosen beside one that has them.
    let isBare = !method.isPairwise && !method.parameters.contains(where: \.isVaried)
    text += isBare ? "method: {choose: [\(method.name), linear]}\n" : "method: \(method.name)\n"
    if method.isPairwise { text += "pair: [[base, e2], [e1, e3]]\n" }
    return try MergeSpace(
      YAMLDocument.parse(text: text, location: "space").root, models: models, outline: outline,
      budget: 1000)
  }

  private func merged(_ document: RecipeDocument) throws -> [TensorName: [Float]] {
    let plan = try MergePlan.build(document, library: library, statistics: StatisticsCache())
    var result: [TensorName: [Float]] = [:]
    for name in plan.tensorNames {
      let count = plan.description(of: name)?.shape.elementCount ?? 0
      var values = [Float](repeating: .nan, count: count)
      var span = values.mutableSpan
      try plan.read(name, elements: 0..<count, into: &span)
      result[name] = values
    }
    return result
  }

  private func parent(_ index: Int) throws -> [TensorName: [Float]] {
    try merged(
      RecipeDocument.parse(
        text: "merge_method: passthrough\nmodels: [{model: \(folder.file("m\(index)"))}]",
        location: "parent"))
  }

  @Test("a genome, its recipe and the recipe's text mean the same weights", arguments: methods)
  func roundTrip(name: String) throws {
    let method = try MethodDeclaration.all.entry(named: name, at: "test")
    for (seed, profile) in Self.profiles.enumerated() {
      for more in ["", "components: [attention, mlp]\n"] {
        let space = try space(method, profile, more: more)
        var random = SplitMix64(seed: UInt64(seed))
        let genome = Genome(
          values: space.space.parameters.map { parameter in
            let share = Double(random.next() >> 11) * 0x1p-53
            switch parameter.kind {
            case .real(let range, let start, _):
              let range = range ?? (start - 1)...(start + 1)
              return range.lowerBound + share * (range.upperBound - range.lowerBound)
            case .integer(let range, _, _): return Double(range.lowerBound)
            case .categorical(let choices, _): return (share * Double(choices.count)).rounded(.down)
            }
          })
        let document = try space.document(for: genome, maskSeed: 5)
        let parsed = try RecipeDocument.parse(text: document.yaml, location: "written")
        #expect(parsed == document)
        let (one, other) = (try merged(document), try merged(parsed))
        #expect(one == other)
        #expect(one.values.allSatisfy { $0.allSatisfy(\.isFinite) })
      }
    }
  }

  /// The recipe of a space's start with every weight, and with t, replaced.
  private func extreme(
    _ space: MergeSpace, pair: Double = 0, _ value: (String) -> Double?
  ) throws -> [TensorName: [Float]] {
    var values = space.space.start.values
    for (index, parameter) in space.space.parameters.enumerated() {
      if parameter.name == "pair" { values[index] = pair }
      if let value = value(parameter.name) { values[index] = value }
    }
    return try merged(space.document(for: Genome(values: values)))
  }

  private func expectEqual(
    _ found: [TensorName: [Float]], _ expected: [TensorName: [Float]], within tolerance: Float,
    _ comment: String
  ) {
    for (name, values) in expected {
      let scale = values.map { abs($0) }.max() ?? 0
      let worst = zip(found[name] ?? [], values).map { abs($0 - $1) }.max() ?? .infinity
      #expect(worst <= tolerance * scale, "\(comment): \(name) is off by \(worst)")
    }
  }

  @Test("linear with one weight of 1 is that model, exactly", arguments: profiles)
  func linear(profile: String) throws {
    let space = try space(.linear, profile)
    for expert in 1...Self.experts {
      let found = try extreme(space) { $0.hasPrefix("weight.e\(expert)") ? 1 : 0 }
      #expect(try found == parent(expert))
    }
  }

  @Test("slerp and nuslerp end at the models of the pair, exactly", arguments: profiles)
  func pairs(profile: String) throws {
    let slerp = try space(.slerp, profile)
    for (pair, members) in [(0, (0, 2)), (1, (1, 3))] {
      let first = try extreme(slerp, pair: Double(pair)) { $0.hasPrefix("t") ? 0 : nil }
      #expect(try first == parent(members.0))
      let second = try extreme(slerp, pair: Double(pair)) { $0.hasPrefix("t") ? 1 : nil }
      #expect(try second == parent(members.1))
    }
    let nuslerp = try space(.nuslerp, profile)
    for (pair, members, tolerance) in [(0, [0, 2], 0), (1, [1, 3], 1e-6)] as [(Int, [Int], Float)] {
      for (index, member) in ["first", "second"].enumerated() {
        let found = try extreme(nuslerp, pair: Double(pair)) {
          $0.hasPrefix("weight.\(member)") ? 1 : $0.hasPrefix("weight") ? 0 : nil
        }
        // With a base the differences are turned: the sum rounds once more.
        expectEqual(found, try parent(members[index]), within: tolerance, "\(pair) \(member)")
      }
    }
  }

  @Test(
    "task vectors at density 1 with one weight of 1 are that model, with none the base",
    arguments: [
      "task_arithmetic", "ties", "dare_linear", "dare_ties", "breadcrumbs", "breadcrumbs_ties",
      "della", "della_linear",
    ], ["global", "{knots: 2}"])
  func taskVectors(name: String, profile: String) throws {
    let method = try MethodDeclaration.all.entry(named: name, at: "test")
    let space = try space(method, profile)
    for expert in 1...Self.experts {
      let found = try extreme(space) {
        $0.hasPrefix("weight")
          ? ($0.hasPrefix("weight.e\(expert)") ? 1 : 0) : $0.hasPrefix("density") ? 1 : nil
      }
      expectEqual(found, try parent(expert), within: 1e-6, "e\(expert)")
    }
    let none = try extreme(space) {
      $0.hasPrefix("weight") ? 0 : $0.hasPrefix("density") ? 1 : nil
    }
    #expect(try none == parent(0))
  }

  @Test("multislerp with one weight of 1 is that model", arguments: ["global", "{knots: 2}"])
  func multislerp(profile: String) throws {
    let space = try space(.multislerp, profile)
    for expert in 1...Self.experts {
      let found = try extreme(space) { $0.hasPrefix("weight.e\(expert)") ? 1 : 0 }
      expectEqual(found, try parent(expert), within: 1e-6, "e\(expert)")
    }
  }

  @Test("nothing to search is refused", arguments: ["karcher", "model_stock"])
  func nothing(name: String) throws {
    #expect(
      throws: Diagnostic(
        "\(name) with these settings leaves nothing to search", at: "space: line 1",
        fix: "let the method be chosen, as in 'method: {choose: [\(name), task_arithmetic]}'")
    ) {
      try MergeSpace(
        YAMLDocument.parse(text: "method: \(name)", location: "space").root, models: models,
        outline: outline, budget: 100)
    }
  }
}
