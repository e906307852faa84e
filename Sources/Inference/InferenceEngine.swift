import Architectures
public import Checkpoints
public import Diagnostics
public import Kernels
import Synchronization

/// In which numbers matrix products are computed.
public enum Precision: String, Sendable, CaseIterable, Codable {
  /// Single precision, the reference.
  case f32
  /// Weights and activations in bfloat16, sums in single precision; for processors that have units for it.
  case bf16

  var gemm: GemmPrecision { self == .f32 ? .f32 : .bf16 }

  /// Refuses a precision for which this processor has no units.
  ///
  /// - Throws: ``Diagnostic`` at `location`.
  public func check(on backend: GemmBackend = .standard, at location: String) throws(Diagnostic) {
    guard backend.supports(gemm) else {
      throw Diagnostic(
        backend == .oneDNN
          ? "this processor has no units for bf16 (AVX512-BF16 or AMX)"
          : "\(backend.rawValue) has no products in bf16",
        at: location, fix: "use f32, or auto, which takes what there is")
    }
  }

  /// bf16 where this processor has the units and the backend uses them, else f32.
  public static func fastest(on backend: GemmBackend = .standard) -> Precision {
    backend.supports(.bf16) ? .bf16 : .f32
  }
}

/// The forward pass of decoders on the CPU.
///
/// A result depends on the weights, on the tokens before it and on the precision alone: not on what else is
/// computed at the same time, nor on the number of workers, nor on how memory cuts the work.
public final class InferenceEngine: Sendable {
  public let pool: WorkerPool
  public let precision: Precision
  /// Where the time of everything that this engine has computed went.
  public let times: WorkTimes
  private let gemm: Gemm
  let workspaces: WorkspacePool
  private let verified = Mutex<[Set<MatrixShape>: Gemm]>([:])

  /// - Throws: ``Diagnostic`` if this build lacks the library, or the processor units for the precision.
  public init(
    pool: WorkerPool, backend: GemmBackend = .standard, precision: Precision = .f32,
    times: WorkTimes = WorkTimes()
  ) throws(Diagnostic) {
    guard GemmBackend.available.contains(backend) else {
      throw Diagnostic(
        "this build has no \(backend.rawValue)", at: "matrix products",
        fix: "use \(GemmBackend.standard.rawValue), or build with the package trait OneDNN")
    }
    try precision.check(on: backend, at: "matrix products")
    self.pool = pool
    self.precision = precision
    self.times = times
    gemm = Gemm(backend, precision.gemm)
    workspaces = WorkspacePool(precision.gemm)
  }

  /// The heights of blocks, in rows, that the self-test has kept for a model's shapes.
  ///
  /// - Throws: ``Diagnostic`` if there is none, or the source does not fit its configuration.
  public func blockHeights(for source: any WeightSource) throws(Diagnostic) -> [Int] {
    try gemm(for: Decoder(source)).heights
  }

  /// The products for a decoder's shapes, tested on this machine the first time they are needed.
  func gemm(for decoder: Decoder) throws(Diagnostic) -> Gemm {
    let shapes = decoder.matrixShapes
    if let known = verified.withLock({ $0[shapes] }) { return known }
    let ordered = shapes.sorted { ($0.outputs, $0.inputs) < ($1.outputs, $1.inputs) }
    let tested = try gemm.verify(shapes: ordered.map { ($0.outputs, $0.inputs) }, on: pool)
    verified.withLock { $0[shapes] = tested }
    return tested
  }

