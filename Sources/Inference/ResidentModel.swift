import Architectures
public import Checkpoints
public import Diagnostics
import Kernels
import Tensors

/// A model whose weights are packed in memory, for decoding token by token.
public final class ResidentModel: Sendable {
  private let decoder: Decoder
  private let engine: InferenceEngine
  private let layers: [DecoderLayer]
  private let headVectors: VocabularyHead.Vectors
  private let head: [PackedMatrix]
  private let embedding: EmbeddingTable

  /// Memory that the weights take.
  public let byteCount: Int

  init(_ decoder: Decoder, _ engine: InferenceEngine) throws {
    let pool = engine.pool
    let gemm = try engine.gemm(for: decoder)
    self.decoder = decoder
    self.engine = engine
    embedding = try EmbeddingTable(decoder, pool)
    layers = try (0..<decoder.configuration.layerCount).map { layer in
      try Task.checkCancellation()
      return try DecoderLayer(layer, of: decoder, gemm: gemm, pool: pool, times: engine.times)
    }
    headVectors = try VocabularyHead.Vectors(decoder, pool)
    try decoder.prepareHead(pool)
    head = try decoder.vocabularyPanels.map {
      try decoder.packedHead($0, gemm: gemm, pool: pool, times: engine.times)
    }
    byteCount =
      layers.reduce(0) { $0 + $1.byteCount } + head.reduce(0) { $0 + $1.byteCount }
      + embedding.byteCount
  }

  /// Continues all prompts greedily, many at a time.
  ///
  /// A response is the same whatever other requests there are, and its tokens are those that
  /// ``InferenceEngine/score(_:sources:memory:)`` finds most likely.
  /// - Parameters:
  ///   - requests: In any order; common prefixes of prompts are computed once.
  ///   - memory: Bytes for keys and values and what a step takes; one request is served whatever it needs.
  /// - Returns: Responses in the order of the requests.
  /// - Throws: ``Diagnostic`` for an empty prompt, a token outside of the vocabulary, a text that may
  ///   exceed the model's positions, or values that are not finite; `CancellationError`.
  public func generate(
    _ requests: [GenerationRequest], memory: Int = 1 << 30
  ) throws -> [GenerationResponse] {
    for request in requests { try check(request) }
    let pool = engine.pool
    let width = decoder.heads.keyValueWidth
    let memory = max(0, memory - (try engine.stepByteCount(of: decoder)))
    var schedule = GenerationSchedule(
      requests, room: memory / max(1, 4 * width * layers.count),
      promptTokensPerStep: GenerationSchedule.promptTokens(threads: pool.threads))
    var tables = layers.map { _ in [Float](repeating: 0, count: schedule.tableRowCount * width) }
    var scratch = LayerTables()
    engine.times.noteMemory()
    while let step = schedule.next() {
      schedule.take(try run(step, &tables, &scratch), of: step)
    }
    return schedule.responses.compactMap { $0 }
  }

  private func check(_ request: GenerationRequest) throws(Diagnostic) {
    let tokens = request.prompt + request.accepted
    guard let least = tokens.min(), let most = tokens.max() else {
      throw Diagnostic(
        "a prompt has no tokens", at: decoder.location,
        fix: "begin the prompt with some text, or use a tokenizer that adds a first token")
    }
    try decoder.check(tokens: least...most)
    let length = request.prompt.count.addingReportingOverflow(
      max(request.accepted.count, max(1, request.limit) - 1))
    try decoder.check(sharedLength: length.overflow ? .max : length.partialValue)
  }

  /// The most likely tokens that a step asks for.
  private func run(
    _ step: GenerationSchedule.Step, _ tables: inout [[Float]], _ scratch: inout LayerTables
  ) throws -> [Int] {
    let pass = try engine.pass(for: decoder)
    let width = pass.heads.keyValueWidth
    var states = embedding.rows(step.rows)
    for (index, layer) in layers.enumerated() {
      try Task.checkCancellation()
      try scratch.prepare(rows: step.rows.count, heads: pass.heads, pool: pass.pool)
      // Positions grow by one with each step: a table for twice as many lasts.
      let positions = min(2 * step.rows.positionCount, decoder.configuration.maximumPositions)
      let rotary = scratch.rotary(
        layer.options.rotary, length: step.rows.sequenceLength, needed: step.rows.positionCount,
        made: positions)
      try pass.project(
        states, step.rows, [layer], rotary: rotary, queries: &scratch.queries,
        keyValues: &scratch.keyValues)
      for (row, tableRow) in step.tableRows.enumerated() {
        var table = tables[index].mutableSpan
        var target = table._mutatingExtracting(tableRow * width..<(tableRow + 1) * width)
        copy(scratch.keyValues.span.extracting(row * width..<(row + 1) * width), into: &target)
      }
      var rows = step.rows
      if index == layers.count - 1 {
        rows = pass.select(
          step.wanted, of: rows, layers: 1, states: &states, queries: &scratch.queries)
      }
      let isFinite = try pass.finish(
        &states, rows, [layer], queries: scratch.queries, keyValues: tables[index],
        keyRows: tables[index].count / width)
      guard isFinite[0] else { throw decoder.notFinite(afterLayer: index, engine.pool) }
    }
    let vocabulary = VocabularyHead(
      decoder, pass, vectors: headVectors, panels: .resident(head))
    let normed = try vocabulary.normed(states, count: step.wanted.count)
    let statistics = try vocabulary.score(normed, targets: []).statistics
    guard statistics.allSatisfy(\.isFinite) else {
      throw decoder.notFinite(afterLayer: nil, engine.pool)
    }
    return statistics.map(\.best)
  }
}

