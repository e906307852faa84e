import Architectures
import Checkpoints
import Kernels

extension Decoder {
  /// The embedding of every token, [tokens, hidden]; each distinct row is read once.
  func embed(_ tokens: [Int32], pool: WorkerPool) throws -> [Float] {
    let hidden = configuration.hiddenSize
    let name = requiredName(.embedding)
    try source.prepare(name, on: pool)
    let distinct = Set(tokens).sorted()
    var place: [Int32: Int] = [:]
    for (index, token) in distinct.enumerated() { place[token] = index }
    var table = [Float](repeating: 0, count: distinct.count * hidden)
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
    }
    var states = [Float](repeating: 0, count: tokens.count * hidden)
    try pool.forEachTile(of: &states, tile: 256 * hidden) { [table, place] offset, rows in
      for row in 0..<rows.count / hidden {
        guard let from = place[tokens[offset / hidden + row]] else { continue }
        for index in 0..<hidden { rows[row * hidden + index] = table[from * hidden + index] }
      }
    }
    return states
  }
}
