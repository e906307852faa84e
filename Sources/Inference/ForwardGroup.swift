import Architectures
import Diagnostics
import Kernels

/// The hidden states of some rows on their way through decoders of equal shape.
struct ForwardGroup: Sendable {
  /// All rows; after the last layer those that were wanted.
  private(set) var rows: ForwardRows
  let pass: LayerPass
  /// A decoder whose weights cannot be read, or whose results are not finite, becomes the reason.
  private(set) var decoders: [Result<Decoder, Diagnostic>]
  /// The residual stream, [decoders, rows, hidden].
  private(set) var states: [Float]

  /// States of one decoder from the start of the next one's.
  var stride: Int { rows.count * pass.configuration.hiddenSize }

  /// Embeds the rows' tokens.
  init(_ decoders: [Decoder], _ rows: ForwardRows, _ tokens: DistinctTokens, _ pass: LayerPass)
    throws
  {
    self.rows = rows
    self.pass = pass
    self.decoders = decoders.map { .success($0) }
    states = []
    states = try pass.pool.zeros(decoders.count * stride)
    for (index, decoder) in decoders.enumerated() {
      let start = index * stride
      do {
        let isFinite = try decoder.embed(
          rows, tokens, into: &states, at: start, pool: pass.pool)
        if !isFinite {
          self.decoders[index] = .failure(decoder.notFinite(inEmbeddingOn: pass.pool))
        }
      } catch let problem as Diagnostic {
        self.decoders[index] = .failure(problem)
      }
    }
  }

  var isAlive: Bool { decoders.contains { (try? $0.get()) != nil } }

  /// Reads a layer's weights of every decoder and applies them, in memory that is used again.
  ///
  /// After the last layer only the rows `wanted` are left, which ascend: nothing but keys and values is computed
  /// of the others there.
  mutating func advance(through layer: Int, wanted: [Int], tables: inout LayerTables) throws {
    let layers = try read(layer, in: tables.weights)
    guard let options = layers.compactMap({ $0?.options }).first else { return }
    try tables.prepare(rows: decoders.count * rows.count, heads: pass.heads, pool: pass.pool)
    let count = rows.positionCount
    let rotary = tables.rotary(
      options.rotary, length: rows.sequenceLength, needed: count, made: count)
    try pass.project(
      states, rows, layers, rotary: rotary, queries: &tables.queries,
      keyValues: &tables.keyValues)
    pass.times.noteMemory()
    let keyRows = rows.count
    if layer == pass.configuration.layerCount - 1 {
      rows = pass.select(
        wanted, of: rows, layers: layers.count, states: &states, queries: &tables.queries)
    }
    let isFinite = try pass.finish(
      &states, rows, layers, queries: tables.queries, keyValues: tables.keyValues, keyRows: keyRows)
    for (index, outcome) in decoders.enumerated() {
      if case .success(let decoder) = outcome, layers[index] != nil, !isFinite[index] {
        decoders[index] = .failure(decoder.notFinite(afterLayer: layer, pass.pool))
      }
    }
  }

  /// The layer of each decoder that is still under way.
  private mutating func read(_ layer: Int, in memory: PackingMemory) throws -> [DecoderLayer?] {
    var layers: [DecoderLayer?] = []
    var jobs: [PackingJobs] = []
    for (index, outcome) in decoders.enumerated() {
      var own = PackingJobs()
      var read: DecoderLayer?
      if case .success(let decoder) = outcome {
        do {
          read = try pass.times.measure(.merge) {
            try DecoderLayer(
              layer, of: decoder, gemm: pass.gemm, pool: pass.pool, memory: memory, jobs: &own)
          }
        } catch let problem as Diagnostic {
          decoders[index] = .failure(problem)
          own = PackingJobs()
        }
      }
      layers.append(read)
      jobs.append(own)
    }
    let problems = try PackingJobs.run(jobs, on: pass.pool, times: pass.times)
    for (index, problem) in problems.enumerated() {
      guard let problem else { continue }
      decoders[index] = .failure(problem)
      layers[index] = nil
    }
    return layers
  }
}

/// What lives as long as one layer of a group, kept to be used again; queries, keys and values may have more
/// rows than are in use.
struct LayerTables {
  var queries: [Float] = []
  var keyValues: [Float] = []
  let weights = PackingMemory()
  /// One per kind of layer.
  private var tables: [RotaryKey: (positions: Int, table: RotaryTable)] = [:]

  private struct RotaryKey: Hashable {
    let embedding: RotaryEmbedding
    let length: Int
  }

  /// Makes room for `rows` rows.
  ///
  /// - Precondition: Always the same heads.
  mutating func prepare(rows: Int, heads: HeadSizes, pool: WorkerPool) throws {
    guard keyValues.count < rows * heads.keyValueWidth else { return }
    // The old memory goes before the new one comes.
    queries = []
    keyValues = []
    queries = try pool.zeros(rows * heads.queryWidth)
    keyValues = try pool.zeros(rows * heads.keyValueWidth)
  }

  /// Angles of at least `needed` positions, nil if nothing rotates; a new table has `made`.
  mutating func rotary(
    _ embedding: RotaryEmbedding?, length: Int, needed: Int, made: Int
  ) -> RotaryTable? {
    guard let embedding else { return nil }
    let key = RotaryKey(embedding: embedding, length: length)
    if let known = tables[key], known.positions >= needed { return known.table }
    let table = RotaryTable(
      frequencies: embedding.frequencies(length: length), positions: made,
      scale: embedding.attentionFactor, isInterleaved: embedding.isInterleaved)
    tables[key] = (made, table)
    return table
  }
}
