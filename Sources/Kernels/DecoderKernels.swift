import CKernels
import Glibc

// The parts of a decoder layer that are no matrix products, over row-major blocks of rows. The number of
// rows follows from the sizes of the spans. A row's result depends on that row alone, bit for bit.

/// out = x / √(mean(x²) + epsilon) · weights, row by row; a row is as wide as `weights`.
///
/// Reference: Zhang and Sennrich 2019, <https://arxiv.org/abs/1910.07467>.
public func rmsNorm(
  _ x: Span<Float>, weights: Span<Float>, epsilon: Float, into out: inout MutableSpan<Float>
) {
  let rows = rowCount(x.count, width: weights.count)
  precondition(out.count == x.count, "\(x.count) values in, \(out.count) out")
  unsafe x.withUnsafeBufferPointer { x in
    unsafe weights.withUnsafeBufferPointer { weights in
      unsafe out.withUnsafeMutableBufferPointer { out in
        guard let source = x.baseAddress, let scale = weights.baseAddress,
          let target = out.baseAddress
        else { return }
        unsafe ck_rms_norm(source, scale, epsilon, rows, weights.count, target)
      }
    }
  }
}

/// x += (y + bias) · scale, row by row; an empty bias adds nothing.
///
/// - Returns: Whether all sums are finite.
public func addRows(
  _ y: Span<Float>, bias: Span<Float>, scale: Float = 1, width: Int,
  to x: inout MutableSpan<Float>
) -> Bool {
  let rows = rowCount(x.count, width: width)
  precondition(y.count == x.count && (bias.isEmpty || bias.count == width))
  return unsafe y.withUnsafeBufferPointer { y in
    unsafe bias.withUnsafeBufferPointer { bias in
      unsafe x.withUnsafeMutableBufferPointer { x in
        guard let source = y.baseAddress, let target = x.baseAddress else { return true }
        let bias = bias.isEmpty ? nil : bias.baseAddress
        return unsafe ck_add_rows(target, source, bias, scale, rows, width) != 0
      }
    }
  }
}

/// The nonlinearities of ``gate(_:bias:activation:width:into:stride:offset:)``.
public enum GateActivation: Sendable {
  case silu, gelu, geluTanh, quickGelu, relu, reluSquared

  var kernel: ck_activation {
    switch self {
    case .silu: ck_activation_silu
    case .gelu: ck_activation_gelu
    case .geluTanh: ck_activation_gelu_tanh
    case .quickGelu: ck_activation_quick_gelu
    case .relu: ck_activation_relu
    case .reluSquared: ck_activation_relu_squared
    }
  }
}

/// out[width] = activation(gate) · up, where a row of x is gate[width], up[width].
///
/// A bias has 2 · width values; an empty one adds nothing. Rows of out are `stride` values wide, by default `width`;
/// the results lie there from `offset` on.
public func gate(
  _ x: Span<Float>, bias: Span<Float>, activation: GateActivation, width: Int,
  into out: inout MutableSpan<Float>, stride: Int? = nil, offset: Int = 0
) {
  let rows = rowCount(x.count, width: 2 * width)
  let stride = checkedStride(stride, offset, width: width, rows: rows, out.count)
  precondition(bias.isEmpty || bias.count == 2 * width)
  unsafe x.withUnsafeBufferPointer { x in
    unsafe bias.withUnsafeBufferPointer { bias in
      unsafe out.withUnsafeMutableBufferPointer { out in
        guard let source = x.baseAddress, let target = out.baseAddress else { return }
        let bias = bias.isEmpty ? nil : bias.baseAddress
        unsafe ck_gate(source, bias, activation.kernel, rows, width, target + offset, stride)
      }
    }
  }
}

/// out = activation(x + bias), row by row; an empty bias adds nothing.
///
/// Rows of out are as those of ``gate(_:bias:activation:width:into:stride:offset:)``.
public func activate(
  _ x: Span<Float>, bias: Span<Float>, activation: GateActivation, width: Int,
  into out: inout MutableSpan<Float>, stride: Int? = nil, offset: Int = 0
) {
  let rows = rowCount(x.count, width: width)
  let stride = checkedStride(stride, offset, width: width, rows: rows, out.count)
  precondition(bias.isEmpty || bias.count == width)
  unsafe x.withUnsafeBufferPointer { x in
    unsafe bias.withUnsafeBufferPointer { bias in
      unsafe out.withUnsafeMutableBufferPointer { out in
        guard let source = x.baseAddress, let target = out.baseAddress else { return }
        let bias = bias.isEmpty ? nil : bias.baseAddress
        unsafe ck_activate(source, bias, activation.kernel, rows, width, target + offset, stride)
      }
    }
  }
}

/// - Precondition: `width` values from `offset` on lie in each of so many rows, which are the whole of `count` values.
private func checkedStride(
  _ stride: Int?, _ offset: Int, width: Int, rows: Int, _ count: Int
) -> Int {
  let stride = stride ?? width
  precondition(
    offset >= 0 && offset + width <= stride && count == rows * stride,
    "\(width) values from \(offset) on in \(rows) rows of \(stride), \(count) values")
  return stride
}

/// x = (x + bias) · scale, then cap · tanh(x / cap) if there is a cap, row by row; an empty bias adds nothing.
public func adjustLogits(
  _ x: inout MutableSpan<Float>, bias: Span<Float>, scale: Float, cap: Float?, width: Int
) {
  let rows = rowCount(x.count, width: width)
  precondition((bias.isEmpty || bias.count == width) && cap.map { $0 > 0 } ?? true)
  unsafe bias.withUnsafeBufferPointer { bias in
    unsafe x.withUnsafeMutableBufferPointer { x in
      guard let target = x.baseAddress else { return }
      let bias = bias.isEmpty ? nil : bias.baseAddress
      unsafe ck_adjust_logits(target, bias, scale, cap ?? 0, rows, width)
    }
  }
}

/// What a softmax over a row of logits needs, and which logit is the largest.
public struct LogitStatistics: BitwiseCopyable, Sendable {
  /// Of exp(logit - maximum).
  public var sum: Double
  public var maximum: Float
  /// Index of the first maximum.
  public var best: Int
  public var isFinite: Bool

  public init(sum: Double, maximum: Float, best: Int, isFinite: Bool) {
    self.sum = sum
    self.maximum = maximum
    self.best = best
    self.isFinite = isFinite
  }

  /// The natural logarithm of Σ exp(logit).
  public var logSumExp: Double { Double(maximum) + log(sum) }
}

/// Statistics of every row of logits; sums run in double precision.
public func logitStatistics(_ logits: Span<Float>, width: Int) -> [LogitStatistics] {
  let rows = rowCount(logits.count, width: width)
  var results = [ck_logit_statistics](repeating: ck_logit_statistics(), count: rows)
  unsafe logits.withUnsafeBufferPointer { logits in
    unsafe results.withUnsafeMutableBufferPointer { results in
      guard let source = logits.baseAddress, let target = results.baseAddress else { return }
      unsafe ck_logits(source, rows, width, target)
    }
  }
  return results.map {
    LogitStatistics(
      sum: $0.sum, maximum: $0.maximum, best: Int($0.best), isFinite: $0.finite != 0)
  }
}

func rowCount(_ values: Int, width: Int) -> Int {
  precondition(width > 0 && values.isMultiple(of: width), "\(values) values in rows of \(width)")
  return values / width
}
