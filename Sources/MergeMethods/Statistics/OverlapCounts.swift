import Kernels

/// How many differences above a bound each model of `[x…, base]` shares with others, and has alone.
struct OverlapCounts: Reduction {
  /// How many models there are.
  let models: Int
  let epsilon: Float

  struct Value: Hashable, Sendable {
    var shared: [UInt64]
    var unique: [UInt64]
  }

  func startChunk() -> Value {
    let zeros = [UInt64](repeating: 0, count: models)
    return Value(shared: zeros, unique: zeros)
  }

  func add(_ stack: inout MergeStack, rows: [Int], to partial: inout Value) {
    stack.countOverlaps(
      of: Array(rows.dropLast()), from: rows[models], epsilon: epsilon, shared: &partial.shared,
      unique: &partial.unique)
  }

  func startTotal() -> Value { startChunk() }

  func fold(_ partial: Value, into total: inout Value) {
    for model in 0..<models {
      total.shared[model] += partial.shared[model]
      total.unique[model] += partial.unique[model]
    }
  }

  func finish(_ total: Value) -> Value { total }

  static func byteCount(of value: Value) -> Int { 16 * value.shared.count }
}