  /// How rows pass through the layers of a decoder.
  func pass(for decoder: Decoder) throws(Diagnostic) -> LayerPass {
    LayerPass(
      configuration: decoder.configuration, heads: decoder.heads, gemm: try gemm(for: decoder),
      pool: pool, workspaces: workspaces, times: times)
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
    var needs: [MemoryNeeds] = []
    for case .success(let decoder) in outcomes {
      needs.append(MemoryNeeds(decoder, pool, try gemm(for: decoder)))
    }
    guard let need = MemoryNeeds.largest(of: needs) else {
      return outcomes.map { $0.map { _ in [] } }
    }
    let order = forest.preorder
    let probes = NodeProbes(forest)
    let cut = need.cut(
      rows: order.count, sources: sources.count, depth: forest.depth, threads: pool.threads,
      memory: memory)
    var results = sources.map { _ in [ProbeResult?](repeating: nil, count: forest.probeCount) }
    for start in stride(from: 0, to: order.count, by: cut.rows) {
      let part = ForestRows(
        forest, order: order, part: start..<min(order.count, start + cut.rows),
        probesOfNode: probes)
      let tokens = DistinctTokens(part.rows.tokens)
      for first in stride(from: 0, to: sources.count, by: cut.sources) {
        let wave = first..<min(sources.count, first + cut.sources)
        let scored = try scoreWave(part, tokens, forest, outcomes[wave], group: cut.group)
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

  /// How ``score(_:sources:memory:)`` would cut the work for sources like this one: sources that are under way
  /// together, parts of the forest, and the bytes that this takes, which exceed `memory` if that is too little.
  public func forecast(
    _ forest: TokenForest, source: any WeightSource, count: Int, memory: Int
  ) throws(Diagnostic) -> (sources: Int, parts: Int, bytes: Int) {
    let decoder = try Decoder(source)
    let need = MemoryNeeds(decoder, pool, try gemm(for: decoder))
    let cut = need.cut(
      rows: forest.tokenCount, sources: count, depth: forest.depth, threads: pool.threads,
      memory: memory)
    let parts = (forest.tokenCount + cut.rows - 1) / max(1, cut.rows)
    var taken = cut
    // A part also holds the ancestors of its first row.
    if parts > 1 { taken.rows += forest.depth }
    return (cut.sources, max(1, parts), need.bytes(taken))
  }

  /// All logits of every token of some sequences, each [tokens · vocabulary], row-major.
  ///
  /// - Throws: ``Diagnostic`` if the source does not fit its configuration, a token lies outside of its
  ///   vocabulary, a sequence is too long, or a value is not finite; `CancellationError`.
  public func logits(_ sequences: [[Int]], source: any WeightSource) throws -> [[Float]] {
    let decoder = try Decoder(source)
    var logits = sequences.map { _ in [Float]() }
    for (length, indices) in decoder.groupedByRotation(sequences.map(\.count)) {
      let group = try self.logits(indices.map { sequences[$0] }, decoder, length: length)
      for (index, values) in zip(indices, group) { logits[index] = values }
    }
    return logits
  }
}

extension InferenceEngine {
  /// The logits of sequences that rotate like one of `length` tokens.
  private func logits(_ sequences: [[Int]], _ decoder: Decoder, length: Int) throws -> [[Float]] {
    var forest = TokenForest()
    let paths = sequences.map { forest.insertPath($0) }
    if let tokens = forest.tokenRange { try decoder.check(tokens: tokens) }
    try decoder.check(length: forest.depth)
    let order = forest.preorder
    var part = ForestRows(
      forest, order: order, part: 0..<order.count, probesOfNode: NodeProbes(forest))
    part.rows.sequenceLength = length
    let pass = try pass(for: decoder)
    var group = try ForwardGroup(
      [decoder], part.rows, DistinctTokens(part.rows.tokens), pass)
    var tables = LayerTables()
    let all = Array(0..<order.count)
    for layer in 0..<decoder.configuration.layerCount {
      try Task.checkCancellation()
      try group.advance(through: layer, wanted: all, tables: &tables)
    }
    _ = try group.decoders[0].get()
    let head = try VocabularyHead(decoder, pass)
    let logits = try head.logits(try head.normed(group.states, count: order.count))
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
  /// One part of a forest through all layers, group by group within each layer.
  private func scoreWave(
    _ part: ForestRows, _ tokens: DistinctTokens, _ forest: TokenForest,
    _ wave: ArraySlice<Result<Decoder, Diagnostic>>, group size: Int
  ) throws -> [Result<[ProbeResult], Diagnostic>] {
    var groups: [ForwardGroup] = []
    for decoders in Self.groups(of: wave.compactMap { try? $0.get() }, size: size) {
      groups.append(
        try ForwardGroup(decoders, part.rows, tokens, try pass(for: decoders[0])))
    }
    let layers = groups.map(\.pass.configuration.layerCount).max() ?? 0
    let wanted = part.probedRows.map(\.row)
    var tables = LayerTables()
    for layer in 0..<layers {
      for index in groups.indices {
        try Task.checkCancellation()
        guard groups[index].isAlive, layer < groups[index].pass.configuration.layerCount else {
          continue
        }
        try groups[index].advance(through: layer, wanted: wanted, tables: &tables)
      }
    }
    tables = LayerTables()
    var scored = try groups.flatMap { group in
      try group.decoders.indices.map { index in
        try Task.checkCancellation()
        return try scoreProbes(part, forest, group, index)
      }
    }[...]
    return wave.map { outcome in
      switch outcome {
      case .failure(let problem): .failure(problem)
      case .success: scored.removeFirst()
      }
    }
  }

  /// Neighbours with equal configurations, at most `size` of them together.
  private static func groups(of decoders: [Decoder], size: Int) -> [[Decoder]] {
    var groups: [[Decoder]] = []
    for decoder in decoders {
      if let last = groups.last, last.count < size,
        last[0].source.config.document == decoder.source.config.document
      {
        groups[groups.count - 1].append(decoder)
      } else {
        groups.append([decoder])
      }
    }
    return groups
  }

  private func scoreProbes(
    _ part: ForestRows, _ forest: TokenForest, _ group: ForwardGroup, _ index: Int
  ) throws -> Result<[ProbeResult], Diagnostic> {
    do {
      let decoder = try group.decoders[index].get()
      let head = try VocabularyHead(decoder, group.pass)
      let targets = part.probedRows.enumerated().flatMap { index, row in
        part.probes[row.probes].map {
          VocabularyHead.Target(row: index, token: Int(forest.probes[$0].token))
        }
      }
      let normed = try head.normed(
        group.states, at: index * group.stride, count: group.rows.count)
      let scored = try head.score(normed, targets: targets)
      guard scored.statistics.allSatisfy(\.isFinite) else {
        throw decoder.notFinite(afterLayer: nil, pool)
      }
      return .success(
        zip(targets, scored.targets).map { target, logit in
          let statistics = scored.statistics[target.row]
          return ProbeResult(
            logProbability: Double(logit) - statistics.logSumExp, best: statistics.best,
            isArgmax: statistics.best == target.token)
        })
    } catch let problem as Diagnostic {
      return .failure(problem)
    }
  }
}
