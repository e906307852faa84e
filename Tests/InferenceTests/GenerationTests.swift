import Architectures
import Checkpoints
import Diagnostics
import Documents
import Kernels
import Synchronization
import TestSupport
import Testing

@testable import Inference

/// Prompts of several lengths that share prefixes, are prefixes of each other, or occur twice.
private func prompts(_ seed: Int, vocabulary: Int = 32) -> [[Int]] {
  (0..<24).map { item in
    let shots = (0..<(item % 3 * 4)).map { ($0 * 5 + seed) % vocabulary }
    let question = (0..<(1 + item % 7)).map { (item / 8 * 11 + $0 * 3 + seed) % vocabulary }
    return shots + question
  }
}

@Suite("Greedy generation")
struct GenerationTests {
  private let pool = WorkerPool(threads: 2)

  private func model(_ tiny: TinyModel = TinyModel(seed: 1)) throws -> ResidentModel {
    try InferenceEngine(pool: pool).load(MemoryWeights(tiny, location: "m/config.json"))
  }

  @Test("continues as transformers does", arguments: GoldenModel.names)
  func golden(name: String) throws {
    let golden = try GoldenModel(name)
    let resident = try InferenceEngine(pool: pool).load(golden.checkpoint)
    let requests = golden.sequences.map { GenerationRequest(prompt: $0, limit: 12, endTokens: []) }
    let responses = try resident.generate(requests)
    #expect(responses.map(\.tokens) == golden.greedy)
    #expect(responses.allSatisfy { $0.ending == .limit })
  }

  @Test("takes the tokens that a forced pass finds most likely", arguments: 0..<4)
  func forcedPass(seed: Int) throws {
    let source = MemoryWeights(TinyModel(.mistral, seed: UInt64(seed)))
    let engine = try InferenceEngine(pool: pool)
    let prompts = prompts(seed)
    let responses = try engine.load(source).generate(
      prompts.map { GenerationRequest(prompt: $0, limit: 9, endTokens: []) })
    var forest = TokenForest()
    let probes = zip(prompts, responses).map { prompt, response in
      forest.insert(prompt + response.tokens, scoring: prompt.count..<prompt.count + 9)
    }
    let results = try engine.score(forest, sources: [source], memory: 1 << 30)[0].get()
    #expect(probes.allSatisfy { $0.allSatisfy { results[$0].isArgmax } })
  }

  @Test("yields the same bits in decoding as in a forced pass")
  func sameBits() throws {
    let decoder = try Decoder(MemoryWeights(TinyModel(.qwen2, seed: 6)))
    let engine = try InferenceEngine(pool: pool)
    let tokens: [Int32] = (0..<40).map { ($0 * 7 + 3) % 32 }
    let layer = try DecoderLayer(
      0, of: decoder, gemm: try engine.gemm(for: decoder), pool: pool, times: WorkTimes())
    let rotary = RotaryTable(
      frequencies: try #require(layer.options.rotary).frequencies(), positions: 64)
    let width = decoder.heads.keyValueWidth
    let pass = try engine.pass(for: decoder)

    func run(_ rows: ForwardRows, _ table: inout [Float], at first: Int) throws -> [Float] {
      var states = [Float](
        repeating: 0, count: rows.count * decoder.configuration.hiddenSize)
      _ = try decoder.embed(
        rows, DistinctTokens(rows.tokens), into: &states, at: 0, pool: pool)
      var tables = LayerTables()
      try tables.prepare(rows: rows.count, heads: decoder.heads, pool: pool)
      try pass.project(
        states, rows, [layer], rotary: rotary, queries: &tables.queries,
        keyValues: &tables.keyValues)
      table.replaceSubrange(
        first * width..<(first + rows.count) * width, with: tables.keyValues)
      _ = try pass.finish(
        &states, rows, [layer], queries: tables.queries, keyValues: table, keyRows: tokens.count)
      return states
    }

    func rows(_ range: Range<Int>, pieces: Int) -> ForwardRows {
      var rows = ForwardRows()
      rows.tokens = Array(tokens[range])
      rows.positions = range.map(Int32.init)
      // The past as several ranges: the order of the sums must not notice.
      for piece in 0..<pieces {
        let start = range.lowerBound * piece / pieces
        let end = range.lowerBound * (piece + 1) / pieces
        rows.ranges.append(KeyRange(start: start, count: end - start))
      }
      rows.segments = [
        ForwardRows.Segment(
          rows: 0..<range.count, prefix: 0..<pieces, keyStart: range.lowerBound, keysBefore: 0)
      ]
      return rows
    }

    var table = [Float](repeating: 0, count: tokens.count * width)
    let whole = try run(rows(0..<tokens.count, pieces: 0), &table, at: 0)
    for start in [1, 17, 39] {
      for pieces in [1, 3] {
        var stepTable = table
        let part = try run(rows(start..<tokens.count, pieces: pieces), &stepTable, at: start)
        let hidden = decoder.configuration.hiddenSize
        #expect(part.map(\.bitPattern) == whole[(start * hidden)...].map(\.bitPattern))
        #expect(stepTable.map(\.bitPattern) == table.map(\.bitPattern))
      }
    }
  }

  @Test("does not depend on company, order, workers or room", arguments: 0..<4)
  func invariance(seed: Int) throws {
    let tiny = TinyModel(seed: UInt64(seed))
    let requests = prompts(seed).enumerated().map { index, prompt in
      GenerationRequest(prompt: prompt, limit: 1 + index % 11, endTokens: [seed])
    }
    let together = try model(tiny).generate(requests)
    #expect(try model(tiny).generate(requests.reversed()).reversed() == together)
    #expect(try model(tiny).generate(requests, memory: 0) == together)
    #expect(try model(tiny).generate(requests, memory: 20_000) == together)
    let other = try InferenceEngine(pool: WorkerPool(threads: 5)).load(MemoryWeights(tiny))
    #expect(try other.generate(requests) == together)
    for (request, response) in zip(requests, together) {
      #expect(try model(tiny).generate([request]) == [response])
    }
  }

  @Test("goes on after accepted tokens as if it had chosen them", arguments: 0...8)
  func accepted(count: Int) throws {
    let resident = try model()
    let plain = GenerationRequest(prompt: [3, 1, 4], limit: 8, endTokens: [])
    let full = try resident.generate([plain])[0]
    let rest = GenerationRequest(
      prompt: [3, 1, 4], accepted: Array(full.tokens.prefix(count)), limit: 8, endTokens: [])
    #expect(try resident.generate([rest, plain]) == [full, full])
  }

  @Test("ends with an end token, where told to stop, or at the limit")
  func endings() throws {
    let resident = try model()
    let full = try resident.generate([
      GenerationRequest(prompt: [5, 6], limit: 10, endTokens: [])
    ])[0].tokens
    let end = full[3]
    let first = try #require(full.firstIndex(of: end))
    let responses = try resident.generate([
      GenerationRequest(prompt: [5, 6], limit: 10, endTokens: [end]),
      GenerationRequest(prompt: [5, 6], limit: 10, endTokens: []) { $0.count == 5 },
      GenerationRequest(prompt: [5, 6], limit: 2, endTokens: []),
      GenerationRequest(prompt: [5, 6], limit: 0, endTokens: []),
      GenerationRequest(prompt: [5, 6], accepted: [end], limit: 10, endTokens: [end]),
    ])
    #expect(
      responses == [
        GenerationResponse(tokens: Array(full[...first]), ending: .endToken),
        GenerationResponse(tokens: Array(full.prefix(5)), ending: .stop),
        GenerationResponse(tokens: Array(full.prefix(2)), ending: .limit),
        GenerationResponse(tokens: [], ending: .limit),
        GenerationResponse(tokens: [end], ending: .endToken),
      ])
  }

