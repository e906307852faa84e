import Foundation
import Randomness
import Tensors
import Testing

@testable import Kernels

private let corners: [Float] = [
  0, -0.0, 1, -1, .leastNonzeroMagnitude, -.leastNormalMagnitude, 1e-20, -Float(bitPattern: 9), 80,
  -80, 1e15,
  -1e15,
]

/// Values of mixed magnitude; every fifth is a corner.
private func sample(_ count: Int, _ seed: Int, scale: Float = 4) -> [Float] {
  var random = SplitMix64(seed: UInt64(seed))
  return (0..<count).map { index in
    index % 5 == 3
      ? corners[(index + seed) % corners.count]
      : scale * Float(2 * random.nextUniform() - 1)
  }
}

private func smooth(_ count: Int, _ seed: Int) -> [Float] {
  var random = SplitMix64(seed: UInt64(seed))
  return (0..<count).map { _ in Float(2 * random.nextUniform() - 1) }
}

private func isClose(_ value: Float, _ expected: Double, relative: Double, absolute: Double) -> Bool
{
  abs(Double(value) - expected) <= relative * abs(expected) + absolute
}

@Suite("Decoder kernels against plain Swift")
struct DecoderKernelTests {
  @Test("root mean square norm", arguments: 1...67)
  func norm(width: Int) {
    let (rows, epsilon) = (3, 1e-5)
    let x = smooth(rows * width, width)
    let weights = smooth(width, 100)
    var out = [Float](repeating: .nan, count: x.count)
    var span = out.mutableSpan
    rmsNorm(x.span, weights: weights.span, epsilon: Float(epsilon), into: &span)
    for row in 0..<rows {
      let values = x[row * width..<(row + 1) * width].map(Double.init)
      let mean = values.reduce(0) { $0 + $1 * $1 } / Double(width)
      for index in 0..<width {
        let expected = values[index] / (mean + epsilon).squareRoot() * Double(weights[index])
        #expect(isClose(out[row * width + index], expected, relative: 1e-6, absolute: 1e-12))
      }
    }
  }

  @Test("a row that is not finite spoils itself alone", arguments: [1, 16, 40, 67])
  func normOfNaN(width: Int) {
    var x = smooth(3 * width, 1)
    x[width] = .nan
    var out = [Float](repeating: 0, count: x.count)
    var span = out.mutableSpan
    rmsNorm(
      x.span, weights: [Float](repeating: 1, count: width).span, epsilon: 1e-6, into: &span)
    #expect(out[..<width].allSatisfy { $0.isFinite })
    #expect(out[width..<2 * width].allSatisfy { $0.isNaN })
    #expect(out[(2 * width)...].allSatisfy { $0.isFinite })
  }

  @Test("sums of rows are exact, and finite or not", arguments: 1...67, [false, true])
  func addition(width: Int, hasBias: Bool) {
    let rows = 2
    let y = sample(rows * width, 1)
    let bias = hasBias ? sample(width, 2) : []
    for bad in [nil, Float.nan, .infinity, -.infinity] {
      var x = sample(rows * width, 3)
      if let bad { x[rows * width - 1] = bad }
      let expected = x.indices.map { (y[$0] + (hasBias ? bias[$0 % width] : 0)) + x[$0] }
      var span = x.mutableSpan
      let isFinite = addRows(y.span, bias: bias.span, width: width, to: &span)
      #expect(isFinite == (bad == nil))
      #expect(zip(x, expected).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN })
    }
  }

  @Test(
    "gates", arguments: 1...67,
    [GateActivation.silu, .gelu, .geluTanh, .quickGelu, .relu, .reluSquared])
  func gates(width: Int, activation: GateActivation) {
    let rows = 2
    let x = smooth(2 * rows * width, width).map { $0 * 12 }
    for bias in [[], smooth(2 * width, 7)] {
      var out = [Float](repeating: .nan, count: rows * width)
      var span = out.mutableSpan
      gate(x.span, bias: bias.span, activation: activation, width: width, into: &span)
      for row in 0..<rows {
        for index in 0..<width {
          let start = 2 * row * width + index
          let gate = Double(x[start] + (bias.isEmpty ? 0 : bias[index]))
          let up = Double(x[start + width] + (bias.isEmpty ? 0 : bias[width + index]))
          let expected = reference(activation, gate) * up
          // Near a zero of the activation single precision keeps its absolute error: a few units of x.
          #expect(isClose(out[row * width + index], expected, relative: 1e-6, absolute: 2e-5))
        }
      }
    }
  }