/// All rows of the embedding as they are stored.
private struct EmbeddingTable: Sendable {
  private let bytes: [UInt8]
  private let dtype: DType
  private let hidden: Int
  private let scale: Float
  private let positions: PositionTable?

  var byteCount: Int { bytes.count + 4 * (positions?.values.count ?? 0) }

  init(_ decoder: Decoder, _ pool: WorkerPool) throws {
    let hidden = decoder.configuration.hiddenSize
    let name = decoder.requiredName(.embedding)
    let source = decoder.source
    let dtype = source.description(of: name)?.dtype ?? .f32
    let width = dtype.bitWidth / 8
    var bytes = [UInt8](
      repeating: 0, count: decoder.configuration.vocabularySize * hidden * width)
    try source.prepare(name, on: pool)
    // A source yields numbers that its dtype holds, so narrowing them is exact.
    try pool.forEachTile(of: &bytes, tile: 256 * hidden * width) { offset, tile in
      let elements = offset / width..<(offset + tile.count) / width
      var values = [Float](repeating: 0, count: elements.count)
      var span = values.mutableSpan
      try source.read(name, elements: elements, into: &span)
      narrow(values.span, to: dtype, into: &tile)
    }
    self.bytes = bytes
    self.dtype = dtype
    self.hidden = hidden
    scale = Float(decoder.configuration.embeddingScale)
    positions = try decoder.positionTable(
      count: decoder.configuration.maximumPositions, pool: pool)
  }

  /// The embedding of every row's token and position, [rows, hidden].
  func rows(_ rows: ForwardRows) -> [Float] {
    let tokens = rows.tokens
    let width = hidden * dtype.bitWidth / 8
    var states = [Float](repeating: 0, count: tokens.count * hidden)
    var span = states.mutableSpan
    bytes.withRawBytes { bytes in
      for (index, token) in tokens.enumerated() {
        var row = span._mutatingExtracting(index * hidden..<(index + 1) * hidden)
        widen(
          bytes.extracting(Int(token) * width..<(Int(token) + 1) * width), from: dtype, into: &row)
        if scale != 1 { for index in 0..<hidden { row[index] *= scale } }
      }
    }
    positions?.add(rows.positions[...], to: &span)
    return states
  }
}

extension InferenceEngine {
  /// Packs all weights of a source for decoding.
  ///
  /// - Throws: ``Diagnostic`` if the weights do not fit the configuration; `CancellationError`.
  public func load(_ source: any WeightSource) throws -> ResidentModel {
    try ResidentModel(try Decoder(source), self)
  }

  /// Bytes that ``load(_:)`` takes for a source, keys and values not included.
  public func residentByteCount(of source: any WeightSource) throws(Diagnostic) -> Int {
    let decoder = try Decoder(source)
    let configuration = decoder.configuration
    let head = MatrixShape(
      outputs: configuration.vocabularySize, inputs: configuration.hiddenSize)
    let packed = configuration.layerCount * decoder.layerWeightCount + head.packedCount
    let dtype = source.description(of: decoder.requiredName(.embedding))?.dtype ?? .f32
    let positions = decoder.name(.positions) == nil ? 0 : configuration.maximumPositions
    let table =
      (configuration.vocabularySize * dtype.bitWidth / 8 + 4 * positions)
      * configuration.hiddenSize
    return precision.gemm.size * packed + table
  }

  /// The least memory with which texts of at most `length` tokens can be decoded: the resident model, the keys
  /// and values of one text, and the workers' scratch space.
  public func decodingByteCount(of source: any WeightSource, length: Int) throws -> Int {
    let decoder = try Decoder(source)
    let keyValues = 4 * decoder.heads.keyValueWidth * decoder.configuration.layerCount * length
    return try residentByteCount(of: source) + keyValues + (try stepByteCount(of: decoder))
  }

  /// Bytes of a step of decoding, without the keys and values that stay.
  func stepByteCount(of decoder: Decoder) throws(Diagnostic) -> Int {
    let needs = MemoryNeeds(decoder, pool, try gemm(for: decoder))
    let rows = 2 * GenerationSchedule.promptTokens(threads: pool.threads)
    return needs.workers + rows * (needs.perRow + needs.perRowOfLayer + needs.perRowOfHead)
  }
}
