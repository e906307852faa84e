import Randomness

/// Tensors of one, two and three axes with odd sizes, drawn by a seed.
struct ShapedTensors {
  let shape: [Int]
  /// The base first.
  let rows: [[Float]]

  static let shapes = [
    [7], [16], [5, 9], [64, 48], [3, 4, 5], [128, 257], [1, 300], [300, 1], [33], [2, 1, 17],
  ]

  init(seed: UInt64, models: Int, spread: Float = 0.1) {
    shape = Self.shapes[Int(seed) % Self.shapes.count]
    rows = family(
      models: models, count: shape.reduce(1, *), seed: seed, spread: spread)
  }

  init(shape: [Int], rows: [[Float]]) {
    self.shape = shape
    self.rows = rows
  }

  var base: [Double] { rows[0].map(Double.init) }
  var models: [[Double]] { rows.dropFirst().map { $0.map(Double.init) } }
  /// Rounded as the methods round them.
  var deltas: [[Float]] { rows.dropFirst().map { zip($0, rows[0]).map { $0 - $1 } } }
  var exactDeltas: [[Double]] { deltas.map { $0.map(Double.init) } }

  /// Elements of each line along the last axis.
  var lastAxisLines: [[Int]] {
    let length = shape[shape.count - 1]
    return stride(from: 0, to: rows[0].count, by: length).map { Array($0..<$0 + length) }
  }

  /// Elements of each line along the first axis; those of the last for a single axis.
  var firstAxisLines: [[Int]] {
    guard shape.count > 1 else { return lastAxisLines }
    let columns = rows[0].count / shape[0]
    return (0..<columns).map { Array(stride(from: $0, to: rows[0].count, by: columns)) }
  }
}

/// The largest difference relative to the largest magnitude of `right`.
func distance(_ left: [Float], from right: [Double]) -> Double {
  let scale = right.map { abs($0) }.max() ?? 0
  let difference = zip(left, right).map { abs(Double($0) - $1) }.max() ?? 0
  return scale > 0 ? difference / scale : difference
}
