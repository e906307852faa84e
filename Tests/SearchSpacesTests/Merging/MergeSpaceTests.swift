import Diagnostics
import Documents
import Recipes
import Tensors
import Testing

@testable import SearchSpaces

/// As messages list them.
private let everyMethod = MethodDeclaration.all.names.joined(separator: ", ")

@Suite("The space of merges") struct MergeSpaceTests {
  @Test("one method with knots is a vector of weights")
  func plain() throws {
    let merge = try mergeSpace(
      """
      method: task_arithmetic
      profile: {knots: 2}
      weight: {range: [-0.2, 1.6], start: 0.6}
      """, experts: 2)
    #expect(
      merge.space.parameters.map(\.name)
        == ["weight.e0[0]", "weight.e0[1]", "weight.e1[0]", "weight.e1[1]"])
    #expect(
      merge.space.parameters.allSatisfy {
        $0.kind == .real(range: -0.2...1.6, start: 0.6) && $0.activeWhen.isEmpty
      })
    let document = try merge.document(for: Genome(values: [0.1, 0.2, 1e-5, -0.2]))
    #expect(
      document.yaml == """
        merge_method: task_arithmetic
        base_model: /models/base
        models:
          - model: {model: {path: "/models/expert 0@x"}}
            parameters:
              weight:
                - filter: model.norm.
                  value: 0.2
                - filter: lm_head.
                  value: 0.2
                - value: [0.1, 0.2]
          - model: {model: {path: "/models/expert 1@x"}}
            parameters:
              weight:
                - filter: model.norm.
                  value: -0.2
                - filter: lm_head.
                  value: -0.2
                - value: [1.0e-05, -0.2]
        parameters:
          lambda: 1.0
          normalize: false
          rescale: false
        dtype: float32
        out_dtype: bfloat16

        """)
  }

  @Test("methods per group of layers make conditional parameters and stages")
  func methods() throws {
    let merge = try mergeSpace(
      """
      method: {choose: [task_arithmetic, ties, dare_ties], groups: 2}
      profile: {knots: 3}
      weight: {range: [0, 1]}
      ties.density: {range: [0.1, 1.0], start: 0.5}
      dare_ties.density: 0.4
      """, experts: 1, layers: 9)
    #expect(
      merge.space.parameters.map(\.name) == [
        "method[0]", "method[1]", "task_arithmetic.weight.e0[0]", "task_arithmetic.weight.e0[1]",
        "task_arithmetic.weight.e0[2]", "ties.weight.e0[0]", "ties.weight.e0[1]",
        "ties.weight.e0[2]", "ties.density.e0", "dare_ties.weight.e0[0]",
        "dare_ties.weight.e0[1]", "dare_ties.weight.e0[2]",
      ])
    // Layers 0..<4 and 4..<9; the middle knot reaches both, the outer ones one group each.
    #expect(
      merge.space.parameters[5].activeWhen == [Condition("method[0]", isOneOf: ["ties"])])
    #expect(
      merge.space.parameters[6].activeWhen
        == [Condition(anyOf: ["method[0]", "method[1]"], isOneOf: ["ties"])])
    #expect(
      merge.space.parameters[7].activeWhen == [Condition("method[1]", isOneOf: ["ties"])])
    var values = merge.space.start.values
    values[0] = 2
    values[1] = 1
    let genome = Genome(values: values)
    #expect(
      merge.space.activeMask(genome)
        == [true, true, false, false, false, false, true, true, true, true, true, false])
    let document = try merge.document(for: genome, maskSeed: 7)
    #expect(document.stages.map(\.name) == ["stage-ties", "stage-dare_ties", nil])
    #expect(document.stages.map(\.maskSeed) == [0, 7, 0])
    #expect(document.stages.map(\.outDType) == [nil, nil, .bf16])
    #expect(document.stages.allSatisfy { $0.dtype == .f32 })
    #expect(
      document.output.assembly
        == .slices([
          .init(sources: [.init(ModelReference(path: "stage-dare_ties"), layers: 0..<4)]),
          .init(sources: [.init(ModelReference(path: "stage-ties"), layers: 4..<9)]),
        ]))
  }

  @Test("genomes that differ in a dead number only mean the same candidate")
  func fingerprints() throws {
    let merge = try mergeSpace(
      "method: {choose: [task_arithmetic, ties]}\nprofile: global", experts: 1)
    let names = merge.space.parameters.map(\.name)
    let density = try #require(names.firstIndex(of: "ties.density.e0"))
    var values = merge.space.start.values
    let start = Genome(values: values)
    values[density] = 0.9
    #expect(merge.space.fingerprint(Genome(values: values)) == merge.space.fingerprint(start))
    #expect(try merge.document(for: Genome(values: values)) == merge.document(for: start))
  }

  @Test("shared numbers have one copy for all methods that have them")
  func shared() throws {
    let merge = try mergeSpace(
      """
      method: {choose: [task_arithmetic, ties, linear]}
      profile: global
      weight: {range: [0, 1], shared: true}
      linear.weight: {range: [0, 2]}
      density: {per_model: false}
      lambda: {range: [0.5, 1.5], depth: true}
      """, experts: 2)
    #expect(
      merge.space.parameters.map(\.name) == [
        "method", "weight.e0", "weight.e1", "task_arithmetic.lambda", "ties.density",
        "ties.lambda", "linear.weight.e0", "linear.weight.e1",
      ])
    #expect(
      merge.space.parameters[1].activeWhen
        == [Condition("method", isOneOf: ["task_arithmetic", "ties"])])
    #expect(merge.space.parameters[6].kind == .real(range: 0...2, start: 0.5))
    #expect(merge.space.parameters[4].kind == .real(range: 0.1...1, start: 0.55))
  }

  @Test("components have numbers of their own, and so has the rest")
  func components() throws {
    let merge = try mergeSpace(
      "method: task_arithmetic\nprofile: {knots: 2}\ncomponents: [attention, norms]", experts: 1,
      family: .qwen3)
    #expect(
      merge.space.parameters.map(\.name) == [
        "weight.e0.attention[0]", "weight.e0.attention[1]", "weight.e0.norms[0]",
        "weight.e0.norms[1]", "weight.e0.rest[0]", "weight.e0.rest[1]",
      ])
    let document = try merge.document(for: Genome(values: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]))
    guard case .models(let inputs) = document.output.assembly else {
      Issue.record("not a recipe over models")
      return
    }
    #expect(
      inputs[0].parameters[.weight]?.clauses == [
        .init(filter: "model.norm.", .constant(.real(0.6))),
        .init(filter: "lm_head.", .constant(.real(0.6))),
        .init(filter: "self_attn.q_proj.", .gradient([0.1, 0.2])),
        .init(filter: "input_layernorm.", .gradient([0.3, 0.4])),
        .init(filter: "self_attn.q_norm.", .gradient([0.3, 0.4])),
        .init(filter: "self_attn.k_norm.", .gradient([0.3, 0.4])),
        .init(.gradient([0.5, 0.6])),
      ])
  }

  @Test("without a rest the last component stands for it")
  func allComponents() throws {
    let merge = try mergeSpace(
      "method: task_arithmetic\nprofile: global\ncomponents: [attention, mlp, norms]",
      experts: 1)
    #expect(
      merge.space.parameters.map(\.name)
        == ["weight.e0.attention", "weight.e0.mlp", "weight.e0.norms"])
  }

  @Test("pairs are a choice, and the first of a pair is the base")
  func pairs() throws {
    let merge = try mergeSpace(
      """
      method: slerp
      profile: global
      pair: [[base, e0], [e1, e2]]
      """)
    #expect(merge.space.parameters.map(\.name) == ["pair", "t"])
    let recipe = try merge.document(for: Genome(values: [1, 0.25])).output
    #expect(recipe.baseModel?.path == "/models/expert 1@x")
    #expect(recipe.models.map(\.path) == ["/models/expert 1@x", "/models/expert 2@x"])
    #expect(recipe.parameters[.t] == .real(0.25))
    let mixed = try mergeSpace(
      "method: {choose: [ties, slerp], groups: 2}\nprofile: global\npair: [[base, e0], [e0, e1]]")
    #expect(
      mixed.space.parameters[2].activeWhen
        == [Condition(anyOf: ["method[0]", "method[1]"], isOneOf: ["slerp"])])
  }

  @Test("layer profiles write one value per layer")
  func layers() throws {
    let grouped = try mergeSpace(
      "method: task_arithmetic\nprofile: {layers_per_group: 4}", experts: 1, layers: 6)
    let document = try grouped.document(for: Genome(values: [0.25, 0.75]))
    #expect(document.yaml.contains("- value: [0.25, 0.25, 0.25, 0.25, 0.75, 0.75]"))
    #expect(
      try mergeSpace("method: linear\nprofile: layer", experts: 1, layers: 6)
        .space.parameters.count == 6)
  }

  @Test("a stage never has the name of a model, or of a method")
  func stageNames() throws {
    let models = try MergeModels(
      base: ModelReference(path: "stage-ties"),
      experts: [.init(name: "a", model: ModelReference(path: "org/a"))], outDType: .f32)
    let settings = try MergeSpaceSettings(
      YAMLDocument.parse(
        text: "method: {choose: [ties, task_arithmetic], groups: 2}\nprofile: global",
        location: "s.yaml"
      ).root, models: models)
    let merge = try MergeSpace(
      settings, models: models, outline: Family.llama.outline(layers: 2), budget: 100)
    var values = merge.space.start.values
    values[1] = 1
    let document = try merge.document(for: Genome(values: values))
    #expect(document.stages[0].name == "stage-stage-ties")
    #expect(document.stages[1].name == "stage-task_arithmetic")
    #expect(document.models.map(\.path) == ["org/a", "stage-ties"])
  }

  @Test(
    "a section that does not fit is refused with the remedy",
    arguments: [
      (
        "method: tise",
        "s.yaml: line 1: method: unknown merge method 'tise'\n  fix: did you mean 'ties'? known: \(everyMethod)"
      ),
      (
        "method: task_arithmetic\nwieght: 1",
        "s.yaml: line 2: wieght: unknown key 'wieght'\n  fix: did you mean 'weight'? known: "
          + "method, profile, components, pair, weight, lambda, normalize, rescale, "
          + "task_arithmetic.weight, task_arithmetic.lambda, task_arithmetic.normalize, "
          + "task_arithmetic.rescale"
      ),
      (
        "method: slerp",
        "s.yaml: line 1: method slerp combines two models, but no 'pair' says which\n"
          + "  fix: add 'pair: [[base, EXPERT], …]'; t = 0 is the first of a pair"
      ),
      (
        "method: ties\ndensity: {range: [0, 1.5]}",
        "s.yaml: line 2: density.range: range [0.0, 1.5] exceeds 0.0...1.0\n"
          + "  fix: stay inside: fraction of a model's differences that is kept"
      ),
      (
        "method: ties\nweight: {range: [0, 1], start: 2}",
        "s.yaml: line 2: weight: start 2.0 is outside range [0.0, 1.0]\n"
          + "  fix: start inside the range"
      ),
      (
        "method: ties\ndensity: {start: 1.5}",
        "s.yaml: line 2: density.start: value 1.5 is outside 0.0...1.0\n"
          + "  fix: use a number in that range"
      ),
      (
        "method: passthrough",
        "s.yaml: line 1: method: passthrough has a single input, so there is nothing to search\n"
          + "  fix: choose a method that combines models"
      ),
      (
        "method: ties\nprofile: {knots: 7}",
        "s.yaml: line 1: 7 knots for 6 layers\n  fix: use at most as many knots as layers"
      ),
      (
        "method: slerp\npair: [base, e7]",
        "s.yaml: line 2: pair[1]: unknown model 'e7'\n"
          + "  fix: did you mean 'e0'? known: base, e0, e1, e2"
      ),
    ])
  func refusals(text: String, message: String) {
    #expect {
      try mergeSpace(text)
    } throws: { error in
      "\(error)" == message
    }
  }

  @Test("task vectors need a base")
  func missingBase() throws {
    #expect(
      throws: Diagnostic(
        "method ties needs a base model", at: "s.yaml: line 1",
        fix: "add 'base: …' under 'models'")
    ) { try mergeSpace("method: ties", base: false) }
    #expect(try mergeSpace("method: linear", base: false).space.parameters.count > 0)
  }
}
