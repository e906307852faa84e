/// A covariance matrix C with its lazily refreshed decomposition B D² Bᵀ.
///
/// Samples use the symmetric root B D Bᵀ: they depend neither on signs and order of the
/// eigenvectors nor on the basis inside a degenerate eigenspace.
struct FullCovariance: Sendable {
  /// Lower triangle; what lies above is not maintained.
  private var matrix: SquareMatrix
  /// Bᵀ and the roots D of the last decomposition.
  private var axes: SquareMatrix
  private(set) var roots: [Double]
  /// Whether B and D belong to the present matrix.
  private var isFresh: Bool
  /// Whether a coordinate was rescaled since.
  private var isRescaled = false
  /// Updates since the last decomposition.
  private(set) var age = 0

  init(dimension: Int) {
    matrix = .identity(dimension)
    axes = .identity(dimension)
    roots = Array(repeating: 1, count: dimension)
    isFresh = true
  }

  /// Takes the lower triangle of a positive definite matrix.
  init(lowerTriangleOf matrix: SquareMatrix) {
    self.init(dimension: matrix.size)
    self.matrix = matrix
    decompose()
  }

  var dimension: Int { matrix.size }

  subscript(row: Int, column: Int) -> Double { matrix[max(row, column), min(row, column)] }

  /// The variances C_ii.
  var variances: [Double] { (0..<dimension).map { matrix[$0, $0] } }

  /// (D_max / D_min)² of the last decomposition.
  var condition: Double {
    let ratio = (roots.max() ?? 1) / (roots.min() ?? 1)
    return ratio * ratio
  }

  /// The k-th principal axis scaled by its standard deviation, D_k b_k.
  func axis(_ index: Int) -> [Double] {
    (0..<dimension).map { roots[index] * axes[index, $0] }
  }

  /// y = B D Bᵀ z.
  func transform(_ z: PaddedVector) -> PaddedVector {
    var y = PaddedVector(count: dimension)
    for index in 0..<dimension {
      axes.add(row: index, times: roots[index] * axes.dot(row: index, z), to: &y)
    }
    return y
  }

  /// z = B D⁻¹ Bᵀ y.
  func whiten(_ y: PaddedVector) -> PaddedVector {
    var z = PaddedVector(count: dimension)
    for index in 0..<dimension {
      axes.add(row: index, times: axes.dot(row: index, y) / roots[index], to: &z)
    }
    return z
  }

  /// C ← decay · C + Σ weight y yᵀ; B and D stay until ``refresh(gap:)``.
  mutating func update(decay: Double, terms: [(weight: Double, y: PaddedVector)]) {
    let width = matrix.width
    let steps = terms.flatMap(\.y.lanes)
    var factors = [Double](repeating: 0, count: terms.count)
    for row in 0..<dimension {
      for (index, term) in terms.enumerated() { factors[index] = term.weight * term.y[row] }
      let base = row * width
      for lane in 0...(row >> 3) {
        var element = decay * matrix.lanes[base + lane]
        var source = lane
        for factor in factors {
          element += factor * steps[source]
          source += width
        }
        matrix.lanes[base + lane] = element
      }
    }
    isFresh = false
    age += 1
  }

  /// Multiplies standard deviations of coordinates by factors, which the next refresh takes over.
  mutating func rescale(_ factors: [(index: Int, factor: Double)]) {
    guard !factors.isEmpty else { return }
    for (index, factor) in factors {
      for column in 0...index { matrix[index, column] *= factor }
      for row in index..<dimension { matrix[row, index] *= factor }
    }
    isFresh = false
    isRescaled = true
  }

  /// Decomposes if `gap` updates have passed since the last time, or if a coordinate was rescaled.
  mutating func refresh(gap: Int) {
    if age >= gap || isRescaled { decompose() }
  }

  /// The axes become a pure function of the matrix, whose eigenvalues it makes positive.
  private mutating func decompose() {
    var eigen = SymmetricEigen(lowerTriangleOf: matrix)
    for _ in 0..<4 {
      let smallest = eigen.values.min() ?? 1
      guard smallest <= 0 else { break }
      let shift = max(0, (eigen.values.max() ?? 1) / 1e14 - smallest)
      for index in 0..<dimension { matrix[index, index] += shift }
      eigen = SymmetricEigen(lowerTriangleOf: matrix)
    }
    axes = eigen.vectors
    roots = eigen.values.map { max($0, .leastNormalMagnitude).squareRoot() }
    isFresh = true
    isRescaled = false
    age = 0
  }
}

/// Encoded as the lower triangle, and the decomposition only where it cannot be recomputed.
extension FullCovariance: Codable {
  private enum CodingKeys: CodingKey { case dimension, lowerTriangle, age, axes, roots }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(dimension, forKey: .dimension)
    var triangle: [Double] = []
    for row in 0..<dimension { for column in 0...row { triangle.append(matrix[row, column]) } }
    try container.encode(ExactDoubles(triangle), forKey: .lowerTriangle)
    try container.encode(age, forKey: .age)
    guard !isFresh else { return }
    let elements = (0..<dimension).flatMap { row in (0..<dimension).map { axes[row, $0] } }
    try container.encode(ExactDoubles(elements), forKey: .axes)
    try container.encode(ExactDoubles(roots), forKey: .roots)
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let size = try container.decode(Int.self, forKey: .dimension)
    let triangle = try container.decode(ExactDoubles.self, forKey: .lowerTriangle).values
    guard size > 0, size < 1 << 20, triangle.count == size * (size + 1) / 2 else {
      throw DecodingError.dataCorruptedError(
        forKey: .lowerTriangle, in: container,
        debugDescription: "\(triangle.count) elements for a matrix of \(size) rows")
    }
    self.init(dimension: size)
    var next = triangle.makeIterator()
    for row in 0..<size { for column in 0...row { matrix[row, column] = next.next() ?? 0 } }
    guard container.contains(.axes) else {
      decompose()
      return
    }
    let elements = try container.decode(ExactDoubles.self, forKey: .axes).values
    let roots = try container.decode(ExactDoubles.self, forKey: .roots).values
    guard elements.count == size * size, roots.count == size else {
      throw DecodingError.dataCorruptedError(
        forKey: .axes, in: container, debugDescription: "not \(size) axes of \(size) elements")
    }
    for row in 0..<size {
      for column in 0..<size { axes[row, column] = elements[row * size + column] }
    }
    self.roots = roots
    age = try container.decode(Int.self, forKey: .age)
    isFresh = false
  }
}
