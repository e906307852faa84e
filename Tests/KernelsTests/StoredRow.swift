import Tensors
import Testing

@testable import Kernels

/// Numbers as a tensor stores them, and what they are in single precision.
struct StoredRow {
  let elements: StoredElements
  let values: [Float]

  init(_ numbers: [Float], _ dtype: DType) throws {
    let width = dtype.bitWidth / 8
    // Behind an odd byte, as safetensors may place its data.
    let buffer = try AlignedBuffer(count: numbers.count * width + 1)
    buffer.withMutableBytes { bytes in
      var part = bytes._mutatingExtracting(1..<bytes.count)
      narrow(numbers.span, to: dtype, into: &part)
    }
    elements = StoredElements(buffer, offset: 1, dtype: dtype, count: numbers.count)
    var values = [Float](repeating: 0, count: numbers.count)
    var span = values.mutableSpan
    elements.widen(0..<numbers.count, into: &span)
    self.values = values
  }
}

func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

/// The results as single precision rounded to `dtype`, and as stored bytes.
func results(
  _ merge: DirectMerge, _ rows: [StoredRow], _ elements: Range<Int>, _ dtype: DType
) -> (values: [Float], bytes: [UInt8]) {
  var values = [Float](repeating: .nan, count: elements.count)
  var span = values.mutableSpan
  let inputs = rows.map(\.elements)
  merge.merge(inputs, elements: elements, roundedTo: dtype, into: &span)
  var bytes = [UInt8](repeating: 0xAA, count: elements.count * dtype.bitWidth / 8)
  var byteSpan = bytes.mutableSpan
  merge.merge(inputs, elements: elements, storedAs: dtype, into: &byteSpan)
  return (values, bytes)
}

/// Compares both kinds of results with plain numbers, element by element.
func expect(
  _ merge: DirectMerge, _ rows: [StoredRow], _ elements: Range<Int>, _ dtype: DType,
  _ plain: (Int) -> Float, sourceLocation: SourceLocation = #_sourceLocation
) {
  let (values, bytes) = results(merge, rows, elements, dtype)
  var expected = elements.map(plain)
  var stored = [UInt8](repeating: 0, count: bytes.count)
  var target = stored.mutableSpan
  narrow(expected.span, to: dtype, into: &target)
  var span = expected.mutableSpan
  round(&span, to: dtype)
  // NaNs may differ in what they carry.
  func pattern(_ value: Float) -> UInt32 { value.isNaN ? UInt32.max : value.bitPattern }
  #expect(values.map(pattern) == expected.map(pattern), sourceLocation: sourceLocation)
  if !expected.contains(where: \.isNaN) {
    #expect(bytes == stored, sourceLocation: sourceLocation)
  }
}

/// Zeros of both signs, what is no number, and the ends of the ranges of all dtypes.
let specialNumbers: [Float] = [
  0, -0.0, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, -.leastNormalMagnitude, 65504,
  -65520, 1e-7, 3e38, -1e-30,
]
