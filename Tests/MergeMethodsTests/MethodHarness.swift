import Diagnostics
import Kernels
import MergeMethods
import Randomness
import Recipes
import Tensors

/// Inputs in memory; the base is one of them.
struct MemoryInputs: InputReader {
  let rows: [[Float]]

  var elementCount: Int { rows[0].count }

  func read(_ input: Int, elements: Range<Int>, into row: inout MutableSpan<Float>) throws {
    for (position, element) in elements.enumerated() { row[position] = rows[input][element] }
  }
}

/// A method applied to one tensor in memory.
struct Trial {
  var method: MethodDeclaration
  /// All inputs, the base among them.
  var rows: [[Float]]
  /// Shape of the tensor; nil: one axis.
  var shape: [Int]?
  /// Index of the base; ignored by methods that have none.
  var base = 0
  /// Whether a method that may have a base gets one.
  var hasBase: Bool
  var shared: [ParameterName: ParameterScalar] = [:]
  /// One value per input that the parameter is for.
  var perModel: [ParameterName: [Double]] = [:]
  var maskSeed: UInt64 = 0

  init(
    _ method: MethodDeclaration, _ rows: [[Float]], _ perModel: [ParameterName: [Double]] = [:],
    shared: [ParameterName: ParameterScalar] = [:]
  ) {
    self.method = method
    self.rows = rows
    self.perModel = perModel
    self.shared = shared
    hasBase = method.base == .required
  }

  var usesBase: Bool { hasBase && method.base != .ignored }

  var positions: [Int?] {
    guard usesBase else { return rows.indices.map { $0 } }
    return rows.indices.map { $0 == base ? nil : $0 - ($0 > base ? 1 : 0) }
  }

  private var values: ParameterValues {
    var shared: [ParameterName: ParameterScalar] = [:]
    var perModel: [ParameterName: [ParameterScalar?]] = [:]
    for spec in method.parameters {
      if spec.isPerModel {
        let count = rows.count - (usesBase && spec.scope == .perNonBase ? 1 : 0)
        perModel[spec.name] =
          self.perModel[spec.name].map { $0.map { .real($0) } }
          ?? [ParameterScalar?](repeating: spec.defaultValue, count: count)
      } else {
        shared[spec.name] = self.shared[spec.name] ?? spec.defaultValue
      }
    }
    return ParameterValues(
      tensor: "w", location: "recipe.yaml", shared: shared, perModel: perModel)
  }

  func prepared(threads: Int = 1) throws -> any RangeMerge {
    let site = MergeSite(
      tensor: "w", shape: Shape(shape ?? [rows[0].count]), positions: positions, maskSeed: maskSeed)
    let type = try mergeMethods.entry(named: method.name, at: "test")
    let scan = TensorScan(MemoryInputs(rows: rows), on: WorkerPool(threads: threads))
    return try type.init(values, for: site).prepare(scan)
  }

  /// The merged elements, computed in ranges of the given lengths (the last is repeated).
  func merged(cuts: [Int] = [], threads: Int = 1) throws -> [Float] {
    let merge = try prepared(threads: threads)
    let inputs = MemoryInputs(rows: rows)
    var results: [Float] = []
    var cut = 0
    while results.count < inputs.elementCount {
      let length = cuts.isEmpty ? inputs.elementCount : cuts[min(cut, cuts.count - 1)]
      let range = results.count..<min(inputs.elementCount, results.count + length)
      var stack = MergeStack(rows: merge.operands.count, capacity: range.count)
      stack.move(to: range)
      for (row, operand) in merge.operands.enumerated() {
        try stack.withMutableRow(row) { try inputs.read(operand, elements: range, into: &$0) }
      }
      var part = [Float](repeating: .nan, count: range.count)
      var span = part.mutableSpan
      merge.merge(&stack, into: &span)
      results += part
      cut += 1
    }
    return results
  }
}

/// Normal deviates around a base, one row per model, the base first.
func family(models: Int, count: Int, seed: UInt64, spread: Float = 0.1) -> [[Float]] {
  let base = RandomStream(seed: seed, purpose: .examples).normals(count).map { Float($0) }
  return [base]
    + (1...max(1, models)).map { model in
      let deltas = RandomStream(seed: seed, purpose: .examples, candidate: model).normals(count)
      return zip(base, deltas).map { $0 + spread * Float($1) }
    }.prefix(models)
}

/// The largest difference relative to the largest magnitude.
func distance(_ left: [Float], _ right: [Float]) -> Float {
  let scale = right.map { abs($0) }.max() ?? 0
  let difference = zip(left, right).map { abs($0 - $1) }.max() ?? 0
  return scale > 0 ? difference / scale : difference
}
