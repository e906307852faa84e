import Randomness
import Testing

@testable import Kernels

private func smooth(_ count: Int, _ seed: Int) -> [Float] {
  var random = SplitMix64(seed: UInt64(seed))
  return (0..<count).map { _ in Float(2 * random.nextUniform() - 1) }
}

/// The norm of one part of a row in double precision.
private func reference(
  _ x: [Double], _ weights: [Float], _ bias: [Float], epsilon: Double, isCentered: Bool
) -> [Double] {
  let mean = isCentered ? x.reduce(0, +) / Double(x.count) : 0
  let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
  return x.indices.map { index in
    (x[index] - mean) / (variance + epsilon).squareRoot() * Double(weights[index])
      + (bias.isEmpty ? 0 : Double(bias[index]))
  }
}

@Suite("Norms against plain Swift")
struct NormKernelTests {
  @Test("whole rows, centered or not, with a bias or not", arguments: 1...67, [false, true])
  func rows(width: Int, isCentered: Bool) {
    let x = smooth(3 * width, width).map { $0 + 3 }
    let weights = smooth(width, 100)
    for bias in [[], smooth(width, 101)] {
      let norm = RowNorm(weights: weights, bias: bias, epsilon: 1e-5, isCentered: isCentered)
      var out = [Float](repeating: .nan, count: x.count)
      var span = out.mutableSpan
      norm.apply(x.span, into: &span)
      for row in 0..<3 {
        let expected = reference(
          x[row * width..<(row + 1) * width].map(Double.init), weights, bias, epsilon: 1e-5,
          isCentered: isCentered)
        for index in 0..<width {
          // The mean of values around 3 is known to a few units in their last place; a part of two equal
          // ones divides that by the root of epsilon.
          #expect(abs(Double(out[row * width + index]) - expected[index]) <= 2e-4)
        }
      }
    }
  }

  @Test(
    "parts of rows in place, each with weights of its own, after adding a bias",
    arguments: [1, 2, 8, 12, 16, 40, 67], [false, true])
  func groups(width: Int, isCentered: Bool) {
    let (groups, offset, rows) = (3, 5, 2)
    let stride = offset + groups * width + 4
    let x = smooth(rows * stride, width)
    let weights = smooth(groups * width, 7)
    let bias = smooth(groups * width, 8)
    let norm = RowNorm(
      weights: weights, bias: bias, epsilon: 1e-3, isCentered: isCentered, width: width)
    for added in [[], smooth(stride, 9)] {
      var out = x
      var span = out.mutableSpan
      norm.apply(to: &span, stride: stride, offset: offset, adding: added.span)
      for row in 0..<rows {
        let start = row * stride
        #expect(out[start..<start + offset] == x[start..<start + offset])
        #expect(
          out[(start + offset + groups * width)..<start + stride]
            == x[(start + offset + groups * width)..<start + stride])
        for group in 0..<groups {
          let part = (0..<width).map { index -> Double in
            let at = offset + group * width + index
            return Double(x[start + at]) + (added.isEmpty ? 0 : Double(added[at]))
          }
          let range = group * width..<(group + 1) * width
          let expected = reference(
            part, Array(weights[range]), Array(bias[range]), epsilon: 1e-3,
            isCentered: isCentered)
          for index in 0..<width {
            let value = Double(out[start + offset + group * width + index])
            #expect(abs(value - expected[index]) <= 1e-5)
          }
        }
      }
    }
  }

  @Test("a part that is not finite spoils itself alone", arguments: [false, true])
  func notFinite(isCentered: Bool) {
    var x = smooth(3 * 24, 1)
    x[30] = .infinity
    let norm = RowNorm(
      weights: smooth(24, 2), bias: smooth(24, 3), epsilon: 1e-6, isCentered: isCentered, width: 8)
    var span = x.mutableSpan
    norm.apply(to: &span, stride: 24, adding: [Float]().span)
    #expect(x[..<24].allSatisfy { $0.isFinite })
    #expect(x[24..<32].contains { !$0.isFinite })
    #expect(x[32...].allSatisfy { $0.isFinite })
  }
}
