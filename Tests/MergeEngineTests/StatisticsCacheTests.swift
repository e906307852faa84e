import Diagnostics
import Kernels
import MergeEngine
import Recipes
import Tensors
import TestSupport
import Testing

@Suite("Remembered statistics")
struct StatisticsCacheTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    for (seed, name) in ["a", "b", "c"].enumerated() {
      try TinyModel(seed: UInt64(seed)).write(to: folder, as: name)
    }
  }

  private func recipe(_ method: String, density: Double, seed: Int = 0) throws -> RecipeDocument {
    try RecipeDocument.parse(
      text: """
        # mergevolve: mask_seed=\(seed)
        merge_method: \(method)
        base_model: a
        models:
        - {model: b, parameters: {weight: 1, density: \(density)}}
        - {model: c, parameters: {weight: 0.5, density: \(density)}}
        parameters: {rescale: true\(method == "della" ? ", epsilon: 0.2" : "")}
        """, location: "recipe.yaml")
  }

  @Test(
    "do not change results, whatever the limit",
    arguments: ["ties", "dare_ties", "della", "breadcrumbs"],
    [0, 5000, 1 << 24])
  func results(method: String, limit: Int) throws {
    let library = CheckpointLibrary(folders: [folder.path])
    let shared = StatisticsCache(limit: limit)
    for density in [0.3, 0.31, 0.3, 0.7] {
      let document = try recipe(method, density: density)
      let fresh = try MergePlan.build(document, library: library, statistics: StatisticsCache())
      let cached = try MergePlan.build(document, library: library, statistics: shared)
      #expect(try tensors(of: cached) == tensors(of: fresh))
      #expect(shared.byteCount <= limit)
    }
  }

  @Test("serve later candidates")
  func reuse() throws {
    let library = CheckpointLibrary(folders: [folder.path])
    let cache = StatisticsCache()
    func read(_ density: Double, _ method: String = "ties") throws {
      let plan = try MergePlan.build(
        recipe(method, density: density), library: library, statistics: cache)
      _ = try tensors(of: plan)
    }
    try read(0.3)
    let first = cache.byteCount
    #expect(first > 0)
    try read(0.3)
    #expect(cache.byteCount == first)
    try read(0.6)
    let second = cache.byteCount
    // Only the cuts are new; the histograms serve every density.
    #expect(second > first && second - first < first / 4)
  }

  @Test("of one merge keep neither ranks nor bytes of masks", arguments: ["della", "dare_ties"])
  func oneMerge(method: String) throws {
    let library = CheckpointLibrary(folders: [folder.path])
    func read(_ cache: StatisticsCache) throws -> [TensorName: [Float]] {
      try tensors(
        of: MergePlan.build(recipe(method, density: 0.3), library: library, statistics: cache))
    }
    let (single, shared) = (StatisticsCache.forOneMerge(), StatisticsCache())
    let merged = try read(single)
    #expect(try read(shared) == merged)
    let elements = merged.values.reduce(0) { $0 + $1.count }
    // A byte or two for every element of two models.
    #expect(shared.byteCount - single.byteCount >= 2 * elements)
  }

  @Test("keep ranks for good, in half of the room")
  func ranks() throws {
    let library = CheckpointLibrary(folders: [folder.path])
    func bytes(_ limit: Int) throws -> [Int] {
      let cache = StatisticsCache(limit: limit)
      return try [0.3, 0.5, 0.6].map { density in
        let plan = try MergePlan.build(
          recipe("della", density: density), library: library, statistics: cache)
        _ = try tensors(of: plan)
        return cache.byteCount
      }
    }
    let plenty = try bytes(1 << 24)
    let elements = try values(
      "model.embed_tokens.weight",
      of: MergePlan.build(
        recipe("della", density: 0.3), library: library, statistics: StatisticsCache())
    ).count
    // Two models' ranks of two bytes, and a mask of one bit, per candidate.
    #expect(plenty[0] > 4 * elements)
    #expect(plenty[1] - plenty[0] == plenty[2] - plenty[1])
    #expect(plenty[1] - plenty[0] < plenty[0] / 2)
    #expect(try bytes(4096).allSatisfy { $0 <= 4096 })
  }

  @Test("masks that were let go are worked out again alike")
  func masksAgain() throws {
    var sizes = TinyModel.Sizes()
    sizes.vocabulary = 4096
    for (seed, name) in ["a", "b", "c"].enumerated() {
      try TinyModel(.llama, sizes, seed: UInt64(seed)).write(to: folder, as: "large-\(name)")
    }
    let plan = try MergePlan.build(
      RecipeDocument.parse(
        text: """
          merge_method: della
          base_model: large-a
          models:
          - {model: large-b, parameters: {weight: 1, density: 0.4}}
          - {model: large-c, parameters: {weight: 0.5, density: 0.6}}
          """, location: "recipe.yaml"),
      library: CheckpointLibrary(folders: [folder.path]), statistics: StatisticsCache(limit: 0))
    // A bit for each of 65,536 elements and two models: more than stays.
    let whole = try values("model.embed_tokens.weight", of: plan)
    #expect(try values("model.embed_tokens.weight", of: plan, cut: 5000) == whole)
    #expect(try values("model.embed_tokens.weight", of: plan) == whole)
  }

  @Test("a mask seed has sums of its own")
  func seeds() throws {
    let library = CheckpointLibrary(folders: [folder.path])
    let cache = StatisticsCache()
    let results = try [0, 1, 0].map { seed in
      try tensors(
        of: MergePlan.build(
          recipe("dare_linear", density: 0.4, seed: seed), library: library, statistics: cache))
    }
    #expect(results[0] == results[2])
    #expect(results[0] != results[1])
  }
}
