/// One coordinate of a search: its name, its values, where it starts, and when it matters.
public struct SearchParameter: Codable, Hashable, Sendable {
  public enum Kind: Codable, Hashable, Sendable {
    /// A real number; `range` nil means unbounded, which needs a `step`.
    ///
    /// `step` is the initial standard deviation in the user's units (nil: a fixed share of the
    /// range).
    case real(range: ClosedRange<Double>?, start: Double, step: Double? = nil)
    /// A whole number; `start` may lie between two, as the mean of a distribution may.
    case integer(range: ClosedRange<Int>, start: Double, step: Double? = nil)
    /// One of `choices`; `initial` holds their prior probabilities (nil: all equal).
    case categorical(choices: [String], initial: [Double]? = nil)
  }

  /// Unique in its space, such as `weight.arith[0]` or `ties.density`.
  public var name: String
  public var kind: Kind
  /// All must hold for the parameter to matter; empty: always.
  public var activeWhen: [Condition]

  public init(_ name: String, _ kind: Kind, activeWhen: [Condition] = []) {
    self.name = name
    self.kind = kind
    self.activeWhen = activeWhen
  }
}

/// Holds when at least one of `parameters`, itself active, has one of `values`.
public struct Condition: Codable, Hashable, Sendable {
  /// Names of categorical or integer parameters of the same space.
  public var parameters: [String]
  /// Choices of a categorical parameter, or integers in decimal digits.
  public var values: [String]

  public init(_ parameter: String, isOneOf values: [String]) {
    self.init(anyOf: [parameter], isOneOf: values)
  }

  public init(anyOf parameters: [String], isOneOf values: [String]) {
    self.parameters = parameters
    self.values = values
  }
}

extension SearchParameter.Kind {
  /// The lowest and highest value a genome may hold for this kind.
  package var bounds: ClosedRange<Double> {
    switch self {
    case .real(let range, _, _):
      range ?? -Double.greatestFiniteMagnitude...(.greatestFiniteMagnitude)
    case .integer(let range, _, _): Double(range.lowerBound)...Double(range.upperBound)
    case .categorical(let choices, _): 0...Double(choices.count - 1)
    }
  }

  /// Whether a genome holds whole numbers for this kind.
  var isDiscrete: Bool {
    if case .real = self { return false }
    return true
  }

  /// The value of a genome that starts where the user said; the first of the likeliest choices.
  package var startValue: Double {
    switch self {
    case .real(_, let start, _): return start
    case .integer(let range, let start, _):
      let rounded = start.rounded(.toNearestOrAwayFromZero)
      return min(max(rounded, Double(range.lowerBound)), Double(range.upperBound))
    case .categorical(let choices, let initial):
      guard let initial, let largest = initial.max() else { return 0 }
      return Double(initial.firstIndex(of: largest) ?? choices.startIndex)
    }
  }

  /// The genome value that a condition's text names, if there is one.
  package func value(named text: String) -> Double? {
    switch self {
    case .real: return nil
    case .integer(let range, _, _):
      guard let value = Int(text), range.contains(value) else { return nil }
      return Double(value)
    case .categorical(let choices, _): return choices.firstIndex(of: text).map(Double.init)
    }
  }
}
