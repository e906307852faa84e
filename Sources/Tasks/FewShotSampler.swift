import Diagnostics
import Documents
import Randomness

/// Chooses the examples of every question as lm-eval's samplers `first_n` and `default` do.
struct FewShotSampler {
  private let settings: FewShotSettings
  private let pool: [TaskRow]

  init(_ settings: FewShotSettings, pool: [TaskRow]) {
    self.settings = settings
    self.pool = pool
  }

  /// Positions in the pool, for each row of a sequence that is evaluated in this order.
  ///
  /// - Throws: ``Diagnostic`` if too few rows of the pool differ from a row.
  func examples(for rows: [TaskRow]) throws(Diagnostic) -> [[Int]] {
    switch settings.order {
    case .first:
      return try rows.map { row throws(Diagnostic) in
        let others = pool.indices.lazy.filter { !isOwn(pool[$0], row) }
        return try checked(Array(others.prefix(settings.count)), row)
      }
    case .random(let seed):
      var random = PythonRandom(seed: seed)
      return try rows.map { row throws(Diagnostic) in
        try checked(draw(for: row, &random), row)
      }
    }
  }

  private func draw(for row: TaskRow, _ random: inout PythonRandom) -> [Int] {
    let count = settings.count
    guard settings.excludesOwnRow else { return random.sample(count, of: pool.count) }
    let drawn = random.sample(count + 1, of: pool.count).filter { !isOwn(pool[$0], row) }
    if drawn.count >= count { return Array(drawn.prefix(count)) }
    // Several rows of the pool equal this one: again, without them.
    let others = pool.indices.filter { !isOwn(pool[$0], row) }
    guard others.count >= count else { return others }
    return random.sample(count, of: others.count).map { others[$0] }
  }

  private func isOwn(_ candidate: TaskRow, _ row: TaskRow) -> Bool {
    settings.excludesOwnRow && candidate.columns == row.columns
  }

  private func checked(_ positions: [Int], _ row: TaskRow) throws(Diagnostic) -> [Int] {
    guard positions.count == settings.count else {
      throw Diagnostic(
        "\(settings.count) examples are asked for, but the pool has \(positions.count) rows besides this one",
        at: row.location, fix: "ask for fewer examples or add rows to the pool")
    }
    return positions
  }
}

extension FewShotSettings.Order {
  var isFirst: Bool { if case .first = self { true } else { false } }
}
