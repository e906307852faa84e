import CKernels

/// Sums and combinations along the lines of a tensor: its rows, or its columns.
///
/// Where `base` is nil an element stands for itself, else for its difference from that row of the stack.
extension MergeStack {
  /// Adds `Σ a[i] · b[i]` in double precision; element i of a row goes to lane i mod 16.
  ///
  /// - Precondition: There are ``lanes`` lanes.
  public func addProducts(_ a: Int, _ b: Int, from base: Int?, to lanes: inout [Double]) {
    precondition(lanes.count == Self.lanes, "\(lanes.count) lanes")
    let count = self.count
    unsafe withRows(a, b, base) { a, b, base in
      unsafe lanes.withUnsafeMutableBufferPointer { lanes in
        guard let lanes = lanes.baseAddress else { return }
        unsafe ck_merge_delta_dot(a, b, base, lanes, count)
      }
    }
  }

  /// Adds `Σ a[i] · b[i]` of each row of the tensor to `sums[row - firstRow]`.
  ///
  /// - Parameters:
  ///   - a: Row of the stack.
  ///   - b: Row of the stack.
  ///   - base: Row of the stack, or nil.
  ///   - length: Elements per row of the tensor.
  ///   - firstRow: Row of the tensor that the first sum is for.
  ///   - sums: One per row of the tensor that the stack reaches into, at least.
  public func addProducts(
    _ a: Int, _ b: Int, from base: Int?, rowLength length: Int, firstRow: Int,
    to sums: inout [Double]
  ) {
    guard !elements.isEmpty else { return }
    let row = elements.lowerBound / length
    precondition(
      row >= firstRow && (elements.upperBound - 1) / length - firstRow < sums.count,
      "rows from \(row) on of \(firstRow)..<\(firstRow + sums.count)")
    let (offset, count) = (elements.lowerBound % length, self.count)
    unsafe withRows(a, b, base) { a, b, base in
      unsafe sums.withUnsafeMutableBufferPointer { sums in
        guard let sums = sums.baseAddress else { return }
        unsafe ck_merge_row_dots(a, b, base, offset, length, sums + (row - firstRow), count)
      }
    }
  }

  /// Adds `a[i] · b[i]` to the sum of the element's column; there are as many columns as sums.
  public func addProducts(_ a: Int, _ b: Int, from base: Int?, toColumns sums: inout [Double]) {
    guard !sums.isEmpty else { return }
    let (columns, count, first) = (sums.count, self.count, elements.lowerBound)
    unsafe withRows(a, b, base) { a, b, base in
      unsafe sums.withUnsafeMutableBufferPointer { sums in
        guard let sums = sums.baseAddress else { return }
        unsafe ck_merge_column_dots(a, b, base, first % columns, columns, sums, count)
      }
    }
  }

  /// `sum[i] += factors[row of the tensor] · row[i]`, rounded after each operation.
  public func accumulate(
    _ row: Int, from base: Int?, rowFactors factors: [Float], rowLength length: Int,
    into sum: inout MutableSpan<Float>
  ) {
    guard !elements.isEmpty else { return }
    let first = elements.lowerBound / length
    precondition(
      (elements.upperBound - 1) / length < factors.count,
      "\(factors.count) factors for rows of \(length) up to element \(elements.upperBound)")
    let (offset, count) = (elements.lowerBound % length, self.count)
    unsafe withRows(row, row, base) { x, _, base in
      unsafe sum.withUnsafeMutableBufferPointer { sum in
        unsafe factors.withUnsafeBufferPointer { factors in
          guard let sum = sum.baseAddress, let factors = factors.baseAddress else { return }
          unsafe ck_merge_accumulate_rows(sum, x, base, factors + first, offset, length, count)
        }
      }
    }
  }

  /// `sum[i] += factors[column of the tensor] · row[i]`; there are as many columns as factors.
  public func accumulate(
    _ row: Int, from base: Int?, columnFactors factors: [Float],
    into sum: inout MutableSpan<Float>
  ) {
    guard !factors.isEmpty else { return }
    let (count, column) = (self.count, elements.lowerBound % factors.count)
    unsafe withRows(row, row, base) { x, _, base in
      unsafe sum.withUnsafeMutableBufferPointer { sum in
        unsafe factors.withUnsafeBufferPointer { factors in
          guard let sum = sum.baseAddress, let start = factors.baseAddress else { return }
          unsafe ck_merge_accumulate_columns(sum, x, base, start, column, factors.count, count)
        }
      }
    }
  }

  @unsafe
  private func withRows(
    _ a: Int, _ b: Int, _ base: Int?,
    _ body: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>?) -> Void
  ) {
    unsafe withRowPointers([a, b, base ?? a]) { rows in
      unsafe body(rows[0], rows[1], base == nil ? nil : rows[2])
    }
  }
}

/// `Σ p · ln(p/q)` with `p = softmax(b) + 1e-8` and `q = softmax(a) + 1e-8`: how far b is from a.
///
/// - Precondition: Both have the same number of elements.
public func softmaxDivergence(of b: [Float], from a: [Float]) -> Double {
  precondition(a.count == b.count, "\(a.count) != \(b.count)")
  return unsafe a.withUnsafeBufferPointer { a in
    unsafe b.withUnsafeBufferPointer { b in
      guard let start = a.baseAddress, let other = b.baseAddress else { return 0 }
      return unsafe ck_merge_divergence(start, other, a.count)
    }
  }
}
