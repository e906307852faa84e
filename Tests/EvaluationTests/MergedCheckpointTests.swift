import Checkpoints
import Kernels
import Diagnostics
import Inference
import MergeEngine
import Recipes
import Tasks
import Tensors
import TestSupport
import Testing

@testable import Evaluation

/// What is scored is what is written, whatever the merge method.
@Suite("A recipe and the checkpoint that is written of it") struct MergedCheckpointTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(
    "give the same item results, bit for bit", arguments: MethodDeclaration.all.names,
    [DType.bf16, .f32])
  func sameBits(method: String, dtype: DType) throws {
    let declaration = try #require(MethodDeclaration.all[method])
    let text = Self.recipe(declaration, dtype)
    let plan = try MergePlan.build(
      try RecipeDocument.parse(text: text, location: "recipe"), library: CheckpointLibrary(),
      statistics: StatisticsCache())
    try CheckpointWriter().write(
      plan, to: folder.file("merged"), tokenizer: nil, texts: [], on: WorkerPool(threads: 2),
      progress: { _ in })
    let merged = try Checkpoint.open(folder.file("merged"))

    let names = ["arith_mc", "text_ppl", "letters_gen"]
    let items = [[0, 5, 7], [2], [4, 9]]
    // The plan is read by one worker, the file by two, beside another model.
    let one = try Demo.evaluator(names, threads: 1)
    let expected = try one.evaluate(
      [plan], on: try one.prepare([.search], decode: .unproved, items: items), memory: 1 << 30
    )[0].get()
    let two = try Demo.evaluator(names, threads: 2)
    let found = try two.evaluate(
      [try Demo.checkpoint("base"), merged],
      on: try two.prepare([.search], decode: .unproved, items: items), memory: 1 << 30
    )[1].get()
    #expect(found.tasks.map(\.items) == expected.tasks.map(\.items))
    let base = try one.evaluate(
      [try Demo.checkpoint("base")],
      on: try one.prepare([.search], decode: .unproved, items: items), memory: 1 << 30
    )[0].get()
    #expect(found.tasks.map(\.items) != base.tasks.map(\.items), "the recipe merges nothing")
  }

  /// As many models as the method takes, with what it requires and values that leave nothing trivial.
  private static func recipe(_ method: MethodDeclaration, _ dtype: DType) -> String {
    let needsBase = method.base == .required
    let most = method.inputs.maximum ?? 3
    let experts = method.inputs.includesBase && needsBase ? most - 1 : most
    let names = ["expert-arith", "expert-letters", "expert-numerals"].prefix(min(2, experts))
    func values(_ scope: (ParameterSpec) -> Bool, _ index: Int) -> [String] {
      method.parameters.filter(scope).compactMap { spec in
        guard spec.kind == .real, let range = spec.suggested,
          spec.isRequired || spec.name.rawValue == "density" || spec.name.rawValue == "scale"
        else { return nil }
        let share = index == 0 ? 0.5 : 0.4
        let value = range.lowerBound + share * (range.upperBound - range.lowerBound)
        return "\(spec.name): \(value)"
      }
    }
    let models = names.enumerated().map { index, name in
      "  - {model: \(Demo.model(name)), parameters: "
        + "{\(values({ $0.isPerModel }, index).joined(separator: ", "))}}"
    }
    let shared = values({ !$0.isPerModel }, 0).joined(separator: ", ")
    return """
      # mergevolve: mask_seed=11
      merge_method: \(method.name)
      \(needsBase ? "base_model: \(Demo.model("base"))" : "")
      models:
      \(models.joined(separator: "\n"))
      parameters: {\(shared)}
      dtype: float32
      out_dtype: \(dtype == .bf16 ? "bfloat16" : "float32")
      """
  }
}
