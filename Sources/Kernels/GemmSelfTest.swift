public import Diagnostics

extension Gemm {
  /// Compares rows bit for bit across positions, neighbours, fill levels and heights, for the shapes in use.
  ///
  /// - Returns: A `Gemm` with the largest set of heights that agree for every shape.
  /// - Throws: ``Diagnostic`` if at no height a row is independent of its neighbours and its position.
  public func verify(shapes: [(outputs: Int, inputs: Int)]) throws(Diagnostic) -> Gemm {
    var agreeing = heights
    for shape in shapes {
      agreeing = library.supportedHeights(
        outputs: shape.outputs, inputs: shape.inputs, among: agreeing)
      if agreeing.isEmpty { break }
      agreeing = agreeingHeights(outputs: shape.outputs, inputs: shape.inputs, among: agreeing)
      if agreeing.isEmpty { break }
    }
    guard !agreeing.isEmpty else {
      throw Diagnostic(
        "\(backend.rawValue) gives a row other bits at other positions on this processor",
        at: "matrix products",
        fix: backend == .openBLAS
          ? "set OPENBLAS_CORETYPE=Sandybridge and start again, or use a build with oneDNN"
          : "update oneDNN, or use a build without it (--disable-default-traits)")
    }
    return Gemm(backend, precision, library, heights: agreeing)
  }

  /// The heights whose rows are independent, and of these the largest group with equal bits.
  private func agreeingHeights(outputs: Int, inputs: Int, among heights: [Int]) -> [Int] {
    let content = library.makeContent(outputs: outputs, inputs: inputs, heights: self.heights)
    content.pack(TestValues(seed: 1).values(outputs * inputs).span, outputs: 0..<outputs)
    let matrix = PackedMatrix(outputs: outputs, inputs: inputs, content: content)
    let row = TestValues(seed: 2).values(inputs)
    var groups: [(result: [UInt32], heights: [Int])] = []
    for height in heights {
      guard let result = independentResult(of: row, matrix, height: height) else { continue }
      if let index = groups.firstIndex(where: { $0.result == result }) {
        groups[index].heights.append(height)
      } else {
        groups.append((result, [height]))
      }
    }
    // Of equally large groups the one with the smallest height: it pads least.
    return groups.max {
      ($0.heights.count, -$0.heights[0]) < ($1.heights.count, -$1.heights[0])
    }?.heights ?? []
  }

  /// The row's product if it is the same everywhere in a block of this height; else nil.
  private func independentResult(
    of row: [Float], _ matrix: PackedMatrix, height: Int
  ) -> [UInt32]? {
    var expected: [UInt32]?
    let scratch = GemmScratch()
    for fill in BlockFill.allCases {
      var block = [Float](repeating: 0, count: height * matrix.inputs)
      if fill == .strangers { block = TestValues(seed: 3).values(block.count) }
      let positions = fill.positions(height: height)
      for position in positions {
        let start = position * matrix.inputs
        block.replaceSubrange(start..<start + matrix.inputs, with: row)
      }
      var output = [Float](repeating: 0, count: height * matrix.outputs)
      var span = output.mutableSpan
      matrix.content.multiply(block.span, height: height, scratch: scratch, into: &span)
      for position in positions {
        let start = position * matrix.outputs
        let bits = output[start..<start + matrix.outputs].map(\.bitPattern)
        if expected == nil { expected = bits }
        if expected != bits { return nil }
      }
    }
    return expected
  }

  /// What stands around the rows that are compared.
  private enum BlockFill: CaseIterable {
    /// Nothing but the row itself.
    case itself
    /// Other rows.
    case strangers
    /// Padding.
    case zeros

    func positions(height: Int) -> [Int] {
      switch self {
      case .itself: Array(0..<height)
      case .strangers: Array(stride(from: 0, to: height, by: 7)) + [height - 1]
      case .zeros: [0, 1, 2]
      }
    }
  }
}

/// Reproducible values of mixed sign and magnitude; nothing statistical depends on them.
private struct TestValues {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

  func values(_ count: Int) -> [Float] {
    var generator = self
    return (0..<count).map { _ in generator.next() }
  }

  private mutating func next() -> Float {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float(Int32(truncatingIfNeeded: state >> 32)) / Float(Int32.max)
  }
}
