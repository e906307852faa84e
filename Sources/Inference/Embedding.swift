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
  /// Writes the embedding of every row's token and position, [rows, hidden], from `start` on; each distinct
  /// token's is read once.
  ///
  /// - Returns: Whether all values are finite.
  func embed(
    _ rows: ForwardRows, _ tokens: DistinctTokens, into states: inout [Float], at start: Int,
    pool: WorkerPool
  ) throws -> Bool {
    let hidden = configuration.hiddenSize
    let positions = try positionTable(count: rows.positionCount, pool: pool)
    let scale = Float(configuration.embeddingScale)
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
      if scale != 1 { for index in 0..<rows.count { rows[index] *= scale } }
      if !allFinite(rows.span) { isFinite.store(false, ordering: .relaxed) }
    }
    if let positions, !allFinite(positions.values.span) {
      isFinite.store(false, ordering: .relaxed)
    }
    let count = tokens.places.count
    try pool.forEachTile(
      of: &states, within: start..<start + count * hidden, tile: 256 * hidden
    ) { [table] offset, target in
      let first = offset / hidden
      let count = target.count / hidden
      for row in 0..<count {
        let from = Int(tokens.places[first + row]) * hidden
        var state = target._mutatingExtracting(row * hidden..<(row + 1) * hidden)
        copy(table.span.extracting(from..<from + hidden), into: &state)
      }
      positions?.add(rows.positions[first..<first + count], to: &target)
    }
    return isFinite.load(ordering: .relaxed)
  }

  /// The learned embeddings of the first positions; nil if the model has none.
  func positionTable(count: Int, pool: WorkerPool) throws -> PositionTable? {
    guard let name = name(.positions) else { return nil }
    let hidden = configuration.hiddenSize
    try source.prepare(name, on: pool)
    var values = [Float](repeating: 0, count: count * hidden)
    try pool.forEachTile(of: &values, tile: 1 << 16) { [source] offset, tile in
      try source.read(name, elements: offset..<offset + tile.count, into: &tile)
    }
    return PositionTable(values: values, hidden: hidden)
  }
}

/// Learned embeddings of positions, [positions, hidden].
struct PositionTable: Sendable {
  let values: [Float]
  let hidden: Int

  /// Adds the embedding of each position to its row.
  func add(_ positions: ArraySlice<Int32>, to rows: inout MutableSpan<Float>) {
    for (row, position) in positions.enumerated() {
      let from = Int(position) * hidden
      for index in 0..<hidden { rows[row * hidden + index] += values[from + index] }
    }
  }
}
