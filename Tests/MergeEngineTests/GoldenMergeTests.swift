import Checkpoints
import Diagnostics
import Documents
import Kernels
import MergeEngine
import Recipes
import Tensors
import TestSupport
import Testing

private let exact = [
  "01-linear-two", "02-linear-three-normalized", "03-linear-unnormalized-negative",
  "04-linear-layer-gradient", "05-linear-filters", "06-linear-base-added", "07-slerp-scalar",
  "08-slerp-gradient-filters", "09-slerp-near-colinear", "10-nuslerp-flat",
  "11-nuslerp-row-wise", "12-nuslerp-column-wise", "13-nuslerp-task-vectors",
  "14-multislerp-three", "15-multislerp-base-unnormalized", "16-karcher-three",
  "17-task-arithmetic",
  "18-task-arithmetic-lambda-negative", "19-ties-density-02", "20-ties-density-05-unnormalized",
  "21-ties-density-10-int8", "22-ties-per-model-gradient", "23-breadcrumbs",
  "24-breadcrumbs-ties", "25-model-stock", "26-model-stock-filter-wise", "27-nearswap",
  "28-sce-top01", "29-sce-top05", "30-sce-all", "31-arcee-fusion", "32-ram", "33-ramplus-tl",
  "34-passthrough-scale",
  "35-frankenmerge-overlap", "36-slices-linear-gradients", "37-slices-filter-source-names",
  "38-slices-precedence", "39-dtype-float16", "40-dtype-f32-out-bf16", "41-bf16-arithmetic",
  "42-bf16-linear", "43-bf16-slerp", "44-out-float16", "45-yaml-forms", "46-tokenizer-union",
  "47-tokenizer-base",
]

/// Merges by mergekit 0.1.5 with torch 2.13; tolerances are those that its authors' measurements state.
@Suite("Golden merges")
struct GoldenMergeTests {
  @Test("every element of the stored tensors", arguments: exact)
  func elements(id: String) throws {
    let golden = try GoldenMerge(id)
    let plan = try golden.plan()
    let file = try golden.tensors
    var mismatches = 0
    for tensor in file.tensors {
      #expect(plan.description(of: tensor.name) == tensor, "\(tensor.name)")
      let merged = try values(tensor.name, of: plan)
      var expected = [Float](repeating: 0, count: tensor.shape.elementCount)
      try file.withBytes(of: tensor.name, elements: 0..<expected.count) { bytes in
        var span = expected.mutableSpan
        widen(bytes, from: tensor.dtype, into: &span)
      }
      mismatches += zip(merged, expected).count { merged, expected in
        abs(Double(merged) - Double(expected))
          > golden.tolerance("atol") + golden.tolerance("rtol") * abs(Double(expected))
      }
    }
    #expect(mismatches <= Int(golden.tolerance("max_mismatches")))
  }

