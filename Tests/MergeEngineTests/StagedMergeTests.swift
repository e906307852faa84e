import Architectures
import Diagnostics
import Foundation
import Kernels
import MergeEngine
import Recipes
import Tensors
import TestSupport
import Testing

@Suite("Merges in stages")
struct StagedMergeTests {
  private let folder: TemporaryFolder

  private static let stages = """
    name: sum
    merge_method: task_arithmetic
    base_model: a
    models:
    - {model: b, parameters: {weight: [0.2, 0.9]}}
    - {model: c, parameters: {weight: 0.5}}
    dtype: float32
    ---
    name: trimmed
    merge_method: ties
    base_model: a
    models:
    - {model: b, parameters: {weight: 1, density: 0.3}}
    - {model: c, parameters: {weight: 0.6, density: 0.7}}
    dtype: float32

    """

  private static let selection = """
    ---
    merge_method: linear
    models:
    - model: sum
      parameters: {weight: [{filter: mlp, value: 1}, {value: 0}]}
    - model: trimmed
      parameters: {weight: [{filter: mlp, value: 0}, {value: 1}]}
    parameters: {normalize: false}
    dtype: float32
    out_dtype: bfloat16
    """

  init() throws {
    folder = try TemporaryFolder()
    for (seed, name) in ["a", "b", "c"].enumerated() {
      try TinyModel(seed: UInt64(seed)).write(to: folder, as: name)
    }
  }

  private func stage(_ index: Int) throws -> MergePlan {
    let texts = Self.stages.components(separatedBy: "---\n")
    return try plan(
      texts[index].split(separator: "\n").filter { !$0.hasPrefix("name:") }.joined(separator: "\n")
        + "\nout_dtype: bfloat16\n", in: folder.path)
  }

  @Test("a selection yields the stages' tensors, bit for bit")
  func selecting() throws {
    let merged = try plan(Self.stages + Self.selection, in: folder.path)
    let (sum, trimmed) = (try stage(0), try stage(1))
    for name in merged.tensorNames {
      let expected = name.contains("mlp") ? sum : trimmed
      #expect(
        try values(name, of: merged).map(\.bitPattern)
          == values(name, of: expected).map(\.bitPattern), "\(name)")
    }
    #expect(merged.models.count == 3)
    #expect(merged.tokenizerFolder == folder.file("a"))
  }

  @Test("slices of stages are renumbered like those of models")
  func slicing() throws {
    let merged = try plan(
      Self.stages + """
        ---
        merge_method: passthrough
        slices:
        - sources: [{model: trimmed, layer_range: [0, 1]}]
        - sources: [{model: sum, layer_range: [0, 2]}]
        out_dtype: bfloat16
        """, in: folder.path)
    let (sum, trimmed) = (try stage(0), try stage(1))
    #expect(merged.configuration.layerCount == 3)
    for (output, source, layer) in [(0, trimmed, 0), (1, sum, 0), (2, sum, 1)] {
      let part = "mlp.down_proj.weight"
      #expect(
        try values("model.layers.\(output).\(part)", of: merged)
          == values("model.layers.\(layer).\(part)", of: source))
    }
  }

  @Test("each stage rounds to its own dtype")
  func rounding() throws {
    let merged = try plan(
      """
      name: half
      merge_method: linear
      models: [{model: a}, {model: b}]
      parameters: {weight: 1}
      out_dtype: bfloat16
      ---
      merge_method: linear
      models: [{model: half}, {model: c}]
      parameters: {weight: 1}
      """, in: folder.path)
    let name = "model.norm.weight"
    #expect(merged.description(of: name)?.dtype == .f32)
    let half = try plan(
      "merge_method: linear\nmodels: [{model: a}, {model: b}]\nparameters: {weight: 1}\n"
        + "out_dtype: bfloat16\n", in: folder.path)
    let c = try #require(TinyModel(seed: 2)[name]).values
    #expect(
      try values(name, of: merged) == zip(try values(name, of: half), c).map { ($0 + $1) / 2 })
  }

  @Test("stages that are not selected are not read")
  func laziness() throws {
    let merged = try plan(
      """
      name: broken
      merge_method: passthrough
      models: [{model: c}]
      ---
      merge_method: linear
      models:
      - {model: a, parameters: {weight: 1}}
      - {model: broken, parameters: {weight: [{filter: mlp, value: 1}, {value: 0}]}}
      parameters: {normalize: false}
      """, in: folder.path)
    let path = folder.file("c/model.safetensors")
    try FileHandle(forWritingTo: #require(URL(string: "file://\(path)"))).truncate(atOffset: 100)
    #expect(
      try values("model.norm.weight", of: merged) == TinyModel(seed: 0)["model.norm.weight"]?.values
    )
    #expect(throws: Diagnostic.self) {
      try values("model.layers.0.mlp.up_proj.weight", of: merged)
    }
  }

  @Test("statistics of stages are worked out too")
  func statistics() throws {
    let text = """
      name: half
      merge_method: linear
      models: [{model: b}, {model: c}]
      parameters: {weight: 1}
      ---
      merge_method: ties
      base_model: a
      models: [{model: half, parameters: {weight: 1, density: 0.4}}]
      """
    let cache = StatisticsCache()
    let merged = try plan(text, in: folder.path, statistics: cache)
    let pool = WorkerPool(threads: 2)
    let name = "lm_head.weight"
    let a = try #require(TinyModel(seed: 0)[name]).values
    let changed = zip(try values(name, of: merged, pool: pool), a).count { $0 != $1 }
    #expect(changed == Int(0.4 * Double(a.count)))
    // Stages belong to one candidate, so nothing about them is kept for others.
    #expect(cache.byteCount == 0)
  }
}
