/// What a caller says of a task in the place of its file.
public struct TaskOverrides: Sendable {
  /// The metric that a search improves, such as `acc` or `exact_match,strict-match`, and where that is
  /// written.
  public struct Objective: Sendable {
    public var metric: String
    public var location: String

    public init(metric: String, location: String) {
      self.metric = metric
      self.location = location
    }
  }

  /// Worked examples in front of every question; as in lm-eval, a file that says 0 keeps to it.
  public var shots: Int?
  public var objective: Objective?

  public init(shots: Int? = nil, objective: Objective? = nil) {
    self.shots = shots
    self.objective = objective
  }
}
