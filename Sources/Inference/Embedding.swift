import Architectures
import Checkpoints
import Kernels
import Synchronization

/// The tokens of some rows, each distinct one once.
struct DistinctTokens: Sendable {
  /// Ascending.
  let tokens: [Int32]
  /// For each row the index of its token.
  let places: [Int32]

  init(_ rows: [Int32]) {
    tokens = Set(rows).sorted()
    var place: [Int32: Int32] = [:]
    for (index, token) in tokens.enumerated() { place[token] = Int32(index) }
    places = rows.map { place[$0] ?? 0 }
  }
}

extension Decoder {
  /// Writes the embedding of every row's token, [rows, hidden], from `start` on; each distinct one is read once.
  ///
  /// - Returns: Whether all values are finite.
  func embed(
    _ tokens: DistinctTokens, into states: inout [Float], at start: Int, pool: WorkerPool
  ) throws -> Bool {
    let hidden = configuration.hiddenSize
    let name = requiredName(.embedding)
    try source.prepare(name, on: pool)
    let distinct = tokens.tokens
    var table = [Float](repeating: 0, count: distinct.count * hidden)
    let isFinite = Atomic(true)
    // Neighbouring rows in one read, in pieces that give every worker something to do.
    let piece = max(1, min(256, distinct.count / (4 * pool.threads)))
    try pool.forEachTile(of: &table, tile: piece * hidden) { [source] offset, rows in
      var index = offset / hidden
      let end = index + rows.count / hidden
      while index < end {
        var next = index + 1
        while next < end, distinct[next] == distinct[next - 1] + 1 { next += 1 }
        let row = Int(distinct[index])
        var target = rows._mutatingExtracting(
          index * hidden - offset..<next * hidden - offset)
        try source.read(
          name, elements: row * hidden..<(row + next - index) * hidden, into: &target)
        index = next
      }
      if !allFinite(rows.span) { isFinite.store(false, ordering: .relaxed) }
    }
    let count = tokens.places.count
    try pool.forEachTile(
      of: &states, within: start..<start + count * hidden, tile: 256 * hidden
    ) { [table] offset, rows in
      for row in 0..<rows.count / hidden {
        let from = Int(tokens.places[offset / hidden + row]) * hidden
        var target = rows._mutatingExtracting(row * hidden..<(row + 1) * hidden)
        copy(table.span.extracting(from..<from + hidden), into: &target)
      }
    }
    return isFinite.load(ordering: .relaxed)
  }
}
