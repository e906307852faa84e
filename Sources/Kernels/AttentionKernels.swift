import CKernels
import Glibc

/// Sizes of an attention layer, whose query head h uses key-value head h / (queries / keyValues).
public struct HeadSizes: Sendable, Hashable {
  /// The most dimensions per head that the attention kernel has room for.
  public static let largestSize = 256

  public let queries: Int
  public let keyValues: Int
  /// Dimensions per head.
  public let size: Int

  /// - Precondition: `keyValues` divides `queries`.
  public init(queries: Int, keyValues: Int, size: Int) {
    precondition(queries > 0 && keyValues > 0 && queries.isMultiple(of: keyValues))
    precondition(size > 0 && size <= Self.largestSize, "heads of \(size) dimensions")
    self.queries = queries
    self.keyValues = keyValues
    self.size = size
  }

  /// Dimensions per head with the zeros that fill its last vector.
  public var padded: Int { (size + 15) / 16 * 16 }
  /// Values of a row of projected queries, keys and values.
  public var projectedWidth: Int { (queries + 2 * keyValues) * size }
  /// Values of a row of rotated, padded queries.
  public var queryWidth: Int { queries * padded }
  /// Values of a row of the key-value table.
  public var keyValueWidth: Int { 2 * keyValues * padded }
  /// Values of a row of attention results.
  public var outputWidth: Int { queries * size }

  fileprivate func kernel(_ rotary: RotaryTable? = nil) -> ck_heads {
    ck_heads(
      queries: queries, key_values: keyValues, size: size, padded: padded,
      rotated: 2 * (rotary?.count ?? 0), interleaved: rotary?.isInterleaved == true ? 1 : 0)
  }
}

/// Cosines and sines of the angles of every position, `count` angles per position.
public struct RotaryTable: Sendable {
  let count: Int
  let positions: Int
  let cosines: [Float]
  let sines: [Float]
  /// Dimensions 2m and 2m + 1 rotate together, else m and m + count.
  let isInterleaved: Bool

  /// Angles are position · frequency in single precision, as the reference implementation has them; cosines and
  /// sines are multiplied with `scale`.
  public init(
    frequencies: [Float], positions: Int, scale: Double = 1, isInterleaved: Bool = false
  ) {
    count = frequencies.count
    self.positions = positions
    self.isInterleaved = isInterleaved
    var cosines: [Float] = []
    var sines: [Float] = []
    cosines.reserveCapacity(positions * count)
    sines.reserveCapacity(positions * count)
    for position in 0..<positions {
      for frequency in frequencies {
        let angle = Double(Float(position) * frequency)
        cosines.append(Float(scale * cos(angle)))
        sines.append(Float(scale * sin(angle)))
      }
    }
    self.cosines = cosines
    self.sines = sines
  }
}

/// Consecutive rows of a key-value table.
public struct KeyRange: BitwiseCopyable, Sendable, Hashable {
  public var start: Int32
  public var count: Int32

  public init(start: Int, count: Int) {
    self.start = Int32(start)
    self.count = Int32(count)
  }
}

