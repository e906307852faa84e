import CKernels

/// What methods make of several models and their base, element by element.
extension MergeStack {
  /// Calls `body` with the start of each of `rows`.
  @unsafe
  func withRowPointers<R>(
    _ rows: [Int], _ body: (UnsafeBufferPointer<UnsafePointer<Float>>) -> R
  ) -> R {
    for row in rows { precondition(row >= 0 && row < rowCount, "row \(row) of \(rowCount)") }
    return unsafe values.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { preconditionFailure("a stack without memory") }
      let starts = unsafe rows.map { unsafe base + $0 * stride }
      return unsafe starts.withUnsafeBufferPointer { unsafe body($0) }
    }
  }

  /// As ``withRowPointers(_:_:)``, with the start of the spare row.
  @unsafe
  private mutating func withSpareRow(
    _ rows: [Int],
    _ body: ([UnsafePointer<Float>], UnsafeMutablePointer<Float>, Int) -> Void
  ) {
    for row in rows { precondition(row >= 0 && row < rowCount, "row \(row) of \(rowCount)") }
    let (stride, spare, count) = (self.stride, spareRow, self.count)
    unsafe values.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      let starts = unsafe rows.map { unsafe UnsafePointer(base + $0 * stride) }
      unsafe body(starts, base + spare * stride, count)
    }
  }

  @unsafe
  private func withRows(
    _ rows: [Int], _ base: Int, _ output: inout MutableSpan<Float>,
    _ body: (
      UnsafePointer<UnsafePointer<Float>?>?, UnsafePointer<Float>, UnsafeMutablePointer<Float>
    ) -> Void
  ) {
    precondition(output.count == count, "\(output.count) results for \(count) elements")
    unsafe withRowPointers(rows + [base]) { starts in
      unsafe output.withUnsafeMutableBufferPointer { results in
        guard let results = results.baseAddress else { return }
        let all = unsafe starts.map { unsafe Optional($0) }
        unsafe all.withUnsafeBufferPointer {
          unsafe body($0.baseAddress, starts[rows.count], results)
        }
      }
    }
  }

  // MARK: - What is measured

  /// Fills the spare row with the population variance of the differences of `rows` from `base`, for
  /// the reductions that read distances.
  public mutating func measureVariances(of rows: [Int], from base: Int) {
    unsafe withSpareRow(rows + [base]) { starts, results, count in
      let models = unsafe starts.dropLast().map { unsafe Optional($0) }
      unsafe models.withUnsafeBufferPointer {
        unsafe ck_merge_variance($0.baseAddress, rows.count, starts[rows.count], results, count)
      }
    }
  }

  /// Fills the spare row with `|row[i] − base[i]| · factors[row of the tensor]`, rounded once.
  public mutating func measureImportance(
    of row: Int, from base: Int, rowFactors factors: [Double], rowLength length: Int
  ) {
    guard !elements.isEmpty else { return }
    let (first, offset) = (elements.lowerBound / length, elements.lowerBound % length)
    precondition(
      (elements.upperBound - 1) / length < factors.count,
      "\(factors.count) factors for rows of \(length) up to element \(elements.upperBound)")
    unsafe withSpareRow([row, base]) { starts, results, count in
      unsafe factors.withUnsafeBufferPointer { factors in
        guard let factors = factors.baseAddress else { return }
        unsafe ck_merge_importance(
          starts[0], starts[1], factors + first, offset, length, results, count)
      }
    }
  }

  /// Calls `body` with the distances, variances or importances of the spare row.
  public func withMeasure<R>(_ body: (Span<Float>) -> R) -> R {
    body(values.span.extracting(spareRow * stride..<spareRow * stride + count))
  }

  /// Adds the square of each difference of `rows` from `base` to `sums[bin · rows.count + model]`, the
  /// bin being that of the element's variance in the spare row.
  public func addSquares(of rows: [Int], from base: Int, toBins sums: inout [Double]) {
    precondition(sums.count == MagnitudeBins.binCount * rows.count, "\(sums.count) sums")
    unsafe withVariances(rows, base) { models, base, variances in
      unsafe sums.withUnsafeMutableBufferPointer { sums in
        guard let sums = sums.baseAddress else { return }
        unsafe ck_merge_square_bins(models, rows.count, base, variances, sums, count)
      }
    }
  }

  /// Adds the squares where the variance lies in `bin` and exceeds the key `cut`, or equals it at a flat
  /// index below `tieLimit`, to one sum per model.
  public func addSquares(
    of rows: [Int], from base: Int, inBin bin: Int, cut: UInt32, tieLimit: Int,
    to sums: inout [Double]
  ) {
    precondition(sums.count == rows.count, "\(sums.count) sums for \(rows.count) models")
    let ties = max(0, tieLimit - elements.lowerBound)
    unsafe withVariances(rows, base) { models, base, variances in
      unsafe sums.withUnsafeMutableBufferPointer { sums in
        guard let sums = sums.baseAddress else { return }
        unsafe ck_merge_square_sums(
          models, rows.count, base, variances, UInt32(bin), cut, ties, sums, count)
      }
    }
  }

  /// Counts, per model, the differences above `epsilon` that others share and those that none does.
  public func countOverlaps(
    of rows: [Int], from base: Int, epsilon: Float, shared: inout [UInt64], unique: inout [UInt64]
  ) {
    precondition(shared.count == rows.count && unique.count == rows.count, "counts per model")
    unsafe withVariances(rows, base) { models, base, _ in
      unsafe shared.withUnsafeMutableBufferPointer { shared in
        unsafe unique.withUnsafeMutableBufferPointer { unique in
          guard let shared = shared.baseAddress, let unique = unique.baseAddress else { return }
          unsafe ck_merge_overlaps(models, rows.count, base, epsilon, shared, unique, count)
        }
      }
    }
  }

  @unsafe
  private func withVariances(
    _ rows: [Int], _ base: Int,
    _ body: (UnsafePointer<UnsafePointer<Float>?>?, UnsafePointer<Float>, UnsafePointer<Float>) ->
      Void
  ) {
    let offset = spareRow * stride
    unsafe withRowPointers(rows + [base]) { starts in
      let all = unsafe starts.map { unsafe Optional($0) }
      unsafe values.withUnsafeBufferPointer { buffer in
        guard let memory = buffer.baseAddress else { return }
        unsafe all.withUnsafeBufferPointer {
          unsafe body($0.baseAddress, starts[rows.count], memory + offset)
        }
      }
    }
  }

  // MARK: - What is merged

  /// sce: `base + Σ share·δ / Σ share` over the models whose difference has the elected sign, where the
  /// variance of the differences exceeds the key `cut` or equals it at a flat index below `tieLimit`.
  ///
  /// Cut 0 with no limit selects every element.
  public func fuse(
    _ rows: [Int], onto base: Int, shares: [Float], cut: UInt32, tieLimit: Int,
    into output: inout MutableSpan<Float>
  ) {
    precondition(shares.count == rows.count, "\(shares.count) shares for \(rows.count) rows")
    let (ties, count) = (max(0, tieLimit - elements.lowerBound), self.count)
    unsafe withRows(rows, base, &output) { models, base, results in
      unsafe shares.withUnsafeBufferPointer { shares in
        guard let shares = shares.baseAddress else { return }
        unsafe ck_merge_sce(models, rows.count, base, shares, cut, ties, results, count)
      }
    }
  }

  /// nearswap: the base, drawn to the other row by `t / |difference|`, at most all the way.
  public func swapNear(
    _ base: Int, _ row: Int, t: Float, into output: inout MutableSpan<Float>
  ) {
    let count = self.count
    unsafe withRows([row], base, &output) { models, base, results in
      guard let models = unsafe models, let row = unsafe models[0] else { return }
      unsafe ck_merge_nearswap(base, row, t, results, count)
    }
  }

  /// The row where the spare row is at least `threshold`, the base elsewhere.
  public func choose(
    _ row: Int, over base: Int, fromImportance threshold: Double,
    into output: inout MutableSpan<Float>
  ) {
    let (offset, count) = (spareRow * stride, self.count)
    unsafe withRows([row], base, &output) { models, base, results in
      guard let models = unsafe models, let row = unsafe models[0] else { return }
      unsafe values.withUnsafeBufferPointer { buffer in
        guard let memory = buffer.baseAddress else { return }
        unsafe ck_merge_choose(row, base, memory + offset, threshold, results, count)
      }
    }
  }

  /// ram: `base` plus the mean of the differences above `epsilon`; one that stands alone is multiplied
  /// by its model's factor.
  public func addActive(
    _ rows: [Int], onto base: Int, epsilon: Float, loneFactors: [Float],
    into output: inout MutableSpan<Float>
  ) {
    precondition(loneFactors.count == rows.count, "\(loneFactors.count) factors")
    let count = self.count
    unsafe withRows(rows, base, &output) { models, base, results in
      unsafe loneFactors.withUnsafeBufferPointer { factors in
        guard let factors = factors.baseAddress else { return }
        unsafe ck_merge_ram(models, rows.count, base, epsilon, factors, results, count)
      }
    }
  }
}
