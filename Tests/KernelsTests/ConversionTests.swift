import Tensors
import Testing

@testable import Kernels

/// Values at which conversions go wrong: both zeros, subnormals, ties, limits, infinities, NaN.
private let corners: [Float] = [
  0, -0.0, 1, -1, 65504, 65519.996, 65520, -65520, 1e-8, 5.9604645e-8, 2.9802322e-8, 2.98023224e-8,
  8.940697e-8, 6.1035156e-5, 6.1e-5, 1.0009766, 1.00048828125, 1.00146484375, 1.00390625,
  1.001953125, 1.005859375, .leastNonzeroMagnitude, .leastNormalMagnitude, -.leastNormalMagnitude,
  .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .infinity, -.infinity, .nan,
  Float(bitPattern: 0x7F80_0001), Float(bitPattern: 0xFFC1_2345), 3.4e38, Float(bitPattern: 1), 0.1,
  -123.456,
]

private func sample(_ count: Int) -> [Float] {
  (0..<count).map { index in
    if index % 3 == 0 { return corners[(index / 3 + count) % corners.count] }
    let bits = (UInt32(truncatingIfNeeded: index &* 747_796_405 &+ count &* 2_891_336_453))
    return Float(bitPattern: bits &* 2_654_435_761)
  }
}

/// Bit patterns, with every NaN the same.
private func patterns(_ values: [Float]) -> [UInt32] {
  values.map { $0.isNaN ? 0x7FC0_0000 : $0.bitPattern }
}

private func half(_ value: Float) -> UInt16 { Float16(value).bitPattern }

@Suite("Conversion")
struct ConversionTests {
  @Test("narrows as the Swift types do, for all tails", arguments: 0...67)
  func narrowing(count: Int) {
    let values = sample(count)
    for (dtype, expected) in [
      (DType.bf16, values.map { BFloat16($0).bitPattern }), (.f16, values.map(half)),
    ] {
      var stored = [UInt8](repeating: 0xAA, count: 2 * count)
      var span = stored.mutableSpan
      narrow(values.span, to: dtype, into: &span)
      let actual = (0..<count).map { UInt16(stored[2 * $0]) | UInt16(stored[2 * $0 + 1]) << 8 }
      for index in 0..<count {
        if values[index].isNaN {
          let exponent: UInt16 = dtype == .bf16 ? 0x7F80 : 0x7C00
          #expect(actual[index] & 0x7FFF > exponent, "\(dtype) of NaN at \(index)")
        } else {
          #expect(actual[index] == expected[index], "\(dtype) of \(values[index])")
        }
      }
    }
  }

  @Test("widens every 16-bit pattern exactly")
  func widening() {
    let all = Array(UInt16.min...UInt16.max)
    var result = [Float](repeating: 0, count: all.count)
    for dtype in [DType.bf16, .f16] {
      var span = result.mutableSpan
      unsafe widen(all.span.bytes, from: dtype, into: &span)
      let expected = all.map {
        dtype == .bf16 ? BFloat16(bitPattern: $0).float : Float(Float16(bitPattern: $0))
      }
      #expect(patterns(result) == patterns(expected), "\(dtype)")
    }
  }

  @Test("widens at odd addresses and for all tails", arguments: 0...67)
  func unaligned(count: Int) {
    for dtype in [DType.bf16, .f16, .f32] {
      let width = dtype.bitWidth / 8
      let bytes = (0..<1 + count * width).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
      var result = [Float](repeating: -1, count: count)
      var span = result.mutableSpan
      unsafe widen(bytes.span.bytes.extracting(1..<1 + count * width), from: dtype, into: &span)
      let expected = (0..<count).map { index -> Float in
        let start = 1 + index * width
        let low = UInt16(bytes[start]) | UInt16(bytes[start + 1]) << 8
        switch dtype {
        case .bf16: return BFloat16(bitPattern: low).float
        case .f16: return Float(Float16(bitPattern: low))
        default:
          let high = UInt32(bytes[start + 2]) | UInt32(bytes[start + 3]) << 8
          return Float(bitPattern: UInt32(low) | high << 16)
        }
      }
      #expect(patterns(result) == patterns(expected), "\(dtype)")
    }
  }

  @Test("rounds in place to the grid of the dtype", arguments: 0...67)
  func rounding(count: Int) {
    let values = sample(count)
    for dtype in [DType.bf16, .f16, .f32] {
      var rounded = values
      var span = rounded.mutableSpan
      round(&span, to: dtype)
      let expected = values.map {
        switch dtype {
        case .bf16: BFloat16($0).float
        case .f16: Float(Float16($0))
        default: $0
        }
      }
      #expect(patterns(rounded) == patterns(expected), "\(dtype)")
    }
  }
}
