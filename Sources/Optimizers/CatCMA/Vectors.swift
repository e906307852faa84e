/// Eight numbers worked on at once; IEEE arithmetic per lane, so every CPU gives the same bits.
typealias Lanes = SIMD8<Double>

extension Lanes {
  /// The sum of the lanes as a fixed tree.
  var treeSum: Double {
    let four = lowHalf + highHalf
    let two = four.lowHalf + four.highHalf
    return two.x + two.y
  }
}

/// A vector padded with zeros to whole lanes.
struct PaddedVector: Sendable {
  let count: Int
  var lanes: [Lanes]

  init(count: Int) {
    self.count = count
    lanes = Array(repeating: .zero, count: (count + 7) / 8)
  }

  init(_ values: [Double]) {
    self.init(count: values.count)
    for (index, value) in values.enumerated() { self[index] = value }
  }

  subscript(index: Int) -> Double {
    get { lanes[index >> 3][index & 7] }
    set { lanes[index >> 3][index & 7] = newValue }
  }

  var values: [Double] { (0..<count).map { self[$0] } }

  var squaredLength: Double {
    var sum = Lanes.zero
    for lane in lanes { sum += lane * lane }
    return sum.treeSum
  }
}

/// A square matrix whose rows are padded with zeros to whole lanes.
struct SquareMatrix: Sendable {
  let size: Int
  /// Lanes per row.
  let width: Int
  var lanes: [Lanes]

  init(size: Int) {
    self.size = size
    width = (size + 7) / 8
    lanes = Array(repeating: .zero, count: size * width)
  }

  static func identity(_ size: Int) -> SquareMatrix {
    var matrix = SquareMatrix(size: size)
    for index in 0..<size { matrix[index, index] = 1 }
    return matrix
  }

  subscript(row: Int, column: Int) -> Double {
    get { lanes[row * width + (column >> 3)][column & 7] }
    set { lanes[row * width + (column >> 3)][column & 7] = newValue }
  }

  /// The inner product of a row with `vector`.
  func dot(row: Int, _ vector: PaddedVector) -> Double {
    let base = row * width
    var even = Lanes.zero
    var odd = Lanes.zero
    var lane = 0
    while lane + 1 < width {
      even += lanes[base + lane] * vector.lanes[lane]
      odd += lanes[base + lane + 1] * vector.lanes[lane + 1]
      lane += 2
    }
    if lane < width { even += lanes[base + lane] * vector.lanes[lane] }
    return (even + odd).treeSum
  }

  /// Adds `factor` times a row to `vector`.
  func add(row: Int, times factor: Double, to vector: inout PaddedVector) {
    let base = row * width
    for lane in 0..<width { vector.lanes[lane] += factor * lanes[base + lane] }
  }
}
