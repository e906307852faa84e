import Architectures
import Diagnostics
import Kernels

/// The hidden states of some rows on their way through a decoder.
struct ForwardRun: Sendable {
  let decoder: Decoder
  let rows: ForwardRows
  let pass: LayerPass
  /// The residual stream, [rows, hidden].
  private(set) var states: [Float]

  init(_ decoder: Decoder, _ rows: ForwardRows, _ pass: LayerPass) throws {
    self.decoder = decoder
    self.rows = rows
    self.pass = pass
    states = try decoder.embed(rows.tokens, pool: pass.pool)
    guard states.allSatisfy(\.isFinite) else {
      throw decoder.notFinite(inEmbeddingOn: pass.pool)
    }
  }

  /// Reads a layer's weights and applies them.
  mutating func advance(through layer: Int) throws {
    var tables = LayerTables()
    try advance(through: layer, tables: &tables)
  }

  /// Reads a layer's weights and applies them, in memory that is used again.
  mutating func advance(through layer: Int, tables: inout LayerTables) throws {
    let weights = try DecoderLayer(layer, of: decoder, gemm: pass.gemm, pool: pass.pool)
    tables.prepare(rows: rows, heads: pass.heads)
    let count = rows.positionCount
    let rotary = tables.rotary(weights.options.rotary, needed: count, made: count)
    try pass.project(
      states, rows, weights, rotary: rotary, queries: &tables.queries,
      keyValues: &tables.keyValues)
    let isFinite = try pass.finish(
      &states, rows, weights, queries: tables.queries, keyValues: tables.keyValues)
    guard isFinite else { throw decoder.notFinite(afterLayer: layer, pass.pool) }
  }
}

/// What lives as long as one layer of one source, kept to be used again.
struct LayerTables {
  var queries: [Float] = []
  var keyValues: [Float] = []
  private var rotary: (embedding: RotaryEmbedding, positions: Int, table: RotaryTable)?

  mutating func prepare(rows: ForwardRows, heads: HeadSizes) {
    let sizes = (rows.count * heads.queryWidth, rows.count * heads.keyValueWidth)
    if queries.count != sizes.0 { queries = [Float](repeating: 0, count: sizes.0) }
    if keyValues.count != sizes.1 { keyValues = [Float](repeating: 0, count: sizes.1) }
  }

  /// Angles of at least `needed` positions; a new table has `made`.
  mutating func rotary(_ embedding: RotaryEmbedding, needed: Int, made: Int) -> RotaryTable {
    if let known = rotary, known.embedding == embedding, known.positions >= needed {
      return known.table
    }
    let table = RotaryTable(frequencies: embedding.frequencies, positions: made)
    rotary = (embedding, made, table)
    return table
  }
}
