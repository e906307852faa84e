import Architectures
public import Checkpoints
public import Diagnostics
public import Kernels
import Synchronization

/// In which numbers matrix products are computed.
public enum Precision: String, Sendable, CaseIterable, Codable {
  /// Single precision, the reference.
  case f32
}

/// The forward pass of decoders on the CPU.
///
/// A result depends on the weights and on the tokens before it alone: not on what else is computed at the
/// same time, nor on the number of workers, nor on how memory cuts the work.
public final class InferenceEngine: Sendable {
  let pool: WorkerPool
  public let precision: Precision
  private let gemm: Gemm
  let workspaces = WorkspacePool()
  private let verified = Mutex<[Set<MatrixShape>: Gemm]>([:])

  /// - Throws: ``Diagnostic`` if this build lacks the library.
  public init(
    pool: WorkerPool, backend: GemmBackend = .standard, precision: Precision = .f32
  ) throws(Diagnostic) {
    guard GemmBackend.available.contains(backend) else {
      throw Diagnostic(
        "this build has no \(backend.rawValue)", at: "matrix products",
        fix: "use \(GemmBackend.standard.rawValue), or build with the package trait OneDNN")
    }
    self.pool = pool
    self.precision = precision
    gemm = Gemm(backend)
  }

  /// The products for a decoder's shapes, tested on this machine the first time they are needed.
  func gemm(for decoder: Decoder) throws(Diagnostic) -> Gemm {
    let shapes = Set(decoder.matrixShapes)
    if let known = verified.withLock({ $0[shapes] }) { return known }
    let ordered = shapes.sorted { ($0.outputs, $0.inputs) < ($1.outputs, $1.inputs) }
    let tested = try gemm.verify(shapes: ordered.map { ($0.outputs, $0.inputs) })
    verified.withLock { $0[shapes] = tested }
    return tested
  }

  /// How blocks of about `rows` rows pass through the layers of a decoder.
  func pass(for decoder: Decoder, rows: Int) throws(Diagnostic) -> LayerPass {
    let gemm = try gemm(for: decoder)
    // Taller blocks read the weights less often, but every worker should get several of them.
    let height = gemm.heights.last { $0 * 4 * pool.threads <= rows } ?? gemm.heights[0]
    return LayerPass(
      configuration: decoder.configuration, heads: decoder.heads, gemm: gemm, height: height,
      pool: pool, workspaces: workspaces)
  }

  /// The probabilities that a forest asks for, under each of the sources.
  ///
  /// Goes layer by layer through all sources that fit into `memory` bytes together, so that what their
  /// weights are made from is read once; a forest that does not fit is cut into parts.
  /// - Returns: For each source the results in order of the forest's probes, or why it has none: weights
  ///   that do not fit its configuration, tokens outside of its vocabulary, values that are not finite.
  /// - Throws: `CancellationError` within a layer's time of the task's cancellation; ``Diagnostic`` if
  ///   the matrix products fail their self-test.
  public func score(
    _ forest: TokenForest, sources: [any WeightSource], memory: Int
  ) throws -> [Result<[ProbeResult], Diagnostic>] {
    var outcomes = sources.map { source in
      Result { () throws(Diagnostic) in
        let decoder = try Decoder(source)
        try decoder.check(forest)
        return decoder
      }
    }
    for case .success(let decoder) in outcomes { _ = try gemm(for: decoder) }
    let needs = outcomes.compactMap { try? $0.get() }.map { MemoryNeeds($0, pool, tallest: gemm) }
    guard let need = MemoryNeeds.largest(of: needs) else {
      return outcomes.map { $0.map { _ in [] } }
    }
    let order = forest.preorder
    let probes = NodeProbes(forest)
    let cut = need.cut(rows: order.count, sources: sources.count, depth: forest.depth, memory)
    var results = sources.map { _ in [ProbeResult?](repeating: nil, count: forest.probeCount) }
    for start in stride(from: 0, to: order.count, by: cut.rows) {
      let part = ForestRows(
        forest, order: order, part: start..<min(order.count, start + cut.rows),
        probesOfNode: probes)
      for first in stride(from: 0, to: sources.count, by: cut.sources) {
        let wave = first..<min(sources.count, first + cut.sources)
        let scored = try scoreWave(part, forest, outcomes[wave])
        for (index, outcome) in zip(wave, scored) {
          switch outcome {
          case .failure(let problem): outcomes[index] = .failure(problem)
          case .success(let values):
            for (probe, value) in zip(part.probes, values) { results[index][probe] = value }
          }
        }
      }
    }
    return zip(outcomes, results).map { outcome, results in
      outcome.map { _ in results.compactMap { $0 } }
    }
  }

