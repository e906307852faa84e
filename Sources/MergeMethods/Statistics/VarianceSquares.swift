import Kernels

/// `Σ δ²` of each model of `[x…, base]` by the bin of the element's variance, for the bins that occur.
struct VarianceSquares: Reduction {
  /// How many models there are.
  let models: Int

  struct Value: Sendable {
    let models: Int
    let firstBin: Int
    /// Bin by bin, one sum per model.
    let sums: [Double]

    /// The sums over all bins above `bin`; over all if that is nil.
    func total(above bin: Int? = nil) -> [Double] {
      var total = [Double](repeating: 0, count: models)
      let first = max(0, (bin.map { $0 + 1 } ?? firstBin) - firstBin)
      for place in stride(from: first * models, to: sums.count, by: models) {
        for model in 0..<models { total[model] += sums[place + model] }
      }
      return total
    }
  }

  func startChunk() -> [Double] {
    [Double](repeating: 0, count: MagnitudeBins.binCount * models)
  }

  func add(_ stack: inout MergeStack, rows: [Int], to partial: inout [Double]) {
    let (inputs, base) = (Array(rows.dropLast()), rows[models])
    stack.measureVariances(of: inputs, from: base)
    stack.addSquares(of: inputs, from: base, toBins: &partial)
  }

  func startTotal() -> [Double] { startChunk() }

  func fold(_ partial: [Double], into total: inout [Double]) {
    for index in total.indices { total[index] += partial[index] }
  }

  func finish(_ total: [Double]) -> Value {
    let used = total.indices.filter { total[$0] != 0 }
    guard let first = used.first, let last = used.last else {
      return Value(models: models, firstBin: 0, sums: [])
    }
    let (firstBin, lastBin) = (first / models, last / models)
    return Value(
      models: models, firstBin: firstBin,
      sums: Array(total[firstBin * models..<(lastBin + 1) * models]))
  }

  static func byteCount(of value: Value) -> Int { 8 * value.sums.count + 32 }
}

/// `Σ δ²` of each model of `[x…, base]` over the elements of one bin of variances that a limit keeps.
struct SelectedSquares: Reduction {
  let models: Int
  let bin: Int
  let limit: MergeStack.MagnitudeLimit

  func startChunk() -> [Double] { [Double](repeating: 0, count: models) }

  func add(_ stack: inout MergeStack, rows: [Int], to partial: inout [Double]) {
    let (inputs, base) = (Array(rows.dropLast()), rows[models])
    stack.measureVariances(of: inputs, from: base)
    stack.addSquares(
      of: inputs, from: base, inBin: bin, cut: limit.cut, tieLimit: limit.tieLimit, to: &partial)
  }

  func startTotal() -> [Double] { startChunk() }

  func fold(_ partial: [Double], into total: inout [Double]) {
    for index in total.indices { total[index] += partial[index] }
  }

  func finish(_ total: [Double]) -> [Double] { total }

  static func byteCount(of value: [Double]) -> Int { 8 * value.count }
}

/// How many elements have no variance, of `[x…, base]`.
struct ZeroVariances: Reduction {
  func startChunk() -> Int { 0 }

  func add(_ stack: inout MergeStack, rows: [Int], to partial: inout Int) {
    stack.measureVariances(of: Array(rows.dropLast()), from: rows[rows.count - 1])
    partial += stack.withMeasure { variances in
      var zeros = 0
      for index in variances.indices where variances[index] == 0 { zeros += 1 }
      return zeros
    }
  }

  func startTotal() -> Int { 0 }

  func fold(_ partial: Int, into total: inout Int) { total += partial }

  func finish(_ total: Int) -> Int { total }

  static func byteCount(of value: Int) -> Int { 8 }
}