  @Test("checksums, dtypes and shapes of all tensors", arguments: exact)
  func checksums(id: String) throws {
    let golden = try GoldenMerge(id)
    let plan = try golden.plan()
    let expected = try #require(golden.facts["tensors"]?.members)
    #expect(Set(plan.tensorNames) == Set(expected.map(\.key)))
    for (name, facts) in expected.map({ ($0.key, $0.value) }) {
      let description = try #require(plan.description(of: name))
      #expect(description.dtype.torchName == facts["dtype"]?.string)
      #expect(
        description.shape.dimensions == facts["shape"]?.array?.compactMap(\.integer), "\(name)")
      try compare(
        try values(name, of: plan), facts, atol: golden.tolerance("atol"),
        rtol: golden.tolerance("rtol"), isFloat32: description.dtype == .f32,
        flipped: golden.tolerance("max_mismatches") * golden.tolerance("mismatch_max_abs"), name)
    }
  }

  /// `flipped` is what entries that hang on a threshold may add to a sum.
  private func compare(
    _ values: [Float], _ facts: JSONValue, atol: Double, rtol: Double, isFloat32: Bool,
    flipped: Double = 0, _ name: String
  ) throws {
    let sums = Checksums(values)
    let squares = try #require(facts["sumsq"]?.double)
    let count = Double(values.count)
    let perElement = isFloat32 ? atol : atol + rtol * (squares / count).squareRoot()
    let limit = count * perElement + flipped
    #expect(abs(sums.sum - (try #require(facts["sum"]?.double))) <= limit, "\(name)")
    #expect(abs(sums.weighted - (try #require(facts["wsum"]?.double))) <= limit, "\(name)")
    // An entry that flips changes its square by at most twice its change, as weights are below 1.
    #expect(
      abs(sums.squares - squares)
        <= squares * (isFloat32 ? 1e-5 : 4 * rtol + 1e-5) + 2 * flipped, "\(name)")
  }

  @Test("the output's config.json", arguments: exact)
  func config(id: String) throws {
    let golden = try GoldenMerge(id)
    let config = try golden.plan().config.document
    for fact in try #require(golden.facts["output_config"]?.members) {
      // mergekit leaves the dtype alone without a 'dtype'; ours is what is written.
      let expected =
        fact.key == "dtype"
        ? try #require(golden.facts["tensors"]?.members?.first?.value["dtype"]) : fact.value
      #expect(config[fact.key] == expected, "\(fact.key)")
    }
  }

  @Test("the union's numbers are mergekit's")
  func union() throws {
    let golden = try GoldenMerge("46-tokenizer-union")
    let document = try #require(try golden.plan().tokenizer.document)
    var ids: [String: JSONValue] = [:]
    for member in document["model"]?["vocab"]?.members ?? [] { ids[member.key] = member.value }
    for token in document["added_tokens"]?.array ?? [] {
      ids[try #require(token["content"]?.string)] = token["id"]
    }
    let expected = try #require(golden.facts["output_vocab"]?.members)
    #expect(ids == Dictionary(uniqueKeysWithValues: expected.map { ($0.key, $0.value) }))
  }

  @Test(
    "bfloat16 models in float32 arithmetic",
    arguments: exact.filter { $0 < "39" && !$0.hasPrefix("35") })
  func bfloat16Models(id: String) throws {
    let golden = try GoldenMerge(id)
    guard let run = golden.facts["bf16_run"],
      let expected = run["tensors_with_dtype_float32"]?.members
    else { return }
    var text = try golden.document.yaml
    if try golden.document.output.dtype == nil { text += "dtype: float32\n" }
    let folder = "\(GoldenMerge.folder)/\(run["models_dir"]?.string ?? "models")"
    let plan = try plan(text, in: folder)
    let selecting = ["ties", "breadcrumbs", "breadcrumbs_ties", "sce", "arcee_fusion"]
    let isSelecting = try selecting.contains(golden.document.output.method.name)
    for (name, facts) in expected.map({ ($0.key, $0.value) }) {
      let merged = try values(name, of: plan)
      // Which of several equal magnitudes is kept is mergekit's accident (merge-methods.md, 7.2);
      // the sum of squares changes little with it.
      if isSelecting {
        let squares = try #require(facts["sumsq"]?.double)
        #expect(abs(Checksums(merged).squares - squares) <= 0.02 * squares, "\(name)")
      } else {
        try compare(
          merged, facts, atol: golden.tolerance("atol"), rtol: golden.tolerance("rtol"),
          isFloat32: true, name)
      }
    }
  }

  @Test(
    "bfloat16 models without a dtype are rounded once",
    arguments: ["01-linear-two", "07-slerp-scalar", "34-passthrough-scale"])
  func roundedOnce(id: String) throws {
    let golden = try GoldenMerge(id)
    let run = try #require(golden.facts["bf16_run"])
    let plan = try golden.plan(models: "\(GoldenMerge.folder)/models")
    for fact in try #require(run["tensors"]?.members) {
      #expect(plan.description(of: fact.key)?.dtype == .bf16)
      try compare(
        try values(fact.key, of: plan), fact.value, atol: 1e-6, rtol: 0x1p-9, isFloat32: false,
        fact.key)
    }
  }
}
