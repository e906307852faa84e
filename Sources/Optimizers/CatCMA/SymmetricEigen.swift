/// The eigendecomposition C = B Λ Bᵀ of a symmetric matrix, in a fixed order of operations.
///
/// Householder reduction to tridiagonal form from the last row upward, then implicit QL on the
/// tridiagonal alone, its rotations recorded and applied afterwards to eight columns at a time,
/// which then stay in the nearest cache. No BLAS and no libm: the bits are the same everywhere.
/// Reference: Golub and Van Loan, Matrix Computations, 4th edition, sections 8.3.1 and 8.3.5.
/// - Complexity: About 9 n³ floating-point operations.
struct SymmetricEigen: Sendable {
  /// In no particular order.
  let values: [Double]
  /// Row k is the unit eigenvector of `values[k]`: the matrix Bᵀ.
  let vectors: SquareMatrix

  /// Reads the lower triangle of `matrix` only.
  init(lowerTriangleOf matrix: SquareMatrix) {
    let size = matrix.size
    // A power of two close to the largest magnitude keeps squares in range and rounds nothing.
    var largest = 0.0
    for row in 0..<size {
      for column in 0...row { largest = max(largest, abs(matrix[row, column])) }
    }
    guard largest > 0, largest.isFinite else {
      values = Array(repeating: 0, count: size)
      vectors = .identity(size)
      return
    }
    let scale = Double(sign: .plus, exponent: largest.exponent, significand: 1)
    var reduction = Tridiagonal(matrix, dividedBy: scale)
    var rows = reduction.accumulated()
    let sweeps = reduction.diagonalize()
    Self.apply(sweeps, to: &rows)
    vectors = rows
    values = reduction.diagonal.map { $0 * scale }
  }

  /// Applies the rotations of adjacent rows, eight columns at a time.
  private static func apply(_ sweeps: [Sweep], to matrix: inout SquareMatrix) {
    var column = [Lanes](repeating: .zero, count: matrix.size)
    for lane in 0..<matrix.width {
      for row in 0..<matrix.size { column[row] = matrix.lanes[row * matrix.width + lane] }
      for sweep in sweeps {
        var carried = column[sweep.start + 1]
        var row = sweep.start
        for rotation in sweep.rotations {
          let other = column[row]
          column[row + 1] = rotation.sine * other + rotation.cosine * carried
          carried = rotation.cosine * other - rotation.sine * carried
          row -= 1
        }
        column[row + 1] = carried
      }
      for row in 0..<matrix.size { matrix.lanes[row * matrix.width + lane] = column[row] }
    }
  }
}

/// Rotations of rows (start, start + 1), (start − 1, start), …: one QL step.
private struct Sweep {
  struct Rotation {
    let cosine: Double
    let sine: Double
  }

  let start: Int
  var rotations: [Rotation]
}

/// A symmetric matrix on its way to tridiagonal form, A = Q T Qᵀ.
private struct Tridiagonal {
  let size: Int
  var diagonal: [Double]
  /// Element i couples i − 1 and i.
  var coupling: [Double]
  /// Strictly below the diagonal; row i becomes the Householder vector that reduced it.
  var lower: SquareMatrix
  /// Row i's reflection is I − factor v vᵀ; zero: none.
  var factors: [Double]

  init(_ matrix: SquareMatrix, dividedBy scale: Double) {
    size = matrix.size
    diagonal = (0..<size).map { matrix[$0, $0] / scale }
    coupling = Array(repeating: 0, count: size)
    factors = Array(repeating: 0, count: size)
    lower = matrix
    for row in 0..<size {
      for lane in 0..<lower.width {
        lower.lanes[row * lower.width + lane] /= Lanes(repeating: scale)
        clip(row: row, lane: lane)
      }
    }
    for row in stride(from: size - 1, to: 1, by: -1) { reduce(row) }
    if size > 1 { coupling[1] = lower[1, 0] }
  }

  /// Zeroes the elements of a lane on and above the diagonal.
  private mutating func clip(row: Int, lane: Int) {
    guard lane >= row >> 3 else { return }
    let index = row * lower.width + lane
    lower.lanes[index] =
      lane > row >> 3 ? .zero : lower.lanes[index].replacing(with: 0, where: Self.masks[row & 7])
  }

  private static let masks: [SIMDMask<SIMD8<Int64>>] = (0..<8).map { first in
    SIMD8<Int64>(0, 1, 2, 3, 4, 5, 6, 7) .>= SIMD8(repeating: Int64(first))
  }