/// Splits projected rows into queries and a block of the key-value table.
///
/// Adds the bias (none if empty), rotates the leading dimensions of queries and keys by their positions (none
/// without a table), scales queries by `queryScale`, and pads every head with zeros.
public func splitHeads(
  _ projected: Span<Float>, bias: Span<Float>, heads: HeadSizes, positions: Span<Int32>,
  rotary: RotaryTable?, queryScale: Float, queries: inout MutableSpan<Float>,
  keyValues: inout MutableSpan<Float>
) {
  let rows = rowCount(projected.count, width: heads.projectedWidth)
  precondition(bias.isEmpty || bias.count == heads.projectedWidth)
  precondition(positions.count == rows)
  precondition(queries.count == rows * heads.queryWidth)
  precondition(keyValues.count == rows * heads.keyValueWidth)
  if let rotary {
    precondition(2 * rotary.count <= heads.size, "\(rotary.count) pairs in heads of \(heads.size)")
    for row in 0..<rows {
      precondition(positions[row] >= 0 && Int(positions[row]) < rotary.positions)
    }
  }
  var sizes = heads.kernel(rotary)
  unsafe projected.withUnsafeBufferPointer { projected in
    unsafe bias.withUnsafeBufferPointer { bias in
      unsafe positions.withUnsafeBufferPointer { positions in
        unsafe queries.withUnsafeMutableBufferPointer { queries in
          unsafe keyValues.withUnsafeMutableBufferPointer { keyValues in
            guard rows > 0 else { return }
            unsafe ck_split_heads(
              projected.baseAddress, bias.isEmpty ? nil : bias.baseAddress, &sizes,
              positions.baseAddress, rotary?.cosines ?? [], rotary?.sines ?? [], queryScale, rows,
              queries.baseAddress, keyValues.baseAddress)
          }
        }
      }
    }
  }
}

/// Attention of consecutive tokens of one path over their ancestors and themselves.
///
/// Row r of `queries` sees, in order of position, the rows of `keyValues` in the `prefix` ranges, then
/// `last.count + r` rows from `last.start` on; of all these only the final `window` ones, if there is a
/// window. Scores s become cap·tanh(s/cap), if there is a cap. With `bf16` queries, keys, values and weights are
/// rounded before they are multiplied. `scratch` is overwritten, and grows as needed.
public func attend(
  _ queries: Span<Float>, heads: HeadSizes, keyValues: Span<Float>, prefix: Span<KeyRange>,
  last: KeyRange, window: Int?, cap: Float? = nil, precision: GemmPrecision = .f32,
  scratch: inout [Float], into out: inout MutableSpan<Float>
) {
  let rows = rowCount(queries.count, width: heads.queryWidth)
  let tableRows = rowCount(keyValues.count, width: heads.keyValueWidth)
  precondition(out.count == rows * heads.outputWidth)
  precondition(window.map { $0 > 0 } ?? true)
  precondition(cap.map { $0 > 0 } ?? true)
  var keys = 0
  for index in 0..<prefix.count {
    check(prefix[index], Int(prefix[index].count), tableRows)
    keys += Int(prefix[index].count)
  }
  let longest = Int(last.count) + max(0, rows - 1)
  check(last, longest, tableRows)
  precondition(last.count > 0, "a token sees itself")
  keys += longest
  var sizes = heads.kernel()
  // Rows of a window see up to a vector of keys more than it holds, and one more from row to row.
  let seen = min(keys, window.map { $0 + rows + 15 } ?? keys)
  let needed = unsafe ck_attention_scratch(&sizes, seen)
  if scratch.count < needed { scratch = [Float](repeating: 0, count: needed + needed / 2) }
  unsafe queries.withUnsafeBufferPointer { queries in
    unsafe keyValues.withUnsafeBufferPointer { keyValues in
      unsafe prefix.withUnsafeBufferPointer { prefix in
        unsafe out.withUnsafeMutableBufferPointer { out in
          unsafe scratch.withUnsafeMutableBufferPointer { scratch in
            // The two structures have the same layout: two 32-bit integers.
            unsafe prefix.withMemoryRebound(to: ck_key_range.self) { ranges in
              let kernel = unsafe precision == .f32 ? ck_attend : ck_attend_bf16
              unsafe kernel(
                queries.baseAddress, rows, &sizes, keyValues.baseAddress, ranges.baseAddress,
                ranges.count, ck_key_range(start: last.start, count: last.count), window ?? 0,
                cap ?? 0, scratch.baseAddress, out.baseAddress)
            }
          }
        }
      }
    }
  }
}

private func check(_ range: KeyRange, _ count: Int, _ rows: Int) {
  precondition(
    range.start >= 0 && range.count >= 0 && Int(range.start) + count <= rows,
    "rows \(range.start) + \(count) of a key-value table of \(rows)")
}