  @Test("asks about stopping with all generated tokens, in order")
  func stopQuestions() throws {
    let seen = Mutex<[[Int]]>([])
    let request = GenerationRequest(prompt: [9], limit: 4, endTokens: []) { tokens in
      seen.withLock { $0.append(tokens) }
      return false
    }
    let tokens = try model().generate([request])[0].tokens
    #expect(seen.withLock { $0 } == (1...4).map { Array(tokens.prefix($0)) })
  }

  @Test("refuses what cannot be computed")
  func refusals() throws {
    let resident = try model()
    func generate(_ prompt: [Int], limit: Int) throws {
      _ = try resident.generate([GenerationRequest(prompt: prompt, limit: limit, endTokens: [])])
    }
    #expect(
      throws: Diagnostic(
        "a prompt has no tokens", at: "m",
        fix: "begin the prompt with some text, or use a tokenizer that adds a first token")
    ) { try generate([], limit: 3) }
    #expect(
      throws: Diagnostic(
        "token id 32 is outside of the model's vocabulary of 32", at: "m",
        fix: "use the tokenizer that belongs to the model")
    ) { try generate([1, 32], limit: 3) }
    let tooLong = { (length: Int) in
      Diagnostic(
        "a sequence of \(length) tokens is longer than the model's 64 positions", at: "m",
        fix: "shorten the prompts, use fewer shots, or limit the context length")
    }
    #expect(throws: tooLong(65)) { try generate([1, 2, 3], limit: 63) }
    #expect(throws: tooLong(.max)) { try generate([1, 2, 3], limit: .max) }
    try generate([1, 2, 3], limit: 62)
  }

  @Test("estimates the memory of a resident model")
  func memory() throws {
    let source = MemoryWeights(TinyModel(seed: 1))
    let engine = try InferenceEngine(pool: pool)
    let estimate = try engine.residentByteCount(of: source)
    #expect(estimate >= (try engine.load(source)).byteCount * 9 / 10)
  }
}

@Suite("Rows of a key-value table")
struct TableRowsTests {
  @Test("are taken next to each other where there is a gap, and else in pieces")
  func taking() {
    var rows = TableRows(count: 10)
    #expect(rows.take(4) == [0, 1, 2, 3])
    #expect(rows.take(3) == [4, 5, 6])
    rows.give([1, 2])
    #expect(rows.take(3) == [7, 8, 9])
    rows.give([5])
    #expect(rows.take(3) == [1, 2, 5])
    #expect(rows.take(1) == nil)
    #expect(rows.take(0) == [])
  }

  @Test("never belong to two at once", arguments: 0..<20)
  func exclusive(seed: Int) {
    var rows = TableRows(count: 50)
    var held: [[Int]] = []
    for step in 0..<200 {
      if (step &* 7919 &+ seed &* 31) % 3 == 0, !held.isEmpty {
        rows.give(held.remove(at: (step + seed) % held.count))
      } else if let taken = rows.take(1 + (step * 5 + seed) % 9) {
        held.append(taken)
      }
      let all = held.flatMap { $0 }
      #expect(Set(all).count == all.count)
      #expect(rows.freeCount == 50 - all.count)
    }
  }

  @Test("are seen as few ranges")
  func visible() {
    var visible = VisibleRows()
    for row in [3, 4, 5, 9, 2, 3] { visible.append(row) }
    #expect(
      visible.ranges == [
        KeyRange(start: 3, count: 3), KeyRange(start: 9, count: 1), KeyRange(start: 2, count: 2),
      ])
  }
}
