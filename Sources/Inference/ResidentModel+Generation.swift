import Architectures
import Diagnostics
import Kernels

extension ResidentModel {
  /// Tokens that pass through the layers together, at most, unless one prompt alone has more.
  private static let rowsPerStep = 4096

  /// Continues every prompt greedily.
  ///
  /// Sequences are taken up as others end, and each keeps its keys and values. A text does not depend on
  /// what is generated beside it, and every logit has the bits that ``InferenceEngine/logits(_:source:)`` gives.
  /// - Parameters:
  ///   - requests: In any number; responses come in their order.
  ///   - memory: Bytes for keys and values; one sequence is always taken.
  /// - Returns: One response per request.
  /// - Throws: ``Diagnostic`` for tokens outside of the vocabulary, a sequence that is too long, values that are
  ///   not finite; `CancellationError` within a layer's time.
  public func generate(
    _ requests: [GenerationRequest], memory: Int = 1 << 30
  ) throws -> [GenerationResponse] {
    var responses = [GenerationResponse?](repeating: nil, count: requests.count)
    var waiting: [Int] = []
    for (index, request) in requests.enumerated() {
      try check(request)
      if let ending = request.ending(of: request.accepted) {
        responses[index] = GenerationResponse(tokens: request.accepted, ending: ending)
      } else {
        waiting.append(index)
      }
    }
    let capacity = waiting.map { requests[$0].prompt.count + requests[$0].limit }.max() ?? 0
    let bytes = max(1, capacity * decoder.heads.keyValueWidth * layers.count * 4)
    let places = max(1, min(memory / bytes, 256, waiting.count))
    var cache = KeyValueCache(
      layers: layers.count, places: places, capacity: capacity,
      width: decoder.heads.keyValueWidth)
    var running: [RunningSequence] = []
    var freePlaces = Array((0..<places).reversed())
    waiting.reverse()
    while !(waiting.isEmpty && running.isEmpty) {
      var rows = running.reduce(0) { $0 + $1.pending.count }
      while let next = waiting.last, let place = freePlaces.last {
        let sequence = RunningSequence(next, requests[next], place: place)
        guard running.isEmpty || rows + sequence.pending.count <= Self.rowsPerStep else { break }
        rows += sequence.pending.count
        running.append(sequence)
        waiting.removeLast()
        freePlaces.removeLast()
      }
      let best = try step(running, &cache)
      var kept: [RunningSequence] = []
      for (var sequence, token) in zip(running, best) {
        sequence.take(token)
        let request = requests[sequence.request]
        if let ending = request.ending(of: sequence.generated) {
          responses[sequence.request] = GenerationResponse(
            tokens: sequence.generated, ending: ending)
          freePlaces.append(sequence.place)
        } else {
          kept.append(sequence)
        }
      }
      running = kept
    }
    return responses.compactMap { $0 }
  }

  private func check(_ request: GenerationRequest) throws(Diagnostic) {
    precondition(!request.prompt.isEmpty, "a prompt without tokens")
    let tokens = request.prompt + request.accepted
    for token in [tokens.min(), tokens.max()].compactMap({ $0 }) {
      try decoder.check(tokens: token...token)
    }
    // The last generated token is never read.
    try decoder.check(length: request.prompt.count + max(1, request.limit) - 1)
  }

  /// Runs the pending tokens of all sequences through the model; returns each one's most likely next token.
  private func step(
    _ running: [RunningSequence], _ cache: inout KeyValueCache
  ) throws -> [Int] {
    var rows = ForwardRows()
    var lastRows: [Int] = []
    for sequence in running {
      let first = rows.count
      rows.tokens += sequence.pending.map(Int32.init)
      rows.positions += (0..<sequence.pending.count).map { Int32(sequence.known + $0) }
      rows.segments.append(
        ForwardRows.Segment(
          rows: first..<rows.count, prefix: 0..<0, keyStart: cache.start(of: sequence.place),
          keysBefore: sequence.known))
      lastRows.append(rows.count - 1)
    }
    let pass = try engine.pass(for: decoder, rows: rows.count)
    var states = try decoder.embed(rows.tokens, pool: pass.pool)
    var tables = LayerTables()
    for (index, layer) in layers.enumerated() {
      try Task.checkCancellation()
      tables.prepare(rows: rows, heads: pass.heads)
      let rotary = cache.rotary(layer.options.rotary)
      try pass.project(
        states, rows, layer, rotary: rotary, queries: &tables.queries,
        keyValues: &tables.keyValues)
      cache.store(tables.keyValues, of: rows, layer: index)
      let isFinite = try pass.finish(
        &states, rows, layer, queries: tables.queries, keyValues: cache.tables[index])
      guard isFinite else { throw decoder.notFinite(afterLayer: index, pass.pool) }
    }
    let head = VocabularyHead(decoder: decoder, pass: pass, panels: panels)
    let scored = try head.score(try head.normed(states, rows: lastRows), targets: [])
    guard scored.statistics.allSatisfy(\.isFinite) else {
      throw decoder.notFinite(afterLayer: nil, pass.pool)
    }
    return scored.statistics.map(\.best)
  }
}

extension GenerationRequest {
  /// Why the text ends with these tokens; nil if it goes on.
  fileprivate func ending(of generated: [Int]) -> GenerationResponse.Ending? {
    if let last = generated.last {
      if endTokens.contains(last) { return .endToken }
      if shouldStop(generated) { return .stop }
    }
    return generated.count >= limit ? .limit : nil
  }
}

/// A sequence with a place in the cache.
private struct RunningSequence {
  let request: Int
  let place: Int
  private(set) var generated: [Int]
  /// Tokens whose keys and values are in the cache.
  private(set) var known = 0
  /// Tokens that the next step reads.
  private(set) var pending: [Int]

  init(_ index: Int, _ request: GenerationRequest, place: Int) {
    self.request = index
    self.place = place
    generated = request.accepted
    pending = request.prompt + request.accepted
  }

  mutating func take(_ token: Int) {
    known += pending.count
    pending = [token]
    generated.append(token)
  }
}
