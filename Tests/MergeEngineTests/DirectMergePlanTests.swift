import Checkpoints
import Diagnostics
import Kernels
import MergeEngine
import Recipes
import Tensors
import TestSupport
import Testing

/// Methods that one kernel computes, with parameters that make the most of it.
private let directMethods = [
  "linear": "weight: 0.7", "slerp": "t: 0.3", "nuslerp": "weight: 0.4",
  "multislerp": "weight: 0.5", "model_stock": "filter_wise: false",
  "task_arithmetic": "weight: 0.7\n  lambda: 0.9",
  "ties": "weight: 0.7\n  density: 0.4\n  rescale: true",
  "dare_linear": "weight: 0.7\n  density: 0.4", "dare_ties": "weight: 0.7\n  density: 0.4",
  "breadcrumbs": "weight: 0.7\n  density: 0.5\n  gamma: 0.1",
  "breadcrumbs_ties": "weight: 0.7\n  density: 0.5\n  gamma: 0.1",
  "della": "weight: 0.7\n  density: 0.5\n  epsilon: 0.2",
  "della_linear": "weight: 0.7\n  density: 0.5\n  epsilon: 0.2", "sce": "select_topk: 0.5",
  "passthrough": "scale: 0.3",
]

@Suite("Plans that merge in one pass")
struct DirectMergePlanTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    var sizes = TinyModel.Sizes()
    // A tensor longer than a tile, and rows that are no whole number of vectors.
    (sizes.vocabulary, sizes.hidden, sizes.intermediate) = (300, 24, 27)
    for (seed, name) in ["a", "b", "c"].enumerated() {
      try TinyModel(.llama, sizes, dtype: .bf16, seed: UInt64(seed)).write(to: folder, as: name)
    }
  }

  /// The method on models that lie in files, or on stages that hand the same models on and so go
  /// through the rows of a stack.
  private func recipe(_ method: String, staged: Bool, outDType: DType) throws -> String {
    let declaration = try MethodDeclaration.all.entry(named: method, at: "test")
    let hasBase = declaration.base == .required
    let suffix = staged ? "-stage" : ""
    var stages = ""
    if staged {
      for model in ["a", "b", "c"] {
        stages += """
          name: \(model)-stage
          merge_method: passthrough
          models: [{model: \(model)}]
          ---

          """
      }
    }
    let models = Array(["a", "b", "c"].prefix(declaration.inputs.maximum ?? 3))
    let listed = hasBase ? Array(models.dropFirst()) : models
    return stages + """
      merge_method: \(method)
      models: [\(listed.map { "{model: \($0)\(suffix)}" }.joined(separator: ", "))]
      \(hasBase ? "base_model: a\(suffix)" : "")
      parameters:
        \(directMethods[method] ?? "")
      dtype: float32
      out_dtype: \(outDType.torchName)
      """
  }

  @Test(
    "give the bits of the rows", arguments: directMethods.keys.sorted(),
    [DType.f32, .f16, .bf16])
  func equalBits(method: String, dtype: DType) throws {
    let direct = try plan(try recipe(method, staged: false, outDType: dtype), in: folder.path)
    let staged = try plan(try recipe(method, staged: true, outDType: dtype), in: folder.path)
    for name in direct.tensorNames {
      let expected = try values(name, of: staged).map(\.bitPattern)
      #expect(try values(name, of: direct).map(\.bitPattern) == expected, "\(name)")
      #expect(try values(name, of: direct, cut: 131).map(\.bitPattern) == expected, "\(name)")
      let bytes = try stored(name, of: direct, cut: 1000)
      #expect(bytes == narrowed(try values(name, of: direct), dtype), "\(name)")
      #expect(try stored(name, of: staged, cut: 777) == bytes, "\(name)")
    }
  }

  @Test("mixed dtypes go through the rows", arguments: ["linear", "ties"])
  func mixed(method: String) throws {
    var sizes = TinyModel.Sizes()
    (sizes.vocabulary, sizes.hidden, sizes.intermediate) = (300, 24, 27)
    // The numbers of the bf16 model, stored wider.
    var model = TinyModel(.llama, sizes, dtype: .bf16, seed: 2)
    for tensor in model.tensors {
      model.setTensor(
        TestTensor(
          tensor.description.name, .f32, tensor.description.shape.dimensions,
          bytes: narrowed(tensor.values, .f32)))
    }
    let text = try recipe(method, staged: false, outDType: .bf16)
    let uniform = try plan(text, in: folder.path)
    let other = try TemporaryFolder()
    for (seed, name) in ["a", "b"].enumerated() {
      try TinyModel(.llama, sizes, dtype: .bf16, seed: UInt64(seed)).write(to: other, as: name)
    }
    try model.write(to: other, as: "c")
    let mixed = try plan(text, in: other.path)
    for name in uniform.tensorNames {
      #expect(
        try values(name, of: mixed).map(\.bitPattern)
          == values(name, of: uniform).map(\.bitPattern), "\(name)")
    }
  }

  private func narrowed(_ values: [Float], _ dtype: DType) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: values.count * dtype.bitWidth / 8)
    var span = bytes.mutableSpan
    narrow(values.span, to: dtype, into: &span)
    return bytes
  }

  private func stored(_ name: TensorName, of source: some WeightSource, cut: Int) throws -> [UInt8]
  {
    let description = try #require(source.description(of: name))
    let (count, width) = (description.shape.elementCount, description.dtype.bitWidth / 8)
    var bytes = [UInt8](repeating: 0xAA, count: count * width)
    var span = bytes.mutableSpan
    for start in stride(from: 0, to: count, by: cut) {
      let end = min(count, start + cut)
      var part = span._mutatingExtracting(start * width..<end * width)
      try source.store(name, elements: start..<end, into: &part)
    }
    return bytes
  }
}
