/// The upper half of a single-precision number: 8 exponent bits, 7 stored significand bits.
public struct BFloat16: BitwiseCopyable, Hashable, Sendable {
  public var bitPattern: UInt16

  @inlinable
  public init(bitPattern: UInt16) { self.bitPattern = bitPattern }

  /// Rounds to nearest, ties to even; NaN stays NaN (quiet).
  @inlinable
  public init(_ value: Float) {
    let bits = value.bitPattern
    if value.isNaN {
      bitPattern = UInt16(truncatingIfNeeded: bits >> 16) | 0x40
    } else {
      bitPattern = UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16)
    }
  }

  /// Exact.
  @inlinable
  public var float: Float { Float(bitPattern: UInt32(bitPattern) << 16) }
}
