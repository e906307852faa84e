public import Diagnostics

extension Gemm {
  /// Compares rows bit for bit across positions, neighbours, fill levels and heights, for the shapes in use.
  ///
  /// - Returns: A `Gemm` with the largest set of heights that agree for every shape.
  /// - Throws: ``Diagnostic`` if at no height a row is independent of its neighbours and its position.
  public func verify(
    shapes: [(outputs: Int, inputs: Int)], on pool: WorkerPool
  ) throws(Diagnostic) -> Gemm {
    var agreeing = heights
    for (outputs, inputs) in shapes where !agreeing.isEmpty {
      let results = independentResults(outputs: outputs, inputs: inputs, on: pool)
      agreeing = Self.agreeingHeights(results, among: agreeing)
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

  /// Of the heights whose rows are independent the largest group with equal bits.
  private static func agreeingHeights(
    _ results: [Int: [UInt32]], among heights: [Int]
  ) -> [Int] {
    var groups: [(result: [UInt32], heights: [Int])] = []
    for height in heights {
      guard let result = results[height] else { continue }
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

  /// The product of one row at those heights that are fast and where it is the same everywhere.
  private func independentResults(
    outputs: Int, inputs: Int, on pool: WorkerPool
  ) -> [Int: [UInt32]] {
    let fast = library.supportedHeights(outputs: outputs, inputs: inputs, among: heights)
    let row = TestValues(seed: 2).values(inputs)
    do {
      let matrix = try pack(outputs: outputs, inputs: inputs, on: pool) { slice, rows in
        for (index, output) in slice.enumerated() {
          TestValues(seed: 4 + UInt64(output)).write(
            index * inputs..<(index + 1) * inputs, of: &rows)
        }
      }
      // The tallest block takes as long as the others together.
      let ordered = Array(fast.reversed())
      let results = try pool.map(ordered.count) {
        independentResult(of: row, matrix, height: ordered[$0])
      }
      return zip(ordered, results).reduce(into: [:]) { $0[$1.0] = $1.1 }
    } catch {
      preconditionFailure("products throw no errors: \(error)")
    }
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

  func write(_ range: Range<Int>, of values: inout MutableSpan<Float>) {
    var generator = self
    for index in range { values[index] = generator.next() }
  }

  private mutating func next() -> Float {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float(Int32(truncatingIfNeeded: state >> 32)) / Float(Int32.max)
  }
}
