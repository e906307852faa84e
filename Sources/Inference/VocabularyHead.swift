import Architectures
import Checkpoints
import Kernels

/// Turns hidden states into logits, one part of the vocabulary after the other.
struct VocabularyHead {
  /// Where the packed parts of the head come from.
  enum Panels: Sendable {
    /// Read and packed when they are needed, then let go.
    case streamed
    /// Kept, in the order of the decoder's vocabulary panels.
    case resident([PackedMatrix])
  }

  let decoder: Decoder
  let pass: LayerPass
  let vectors: Vectors
  let panels: Panels

  /// What the head needs beside its matrix.
  struct Vectors: Sendable {
    let norm: RowNorm?
    /// One value per token; empty if there is none.
    let bias: [Float]

    init(_ decoder: Decoder, _ pool: WorkerPool) throws {
      norm = try decoder.norm(.final, pool: pool)
      bias = decoder.name(.headBias) == nil ? [] : try decoder.vector(.headBias, pool: pool)
    }
  }

  init(_ decoder: Decoder, _ pass: LayerPass) throws {
    self.init(
      decoder, pass, vectors: try Vectors(decoder, pass.pool), panels: .streamed)
  }

  init(_ decoder: Decoder, _ pass: LayerPass, vectors: Vectors, panels: Panels) {
    self.decoder = decoder
    self.pass = pass
    self.vectors = vectors
    self.panels = panels
  }

  private var hidden: Int { decoder.configuration.hiddenSize }

  /// A token whose logit is wanted in a row.
  struct Target: Sendable {
    let row: Int
    let token: Int
  }

  /// The final norm of `count` rows of `states`, the first of which lies at `start`: [count, hidden].
  func normed(_ states: [Float], at start: Int = 0, count: Int) throws -> [Float] {
    var normed = [Float](repeating: 0, count: count * hidden)
    try pass.pool.forEachTile(of: &normed, tile: 64 * hidden) {
      [hidden, norm = vectors.norm] offset, tile in
      for index in 0..<tile.count / hidden {
        let from = start + offset + index * hidden
        var out = tile._mutatingExtracting(index * hidden..<(index + 1) * hidden)
        norm?.apply(states.span.extracting(from..<from + hidden), into: &out)
      }
    }
    return normed
  }

  /// Statistics of the logits of every row, and the logits of `targets`, which are in order of the row.
  func score(
    _ normed: [Float], targets: [Target]
  ) throws -> (statistics: [LogitStatistics], targets: [Float]) {
    let count = normed.count / hidden
    var statistics = [LogitStatistics?](repeating: nil, count: count)
    var logits = [Float](repeating: .nan, count: targets.count)
    let starts = Self.starts(of: targets, rows: count)
    let blocks = blocks(of: count)
    try forEachPanel { panel, matrix in
      let results = try pass.pool.map(blocks.count) { number in
        let rows = blocks[number].rows
        return pass.workspaces.with { space in
          multiply(normed, blocks[number], panel, matrix, &space)
          let product = space.product
          let wanted = starts[rows.lowerBound]..<starts[rows.upperBound]
          let found = wanted.compactMap { index -> (Int, Float)? in
            let target = targets[index]
            guard panel.contains(target.token) else { return nil }
            let place = (target.row - rows.lowerBound) * panel.count
            return (index, product[place + target.token - panel.lowerBound])
          }
          let parts = pass.times.measure(.head) {
            logitStatistics(
              product.span.extracting(0..<rows.count * panel.count), width: panel.count)
          }
          return (parts: parts, found: found)
        }
      }
      for (block, result) in zip(blocks, results) {
        for (row, part) in zip(block.rows, result.parts) {
          let shifted = part.shifted(by: panel.lowerBound)
          statistics[row] = statistics[row].map { $0.joined(with: shifted) } ?? shifted
        }
        for (index, logit) in result.found { logits[index] = logit }
      }
    }
    return (statistics.compactMap { $0 }, logits)
  }

