import Kernels

/// A magnitude that every element has, given some inputs.
enum Quantity: Hashable, Sendable {
  /// `|x − base|` of `[x, base]`.
  case distance
  /// The population variance of the differences from the base, of `[x…, base]`.
  case variance
  /// `|x − base|` times a factor of the row, of `[x, base]`.
  case importance(RowFactors)

  /// Fills the spare row of the stack; `rows` are those of the operands.
  func measure(_ stack: inout MergeStack, _ rows: [Int]) {
    switch self {
    case .distance: stack.measureDistances(of: rows[0], from: rows[1])
    case .variance: stack.measureVariances(of: Array(rows.dropLast()), from: rows[rows.count - 1])
    case .importance(let factors):
      stack.measureImportance(
        of: rows[0], from: rows[1], rowFactors: factors.values, rowLength: factors.rowLength)
    }
  }
}

/// One factor per row.
///
/// They follow from the operands, so all factors of rows of one length are equal where reductions of the
/// same operands are compared.
struct RowFactors: Hashable, Sendable {
  let rowLength: Int
  let values: [Double]

  static func == (left: RowFactors, right: RowFactors) -> Bool {
    left.rowLength == right.rowLength && left.values.count == right.values.count
  }

  func hash(into hasher: inout Hasher) { hasher.combine(rowLength) }
}
