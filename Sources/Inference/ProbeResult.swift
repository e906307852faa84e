/// What a model says about one token after one prefix.
public struct ProbeResult: Sendable, Hashable {
  /// Natural logarithm of the token's probability; logits in single, sums in double precision.
  public let logProbability: Double
  /// The most likely token; of equal ones the lowest id.
  public let best: Int
  /// Whether the token is ``best``.
  public let isArgmax: Bool

  public init(logProbability: Double, best: Int, isArgmax: Bool) {
    self.logProbability = logProbability
    self.best = best
    self.isArgmax = isArgmax
  }
}