  /// All logits of every row, [rows, vocabulary].
  func logits(_ normed: [Float]) throws -> [Float] {
    let vocabulary = decoder.configuration.vocabularySize
    var logits = [Float](repeating: 0, count: normed.count / hidden * vocabulary)
    let blocks = blocks(of: normed.count / hidden)
    let parts = blocks.map {
      $0.rows.lowerBound * vocabulary..<$0.rows.upperBound * vocabulary
    }
    try forEachPanel { panel, matrix in
      try pass.pool.forEachPart(of: &logits, parts) { number, part in
        let block = blocks[number]
        pass.workspaces.with { space in
          multiply(normed, block, panel, matrix, &space)
          for row in 0..<block.rows.count {
            for index in 0..<panel.count {
              part[row * vocabulary + panel.lowerBound + index] =
                space.product[row * panel.count + index]
            }
          }
        }
      }
    }
    return logits
  }

  private func blocks(of rows: Int) -> [RowBlock] {
    RowBlock.cut(rows, heights: pass.gemm.heights, workers: pass.pool.threads)
  }

  private func forEachPanel(_ body: (Range<Int>, PackedMatrix) throws -> Void) throws {
    if case .resident(let matrices) = panels {
      for (panel, matrix) in zip(decoder.vocabularyPanels, matrices) { try body(panel, matrix) }
      return
    }
    try decoder.prepareHead(pass.pool)
    for panel in decoder.vocabularyPanels {
      let matrix = try decoder.packedHead(
        panel, gemm: pass.gemm, pool: pass.pool, times: pass.times)
      pass.times.noteMemory()
      try body(panel, matrix)
    }
  }

  /// space.product = the logits of the block's rows for a part of the vocabulary, padded to its height.
  private func multiply(
    _ normed: [Float], _ block: RowBlock, _ panel: Range<Int>, _ matrix: PackedMatrix,
    _ space: inout Workspace
  ) {
    let own = normed.span.extracting(
      block.rows.lowerBound * hidden..<block.rows.upperBound * hidden)
    space.input.fill(own.count, of: block.height * hidden) { copy(own, into: &$0) }
    pass.multiply(
      space.input, matrix, block.height, space.gemm, into: &space.product, phase: .head)
    adjust(&space.product, block.rows.count, panel)
  }

  /// Adds the bias, scales and caps, where the model says so.
  private func adjust(_ logits: inout [Float], _ rows: Int, _ panel: Range<Int>) {
    let configuration = decoder.configuration
    guard !vectors.bias.isEmpty || configuration.logitScale != 1 || configuration.logitCap != nil
    else { return }
    var span = logits.mutableSpan
    var used = span._mutatingExtracting(0..<rows * panel.count)
    let bias = vectors.bias.span
    adjustLogits(
      &used, bias: bias.isEmpty ? bias : bias.extracting(panel),
      scale: Float(configuration.logitScale), cap: configuration.logitCap.map(Float.init),
      width: panel.count)
  }

  /// For each row the first of its targets, and at the end their number.
  private static func starts(of targets: [Target], rows: Int) -> [Int] {
    var starts = [Int](repeating: 0, count: rows + 1)
    for target in targets { starts[target.row + 1] += 1 }
    for row in 0..<rows { starts[row + 1] += starts[row] }
    return starts
  }
}

extension Decoder {
  func prepareHead(_ pool: WorkerPool) throws {
    try source.prepare(headName, on: pool)
  }

  /// The rows `panel` of the head, packed.
  func packedHead(
    _ panel: Range<Int>, gemm: Gemm, pool: WorkerPool, times: WorkTimes
  ) throws -> PackedMatrix {
    let hidden = configuration.hiddenSize
    let name = headName
    var jobs = PackingJobs()
    let matrix = jobs.add(outputs: panel.count, inputs: hidden, gemm: gemm) {
      [source] slice, rows in
      let first = (panel.lowerBound + slice.lowerBound) * hidden
      try source.read(name, elements: first..<first + rows.count, into: &rows)
    }
    try jobs.run(on: pool, times: times)
    return matrix
  }
}
