import CKernels
public import Tensors

/// Widens stored elements to single precision; exact for every input, NaN included.
///
/// The elements are little-endian, at any alignment.
/// - Precondition: `dtype` is F32, F16 or BF16, and `bytes` holds as many elements as `destination`.
public func widen(
  _ bytes: RawSpan, from dtype: DType, into destination: inout MutableSpan<Float>
) {
  let count = destination.count
  precondition(
    bytes.byteCount == count * dtype.bitWidth / 8,
    "\(bytes.byteCount) bytes hold other than \(count) elements of \(dtype.rawValue)")
  unsafe bytes.withUnsafeBytes { from in
    unsafe destination.withUnsafeMutableBufferPointer { to in
      guard let source = from.baseAddress, let target = to.baseAddress else { return }
      switch dtype {
      case .f32:
        unsafe UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: 4 * count)
      case .f16: unsafe ck_widen_f16(source, target, count)
      case .bf16: unsafe ck_widen_bf16(source, target, count)
      default: preconditionFailure("\(dtype.rawValue) does not widen to single precision")
      }
    }
  }
}

/// Rounds to nearest, ties to even, and stores little-endian elements; NaN stays NaN.
///
/// Half precision overflows to infinity beyond 65,519.
/// - Precondition: `dtype` is F32, F16 or BF16, and `destination` has room for exactly `values`.
public func narrow(
  _ values: Span<Float>, to dtype: DType, into destination: inout MutableSpan<UInt8>
) {
  let count = values.count
  precondition(
    destination.count == count * dtype.bitWidth / 8,
    "\(destination.count) bytes hold other than \(count) elements of \(dtype.rawValue)")
  unsafe values.withUnsafeBufferPointer { from in
    unsafe destination.withUnsafeMutableBufferPointer { to in
      guard let source = from.baseAddress, let target = to.baseAddress else { return }
      switch dtype {
      case .f32:
        unsafe UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: 4 * count)
      case .f16: unsafe ck_narrow_f16(source, target, count)
      case .bf16: unsafe ck_narrow_bf16(source, target, count)
      default: preconditionFailure("single precision does not narrow to \(dtype.rawValue)")
      }
    }
  }
}

/// Rounds each value to the nearest one that `dtype` holds, ties to even; F32 leaves all as they are.
///
/// - Precondition: `dtype` is F32, F16 or BF16.
public func round(_ values: inout MutableSpan<Float>, to dtype: DType) {
  unsafe values.withUnsafeMutableBufferPointer { buffer in
    guard let pointer = buffer.baseAddress else { return }
    switch dtype {
    case .f32: break
    case .f16: unsafe ck_round_f16(pointer, buffer.count)
    case .bf16: unsafe ck_round_bf16(pointer, buffer.count)
    default: preconditionFailure("\(dtype.rawValue) is no rounding target for single precision")
    }
  }
}