  @Test(
    "activations without a gate", arguments: 1...67,
    [GateActivation.silu, .gelu, .geluTanh, .quickGelu, .relu, .reluSquared])
  func activations(width: Int, activation: GateActivation) {
    let rows = 2
    let x = smooth(rows * width, width).map { $0 * 12 }
    for bias in [[], smooth(width, 7)] {
      var out = [Float](repeating: .nan, count: rows * width)
      var span = out.mutableSpan
      activate(x.span, bias: bias.span, activation: activation, width: width, into: &span)
      for index in out.indices {
        let value = Double(x[index] + (bias.isEmpty ? 0 : bias[index % width]))
        let expected = reference(activation, value)
        #expect(isClose(out[index], expected, relative: 1e-6, absolute: 4e-6))
      }
    }
  }

  @Test(
    "gated rows go to their columns, rounded where the product rounds", arguments: 1...67,
    GemmPrecision.allCases)
  func gatedRows(width: Int, precision: GemmPrecision) {
    let rows = 2
    let (stride, offset) = (width + 5, 3)
    for activation in [GateActivation.silu, .geluTanh, .relu] {
      for (hasGate, parts) in [(true, 2), (false, 1)] {
        var x = smooth(parts * rows * width, width).map { $0 * 120 }
        x[0] = .nan
        var expected = [Float](repeating: 0, count: rows * width)
        var span = expected.mutableSpan
        let bias = smooth(parts * width, 7)
        if hasGate {
          gate(x.span, bias: bias.span, activation: activation, width: width, into: &span)
        } else {
          activate(x.span, bias: bias.span, activation: activation, width: width, into: &span)
        }
        var gated = GemmRows(precision)
        gated.reserve(rows * stride)
        gated.gate(
          x.span, bias: bias.span, activation: activation, hasGate: hasGate, width: width,
          stride: stride, offset: offset)
        let found = precision == .f32 ? gated.values : gated.rounded.map(\.float)
        for row in 0..<rows {
          let own = found[row * stride..<(row + 1) * stride]
          #expect(own.prefix(offset).allSatisfy { $0 == 0 })
          #expect(own.suffix(2).allSatisfy { $0 == 0 })
          let wanted = expected[row * width..<(row + 1) * width]
          for (value, exact) in zip(own.dropFirst(offset), wanted) {
            switch (precision, activation) {
            case (.f32, _): #expect(value.bitPattern == exact.bitPattern)
            case (.bf16, .silu):
              // Half a unit of bfloat16, and what the rough sigmoid is off.
              #expect(
                exact.isNaN
                  ? value.isNaN
                  : isClose(value, Double(exact), relative: 1.0 / 256 + 2e-4, absolute: 1e-30))
            case (.bf16, _):
              #expect(value.bitPattern == BFloat16(exact).float.bitPattern)
            }
          }
        }
      }
    }
  }

  @Test(
    "a factor is filled up with zeros and rounded where the product rounds",
    arguments: GemmPrecision.allCases)
  func filling(precision: GemmPrecision) {
    var rows = GemmRows(precision)
    for (count, total) in [(70, 96), (3, 64), (0, 8)] {
      rows.fill(count, of: total) { span in
        for index in 0..<span.count { span[index] = Float(index) + 1.001 }
      }
      let found = precision == .f32 ? rows.values : rows.rounded.map(\.float)
      for index in 0..<total {
        let exact = index < count ? Float(index) + 1.001 : 0
        #expect(found[index] == (precision == .f32 ? exact : BFloat16(exact).float))
      }
    }
  }

  @Test("the Gaussian activation is exact to a few units for small and large values")
  func gaussian() {
    let x = (-400...400).map { Float($0) / 40 }
    var out = [Float](repeating: .nan, count: x.count)
    var span = out.mutableSpan
    activate(x.span, bias: [Float]().span, activation: .gelu, width: x.count, into: &span)
    for (value, result) in zip(x, out) {
      let expected = Double(value) / 2 * erfc(-Double(value) / 2.0.squareRoot())
      #expect(isClose(result, expected, relative: 1e-5, absolute: 4e-7))
    }
  }

  @Test("sums of rows are scaled", arguments: [1, 15, 16, 40])
  func scaledAddition(width: Int) {
    let (x, y, bias) = (smooth(2 * width, 1), smooth(2 * width, 2), smooth(width, 3))
    var out = x
    var span = out.mutableSpan
    #expect(addRows(y.span, bias: bias.span, scale: 0.25, width: width, to: &span))
    for index in x.indices {
      let expected = Double(x[index]) + 0.25 * (Double(y[index]) + Double(bias[index % width]))
      #expect(abs(Double(out[index]) - expected) <= 1e-6)
    }
  }

  @Test("logits get a bias, a scale and a cap", arguments: 1...67, [nil, 0.5, 30] as [Float?])
  func adjustedLogits(width: Int, cap: Float?) {
    let x = smooth(2 * width, width).map { $0 * 40 }
    for bias in [[], smooth(width, 7)] {
      var out = x
      var span = out.mutableSpan
      adjustLogits(&span, bias: bias.span, scale: 0.5, cap: cap, width: width)
      for index in x.indices {
        let scaled = 0.5 * (Double(x[index]) + (bias.isEmpty ? 0 : Double(bias[index % width])))
        let expected = cap.map { Double($0) * tanh(scaled / Double($0)) } ?? scaled
        #expect(isClose(out[index], expected, relative: 1e-6, absolute: 1e-7))
      }
    }
  }

  private func reference(_ activation: GateActivation, _ x: Double) -> Double {
    switch activation {
    case .silu: x / (1 + exp(-x))
    case .gelu: x / 2 * (1 + erf(x / 2.0.squareRoot()))
    case .geluTanh: x / 2 * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .quickGelu: x / (1 + exp(-1.702 * x))
    case .relu: max(0, x)
    case .reluSquared: max(0, x) * max(0, x)
    }
  }

  @Test("gates pass on what is not finite, and nothing else overflows")
  func gateCorners() {
    let gates: [Float] = [.nan, .infinity, 1e30, -1e30, -200, 200, -0.0, Float(bitPattern: 71_362)]
    let x = gates + [Float](repeating: 1, count: gates.count)
    for activation in [GateActivation.silu, .gelu, .geluTanh, .quickGelu] {
      var out = [Float](repeating: 0, count: gates.count)
      var span = out.mutableSpan
      gate(x.span, bias: [Float]().span, activation: activation, width: gates.count, into: &span)
      #expect(out[0].isNaN)
      #expect(!out[1].isFinite)
      #expect(out[2] == 1e30)
      #expect(abs(out[3]) <= 1e-5 && abs(out[4]) <= 1e-30)
      #expect(out[5] == 200)
      #expect(out[6] == 0 && abs(out[7]) <= gates[7])
    }
  }

  @Test("statistics of logits", arguments: 1...67)
  func logits(width: Int) {
    let rows = 3
    var logits = smooth(rows * width, width).map { $0 * 30 }
    // Equal maxima: the first counts.
    logits[width - 1] = 31
    logits[width / 2] = 31
    let found = logitStatistics(logits.span, width: width)
    for row in 0..<rows {
      let values = logits[row * width..<(row + 1) * width].map(Double.init)
      let maximum = values.max() ?? 0
      let sum = values.reduce(0) { $0 + exp($1 - maximum) }
      #expect(Double(found[row].maximum) == maximum)
      #expect(found[row].best == values.firstIndex(of: maximum))
      #expect(found[row].isFinite)
      #expect(abs(found[row].sum - sum) <= 1e-13 * sum)
      #expect(abs(found[row].logSumExp - (maximum + log(sum))) <= 1e-12)
    }
  }

  @Test("logits that are not finite are told", arguments: [Float.nan, .infinity, -.infinity])
  func badLogits(bad: Float) {
    for width in [1, 8, 16, 40] {
      for place in Set([0, width / 2, width - 1]) {
        var logits = smooth(2 * width, width)
        logits[width + place] = bad
        #expect(logitStatistics(logits.span, width: width).map(\.isFinite) == [true, false])
      }
    }
  }

  @Test("exponentials of far smaller logits vanish")
  func farLogits() {
    let found = logitStatistics([0, -100, -1e30, -3e38].span, width: 4)[0]
    #expect(found.sum == 1)
  }
}
