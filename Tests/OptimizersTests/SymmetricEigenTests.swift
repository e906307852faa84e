import Randomness
import Testing

@testable import Optimizers

@Suite("Eigendecomposition") struct SymmetricEigenTests {
  static func matrix(_ size: Int, _ element: (Int, Int) -> Double) -> SquareMatrix {
    var matrix = SquareMatrix(size: size)
    for row in 0..<size { for column in 0...row { matrix[row, column] = element(row, column) } }
    return matrix
  }

  /// The largest elements of BΛBᵀ − A and of BᵀB − I.
  static func defects(_ matrix: SquareMatrix) -> (residual: Double, orthogonality: Double) {
    let eigen = SymmetricEigen(lowerTriangleOf: matrix)
    let size = matrix.size
    var (residual, orthogonality) = (0.0, 0.0)
    for row in 0..<size {
      for column in 0...row {
        var element = 0.0
        var product = 0.0
        for k in 0..<size {
          element += eigen.vectors[k, row] * eigen.values[k] * eigen.vectors[k, column]
          product += eigen.vectors[row, k] * eigen.vectors[column, k]
        }
        residual = max(residual, abs(element - matrix[row, column]))
        orthogonality = max(orthogonality, abs(product - (row == column ? 1 : 0)))
      }
    }
    return (residual, orthogonality)
  }

  @Test("reconstructs random symmetric matrices", arguments: [1, 2, 3, 5, 7, 8, 9, 16, 17, 26, 33])
  func random(size: Int) {
    for seed in 0..<3 as Range<UInt64> {
      let stream = RandomStream(seed: seed, purpose: .examples, candidate: size)
      let matrix = Self.matrix(size) { stream.normal(at: $0 * size + $1) }
      let (residual, orthogonality) = Self.defects(matrix)
      #expect(residual < 1e-14 * Double(size + 3))
      #expect(orthogonality < 1e-14 * Double(size + 3))
    }
  }

  @Test("finds the eigenvalues of the second difference") func knownValues() {
    let size = 12
    let eigen = SymmetricEigen(
      lowerTriangleOf: Self.matrix(size) { $0 == $1 ? 2 : ($0 == $1 + 1 ? -1 : 0) })
    for (index, value) in eigen.values.sorted().enumerated() {
      let cosine = Deterministic.sineAndCosine(turns: Double(index + 1) / Double(2 * size + 2))
        .cosine
      #expect(abs(value - (2 - 2 * cosine)) < 1e-14)
    }
  }

  @Test("leaves the identity and diagonal matrices alone") func diagonal() {
    for scale in [1.0, 1e-200, 1e200] {
      let matrix = Self.matrix(10) { $0 == $1 ? scale * Double($0 + 1) : 0 }
      let eigen = SymmetricEigen(lowerTriangleOf: matrix)
      #expect(eigen.values == (0..<10).map { scale * Double($0 + 1) })
      #expect((0..<10).allSatisfy { eigen.vectors[$0, $0] == 1 })
    }
    #expect(SymmetricEigen(lowerTriangleOf: Self.matrix(4) { _, _ in 0 }).values == [0, 0, 0, 0])
  }

  @Test("handles low rank and wide spectra") func degenerate() {
    let rankOne = Self.matrix(9) { Double(($0 + 1) * ($1 + 1)) }
    let values = SymmetricEigen(lowerTriangleOf: rankOne).values.sorted()
    #expect(abs(values[8] - 285) < 1e-12)
    #expect(values.dropLast().allSatisfy { abs($0) < 1e-12 })
    #expect(Self.defects(rankOne).residual < 1e-12)
    let graded = Self.matrix(14) { Deterministic.power(10, -0.5 * Double($0 + $1)) }
    #expect(Self.defects(graded).residual < 1e-15)
    #expect(Self.defects(graded).orthogonality < 1e-13)
  }

  @Test("ignores what lies above the diagonal") func lowerTriangle() {
    var matrix = Self.matrix(6) { Double($0 * 3 + $1 + 1) }
    let clean = SymmetricEigen(lowerTriangleOf: matrix)
    for row in 0..<6 { for column in row + 1..<6 { matrix[row, column] = 99 } }
    #expect(SymmetricEigen(lowerTriangleOf: matrix).values == clean.values)
  }

  /// Recorded on x86-64; the same on every machine.
  @Test("has the recorded bits") func recordedBits() {
    let stream = RandomStream(seed: 77, purpose: .examples)
    let eigen = SymmetricEigen(
      lowerTriangleOf: Self.matrix(21) { stream.normal(at: $0 * 21 + $1) })
    var hash: UInt64 = 0
    for value in eigen.values + (0..<21).flatMap({ row in (0..<21).map { eigen.vectors[row, $0] } })
    {
      hash = SplitMix64.output(hash ^ value.bitPattern)
    }
    #expect(hash == 13_419_670_545_459_537_110)
  }
}