  /// All logits of every token of some sequences, each [tokens · vocabulary], row-major.
  ///
  /// - Throws: ``Diagnostic`` if the source does not fit its configuration, a token lies outside of its
  ///   vocabulary, a sequence is too long, or a value is not finite; `CancellationError`.
  public func logits(_ sequences: [[Int]], source: any WeightSource) throws -> [[Float]] {
    let decoder = try Decoder(source)
    var forest = TokenForest()
    let paths = sequences.map { forest.insertPath($0) }
    try decoder.check(forest)
    let order = forest.preorder
    let part = ForestRows(
      forest, order: order, part: 0..<order.count, probesOfNode: NodeProbes(forest))
    let pass = try pass(for: decoder, rows: order.count)
    var run = try ForwardRun(decoder, part.rows, pass)
    for layer in 0..<decoder.configuration.layerCount {
      try Task.checkCancellation()
      try run.advance(through: layer)
    }
    let head = try VocabularyHead(decoder, pass)
    let logits = try head.logits(try head.normed(run.states, rows: Array(0..<order.count)))
    let vocabulary = decoder.configuration.vocabularySize
    guard logits.allSatisfy(\.isFinite) else { throw decoder.notFinite(afterLayer: nil, pool) }
    return paths.map { path in
      path.flatMap { node in
        let row = Int(part.rowOfNode[node])
        return logits[row * vocabulary..<(row + 1) * vocabulary]
      }
    }
  }
}

extension InferenceEngine {
  /// One part of a forest through all layers, source by source within each layer.
  private func scoreWave(
    _ part: ForestRows, _ forest: TokenForest, _ wave: ArraySlice<Result<Decoder, Diagnostic>>
  ) throws -> [Result<[ProbeResult], Diagnostic>] {
    var runs: [Result<ForwardRun, Diagnostic>] = []
    for outcome in wave {
      runs.append(
        try capture {
          let decoder = try outcome.get()
          return try ForwardRun(decoder, part.rows, try pass(for: decoder, rows: part.rows.count))
        })
    }
    let layers = runs.compactMap { try? $0.get().decoder.configuration.layerCount }.max() ?? 0
    var tables = LayerTables()
    for layer in 0..<layers {
      for index in runs.indices {
        try Task.checkCancellation()
        guard case .success(var run) = runs[index],
          layer < run.decoder.configuration.layerCount
        else { continue }
        // The run leaves its place while it changes, so that its states are not copied.
        runs[index] = .failure(Diagnostic("", at: "", fix: ""))
        runs[index] = try capture {
          try run.advance(through: layer, tables: &tables)
          return run
        }
      }
    }
    return try runs.map { outcome in
      try capture {
        try Task.checkCancellation()
        return try scoreProbes(part, forest, outcome.get())
      }
    }
  }

  private func scoreProbes(
    _ part: ForestRows, _ forest: TokenForest, _ run: ForwardRun
  ) throws -> [ProbeResult] {
    let head = try VocabularyHead(run.decoder, run.pass)
    let targets = part.probedRows.enumerated().flatMap { index, row in
      part.probes[row.probes].map {
        VocabularyHead.Target(row: index, token: Int(forest.probes[$0].token))
      }
    }
    let normed = try head.normed(run.states, rows: part.probedRows.map(\.row))
    let scored = try head.score(normed, targets: targets)
    guard scored.statistics.allSatisfy(\.isFinite) else {
      throw run.decoder.notFinite(afterLayer: nil, pool)
    }
    return zip(targets, scored.targets).map { target, logit in
      let statistics = scored.statistics[target.row]
      return ProbeResult(
        logProbability: Double(logit) - statistics.logSumExp, best: statistics.best,
        isArgmax: statistics.best == target.token)
    }
  }

  /// The result of `body`, or the problem of this source; other errors end everything.
  private func capture<T>(_ body: () throws -> T) throws -> Result<T, Diagnostic> {
    do {
      return .success(try body())
    } catch let problem as Diagnostic {
      return .failure(problem)
    }
  }
}
