import CKernels
import Tensors

/// The left factor of a product, row-major, in the numbers that the product reads.
public struct GemmRows: Sendable {
  public let precision: GemmPrecision
  /// What the product reads in single precision, and what is written before it is rounded.
  private(set) var values: [Float] = []
  /// What the product reads in bfloat16.
  private(set) var rounded: [BFloat16] = []

  public init(_ precision: GemmPrecision) { self.precision = precision }

  /// Makes room for `count` values; what was there may be lost.
  public mutating func reserve(_ count: Int) {
    switch precision {
    case .f32:
      if values.count < count { values = [Float](repeating: 0, count: count) }
    case .bf16:
      if rounded.count < count {
        rounded = [BFloat16](repeating: BFloat16(bitPattern: 0), count: count)
      }
    }
  }

  /// Makes room for `total` values, lets `body` write the first `count` of them in single precision, and puts zeros
  /// after these.
  public mutating func fill(
    _ count: Int, of total: Int, _ body: (inout MutableSpan<Float>) -> Void
  ) {
    reserve(total)
    if values.count < count { values = [Float](repeating: 0, count: total) }
    var span = values.mutableSpan
    var own = span._mutatingExtracting(0..<count)
    body(&own)
    if precision == .bf16 {
      unsafe values.withUnsafeBufferPointer { source in
        unsafe rounded.withUnsafeMutableBufferPointer { target in
          guard let source = source.baseAddress, let target = target.baseAddress else { return }
          unsafe ck_narrow_bf16(source, target, count)
        }
      }
    }
    clear(count..<total)
  }

  /// Overwrites values with zeros.
  public mutating func clear(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    switch precision {
    case .f32:
      var span = values.mutableSpan
      var part = span._mutatingExtracting(range)
      part.update(repeating: 0)
    case .bf16:
      var span = rounded.mutableSpan
      var part = span._mutatingExtracting(range)
      part.update(repeating: BFloat16(bitPattern: 0))
    }
  }

  /// Writes activation(gate) · up for rows of x that are gate[width], up[width], or with `hasGate` false
  /// activation(x) for rows that are x[width].
  ///
  /// A bias has as many values as a row of x; an empty one adds nothing. Rows are `stride` values wide; the results
  /// lie there from `offset` on.
  public mutating func gate(
    _ x: Span<Float>, bias: Span<Float>, activation: GateActivation, hasGate: Bool, width: Int,
    stride: Int, offset: Int
  ) {
    let rows = rowCount(x.count, width: hasGate ? 2 * width : width)
    switch precision {
    case .f32:
      var span = values.mutableSpan
      var out = span._mutatingExtracting(0..<rows * stride)
      if hasGate {
        Kernels.gate(
          x, bias: bias, activation: activation, width: width, into: &out, stride: stride,
          offset: offset)
      } else {
        activate(
          x, bias: bias, activation: activation, width: width, into: &out, stride: stride,
          offset: offset)
      }
    case .bf16:
      precondition(
        offset >= 0 && offset + width <= stride && rows * stride <= rounded.count,
        "\(width) values from \(offset) on in \(rows) rows of \(stride)")
      precondition(bias.isEmpty || bias.count == (hasGate ? 2 * width : width))
      let kernel = unsafe hasGate ? ck_gate_bf16 : ck_activate_bf16
      unsafe x.withUnsafeBufferPointer { x in
        unsafe bias.withUnsafeBufferPointer { bias in
          unsafe rounded.withUnsafeMutableBufferPointer { out in
            let bias = bias.isEmpty ? nil : bias.baseAddress
            // A BFloat16 is its 16 bits.
            unsafe out.withMemoryRebound(to: UInt16.self) { out in
              guard let source = x.baseAddress, let target = out.baseAddress else { return }
              unsafe kernel(
                source, bias, activation.kernel, rows, width, target + offset, stride)
            }
          }
        }
      }
    }
  }
}
