import CKernels

/// The weights of a norm over parts of rows, in a fixed order of all sums.
///
/// (x - mean) / √(variance + ε) · weights + bias where centered, else x / √(mean(x²) + ε) · weights. References:
/// Ba et al. 2016, <https://arxiv.org/abs/1607.06450>; Zhang and Sennrich 2019,
/// <https://arxiv.org/abs/1910.07467>.
public struct RowNorm: Sendable {
  /// For every part of a row, one after the other.
  public let weights: [Float]
  /// Like ``weights``, or empty.
  public let bias: [Float]
  public let epsilon: Float
  public let isCentered: Bool
  /// Values that are normalized together.
  public let width: Int

  /// - Precondition: `width` divides the number of weights; there are as many biases, or none.
  public init(
    weights: [Float], bias: [Float] = [], epsilon: Float, isCentered: Bool, width: Int? = nil
  ) {
    let width = width ?? weights.count
    precondition(width > 0 && weights.count.isMultiple(of: width), "\(weights.count) of \(width)")
    precondition(bias.isEmpty || bias.count == weights.count)
    self.weights = weights
    self.bias = bias
    self.epsilon = epsilon
    self.isCentered = isCentered
    self.width = width
  }

  /// out = norm(x), row by row; a row is as wide as ``weights``.
  public func apply(_ x: Span<Float>, into out: inout MutableSpan<Float>) {
    precondition(out.count == x.count, "\(x.count) values in, \(out.count) out")
    let rows = rowCount(x.count, width: weights.count)
    if bias.isEmpty, !isCentered, width == weights.count {
      rmsNorm(x, weights: weights.span, epsilon: epsilon, into: &out)
      return
    }
    unsafe x.withUnsafeBufferPointer { x in
      unsafe out.withUnsafeMutableBufferPointer { out in
        guard let source = x.baseAddress, let target = out.baseAddress else { return }
        unsafe withKernel { norm in
          unsafe ck_normalize(source, weights.count, nil, norm, rows, target, weights.count)
        }
      }
    }
  }

  /// Replaces in every row of `rows`, `stride` values wide, as many values as there are weights, from `offset` on,
  /// by norm(values + bias).
  ///
  /// A bias has a value for each of a whole row; an empty one adds nothing.
  public func apply(
    to rows: inout MutableSpan<Float>, stride: Int, offset: Int = 0, adding added: Span<Float>
  ) {
    let count = rowCount(rows.count, width: stride)
    precondition(
      offset >= 0 && offset + weights.count <= stride,
      "\(weights.count) values from \(offset) on in rows of \(stride)")
    precondition(added.isEmpty || added.count == stride)
    unsafe added.withUnsafeBufferPointer { added in
      unsafe rows.withUnsafeMutableBufferPointer { rows in
        guard let first = rows.baseAddress else { return }
        let start = unsafe first + offset
        let added = unsafe added.isEmpty ? nil : added.baseAddress.map { unsafe $0 + offset }
        unsafe withKernel { norm in
          unsafe ck_normalize(start, stride, added, norm, count, start, stride)
        }
      }
    }
  }

  private func withKernel(_ body: (UnsafePointer<ck_norm>) -> Void) {
    unsafe weights.withUnsafeBufferPointer { weights in
      unsafe bias.withUnsafeBufferPointer { bias in
        var norm = unsafe ck_norm(
          weights: weights.baseAddress, bias: bias.isEmpty ? nil : bias.baseAddress,
          epsilon: epsilon, centered: isCentered ? 1 : 0, groups: weights.count / width,
          width: width)
        unsafe body(&norm)
      }
    }
  }
}
