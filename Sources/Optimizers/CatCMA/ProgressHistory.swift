/// What the scores of past generations say about going on.
///
/// Reference: Hansen, arXiv 1604.00772, appendix B; flat generations after BIPOP, GECCO 2009.
struct ProgressHistory: Sendable, Codable {
  /// Best and median cost of every ranked generation, oldest first; lower is better.
  private var best: [Double] = []
  private var median: [Double] = []
  /// Range of the costs of the latest generation.
  private var latestRange = 0.0
  /// Whether the leading quarter of each recent generation was tied.
  private var flat: [Bool] = []
  private(set) var voidGenerations = 0

  private static let longest = 20_000

  /// Takes the scores of one generation, best first; candidates without one are absent.
  mutating func record(_ scores: [Double], populationSize: Int, dimension: Int) {
    voidGenerations = 0
    guard let first = scores.first, let last = scores.last else { return }
    best.append(-first)
    median.append(-Self.median(of: scores))
    latestRange = first - last
    if best.count > Self.longest {
      best.removeFirst()
      median.removeFirst()
    }
    let depth = Int((0.1 + Double(populationSize) / 4).rounded(.up))
    flat.append(depth < scores.count && scores[depth] == first)
    if flat.count > max(dimension, 5) { flat.removeFirst() }
  }

  /// Median cost of the last ranked generation.
  var latestMedian: Double? { median.last }

  mutating func recordVoid() { voidGenerations += 1 }

  /// Five flat generations in a row.
  var isFlat: Bool { flat.count >= 5 && flat.suffix(5).allSatisfy { $0 } }

  /// TolFun: neither the bests of the last generations nor the latest costs differ.
  func isConstant(populationSize: Int, dimension: Int) -> Bool {
    let window = 10 + Int((30 * Double(dimension) / Double(populationSize)).rounded(.up))
    guard best.count >= window, latestRange < 1e-12 else { return false }
    let recent = best.suffix(window)
    return (recent.max() ?? 0) - (recent.min() ?? 0) < 1e-12
  }

  /// EqualFun: more than a third of the last n generations were flat.
  func hasEqualScores(dimension: Int) -> Bool {
    let recent = flat.suffix(max(1, dimension))
    return recent.count >= dimension && 3 * recent.count { $0 } > recent.count
  }

  /// Neither bests nor medians of the window's end are better than those of its beginning.
  func isStagnant(populationSize: Int, dimension: Int) -> Bool {
    let least = 120 + 30 * Double(dimension) / Double(populationSize)
    let window = min(Int(max(least, 0.2 * Double(best.count))), Self.longest)
    guard best.count >= window else { return false }
    let part = max(1, window * 3 / 10)
    func gained(_ values: [Double]) -> Bool {
      let recent = values.suffix(window)
      return Self.median(of: recent.suffix(part)) < Self.median(of: recent.prefix(part))
    }
    return !gained(best) && !gained(median)
  }

  private static func median(of values: some Collection<Double>) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
