internal import CKernels
public import Tensors

/// Number of NaNs and infinities among little-endian numbers at any alignment.
///
/// - Precondition: The dtype is mergeable (F16, BF16, F32, F64) and the bytes are whole numbers of it.
public func countNonFinite(_ bytes: RawSpan, _ dtype: DType) -> Int {
  precondition(dtype.isMergeable, "\(dtype.rawValue) has no NaN to look for")
  let width = dtype.bitWidth / 8
  precondition(
    bytes.byteCount.isMultiple(of: width), "\(bytes.byteCount) bytes of \(dtype.rawValue)")
  let count = bytes.byteCount / width
  return unsafe bytes.withUnsafeBytes { source in
    guard let address = unsafe source.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
      return 0
    }
    return switch dtype {
    case .f16: unsafe ck_count_non_finite_16(address, count, 0x7C00)
    case .bf16: unsafe ck_count_non_finite_16(address, count, 0x7F80)
    case .f64: unsafe ck_count_non_finite_f64(address, count)
    default: unsafe ck_count_non_finite_f32(address, count)
    }
  }
}

/// Whether none of the values is NaN or infinite.
public func allFinite(_ values: Span<Float>) -> Bool {
  unsafe values.withUnsafeBytes { source in
    guard let address = unsafe source.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
      return true
    }
    return unsafe ck_count_non_finite_f32(address, values.count) == 0
  }
}