  /// Reflects the leading block so that row `row` keeps only its last element below the diagonal.
  private mutating func reduce(_ row: Int) {
    let width = lower.width
    let used = (row + 7) >> 3
    var vector = PaddedVector(count: size)
    for lane in 0..<used { vector.lanes[lane] = lower.lanes[row * width + lane] }
    let last = vector[row - 1]
    vector[row - 1] = 0
    let rest = vector.squaredLength
    guard rest > 0 else {
      coupling[row] = last
      for lane in 0..<used { lower.lanes[row * width + lane] = .zero }
      return
    }
    let length = (last * last + rest).squareRoot()
    coupling[row] = last > 0 ? -length : length
    vector[row - 1] = last > 0 ? last + length : last - length
    let factor = 1 / (length * (length + abs(last)))
    for lane in 0..<used { lower.lanes[row * width + lane] = vector.lanes[lane] }
    factors[row] = factor
    update(leading: row, vector, factor)
  }

  /// A ← H A H for the leading rows: A − v wᵀ − w vᵀ with w = p − ½ factor (vᵀp) v, p = factor A v.
  private mutating func update(leading rows: Int, _ vector: PaddedVector, _ factor: Double) {
    let width = lower.width
    var product = PaddedVector(count: size)
    for row in 0..<rows {
      let base = row * width
      let weight = vector[row]
      var sum = Lanes.zero
      for lane in 0..<((row + 7) >> 3) {
        let element = lower.lanes[base + lane]
        sum += element * vector.lanes[lane]
        product.lanes[lane] += weight * element
      }
      product[row] += sum.treeSum + diagonal[row] * weight
    }
    var inner = Lanes.zero
    for lane in product.lanes.indices {
      product.lanes[lane] *= factor
      inner += product.lanes[lane] * vector.lanes[lane]
    }
    let share = 0.5 * factor * inner.treeSum
    for lane in product.lanes.indices { product.lanes[lane] -= share * vector.lanes[lane] }
    for row in 0..<rows {
      let base = row * width
      let (v, w) = (vector[row], product[row])
      let lanes = (row + 7) >> 3
      for lane in 0..<lanes {
        lower.lanes[base + lane] -= v * product.lanes[lane] + w * vector.lanes[lane]
      }
      if lanes > 0 { clip(row: row, lane: lanes - 1) }
      diagonal[row] -= 2 * v * w
    }
  }

  /// Qᵀ, the product of the reflections, first row first.
  func accumulated() -> SquareMatrix {
    var product = SquareMatrix.identity(size)
    let width = lower.width
    for reflection in 2..<max(2, size) where factors[reflection] != 0 {
      let used = (reflection + 7) >> 3
      let source = reflection * width
      for row in 0..<reflection {
        let base = row * width
        var sum = Lanes.zero
        for lane in 0..<used { sum += product.lanes[base + lane] * lower.lanes[source + lane] }
        let weight = factors[reflection] * sum.treeSum
        for lane in 0..<used {
          product.lanes[base + lane] -= weight * lower.lanes[source + lane]
        }
      }
    }
    return product
  }

  /// Turns `diagonal` into the eigenvalues and returns the rotations that did it.
  mutating func diagonalize() -> [Sweep] {
    var sweeps: [Sweep] = []
    // From here on element i couples i and i + 1.
    coupling.removeFirst()
    coupling.append(0)
    for first in 0..<size {
      // Two or three steps per eigenvalue are usual; the bound is never met by a finite matrix.
      for _ in 0..<200 {
        var last = first
        while last < size - 1, !isNegligible(last) { last += 1 }
        guard last > first else { break }
        sweeps.append(step(from: first, to: last))
      }
    }
    return sweeps
  }

  private func isNegligible(_ index: Int) -> Bool {
    abs(coupling[index]) <= 0x1p-53 * (abs(diagonal[index]) + abs(diagonal[index + 1]))
  }

  /// One implicit QL step with Wilkinson's shift on the unreduced block `first ... last`.
  private mutating func step(from first: Int, to last: Int) -> Sweep {
    var sweep = Sweep(start: last - 1, rotations: [])
    sweep.rotations.reserveCapacity(last - first)
    let ratio = (diagonal[first + 1] - diagonal[first]) / (2 * coupling[first])
    let root = (ratio * ratio + 1).squareRoot()
    var g = diagonal[last] - diagonal[first]
    g += coupling[first] / (ratio + (ratio < 0 ? -root : root))
    var (sine, cosine, shift) = (1.0, 1.0, 0.0)
    for index in stride(from: last - 1, through: first, by: -1) {
      let f = sine * coupling[index]
      let b = cosine * coupling[index]
      let length = (f * f + g * g).squareRoot()
      coupling[index + 1] = length
      guard length > 0 else {
        diagonal[index + 1] -= shift
        coupling[last] = 0
        return sweep
      }
      sine = f / length
      cosine = g / length
      g = diagonal[index + 1] - shift
      let r = (diagonal[index] - g) * sine + 2 * cosine * b
      shift = sine * r
      diagonal[index + 1] = g + shift
      g = cosine * r - b
      sweep.rotations.append(Sweep.Rotation(cosine: cosine, sine: sine))
    }
    diagonal[first] -= shift
    coupling[first] = g
    coupling[last] = 0
    return sweep
  }
}
