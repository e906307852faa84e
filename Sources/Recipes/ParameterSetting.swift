/// A scalar, or a gradient: a piecewise-linear curve over the depth of a slice.
public enum ParameterCurve: Hashable, Sendable {
  case constant(ParameterScalar)
  /// Never empty.
  case gradient([ParameterScalar])

  /// A gradient of reals.
  public static func gradient(_ values: [Double]) -> ParameterCurve {
    .gradient(values.map(ParameterScalar.real))
  }

  /// The value at depth `t` in 0...1; nil where a gradient of integers is not whole.
  ///
  /// Reals and integers interpolate; booleans take the entry at `trunc(t·(K−1))`.
  public func value(at t: Double) -> ParameterScalar? {
    guard case .gradient(let values) = self else {
      guard case .constant(let value) = self else { return nil }
      return value
    }
    let position = t * Double(values.count - 1)
    let lower = Int(position)
    let upper = min(values.count - 1, lower + 1)
    let fraction = position - Double(lower)
    switch (values[lower], values[upper]) {
    case (.real(let low), .real(let high)):
      return .real((1 - fraction) * low + fraction * high)
    case (.integer(let low), .integer(let high)):
      let value = (1 - fraction) * Double(low) + fraction * Double(high)
      return Int(exactly: value).map(ParameterScalar.integer)
    default:
      return values[lower]
    }
  }

  /// Every value that is written out.
  public var scalars: [ParameterScalar] {
    switch self {
    case .constant(let value): [value]
    case .gradient(let values): values
    }
  }
}

/// What one level of a recipe says about a parameter: curves with filters on tensor names.
public struct ParameterSetting: Hashable, Sendable {
  /// A curve for the tensors whose names contain `filter`; nil matches all.
  public struct Clause: Hashable, Sendable {
    public var filter: String?
    public var curve: ParameterCurve

    public init(filter: String? = nil, _ curve: ParameterCurve) {
      self.filter = filter
      self.curve = curve
    }
  }

  /// Never empty; the first that matches counts.
  public let clauses: [Clause]

  public init(_ clauses: [Clause]) {
    precondition(!clauses.isEmpty, "a setting needs a clause")
    self.clauses = clauses
  }

  public init(_ curve: ParameterCurve) { self.init([Clause(curve)]) }

  public static func real(_ value: Double) -> ParameterSetting { Self(.constant(.real(value))) }

  public static func boolean(_ value: Bool) -> ParameterSetting {
    Self(.constant(.boolean(value)))
  }

  public static func gradient(_ values: [Double]) -> ParameterSetting { Self(.gradient(values)) }

  /// The curve for a tensor; nil if no filter matches, so that the next level is asked.
  ///
  /// A filter is a case-sensitive substring of the name.
  public func curve(for tensor: String) -> ParameterCurve? {
    clauses.first { clause in clause.filter.map { tensor.contains(utf8: $0) } ?? true }?.curve
  }

  /// Whether every tensor gets a value.
  public var isUnconditional: Bool { clauses.contains { $0.filter == nil } }
}

/// The settings of one level of a recipe.
public struct ParameterSettings: Hashable, Sendable, ExpressibleByDictionaryLiteral {
  private var settings: [ParameterName: ParameterSetting] = [:]

  public init() {}

  public init(dictionaryLiteral elements: (ParameterName, ParameterSetting)...) {
    for (name, setting) in elements { settings[name] = setting }
  }

  public subscript(name: ParameterName) -> ParameterSetting? {
    get { settings[name] }
    set { settings[name] = newValue }
  }

  /// In alphabetical order.
  public var names: [ParameterName] {
    settings.keys.sorted { $0.rawValue < $1.rawValue }
  }

  public var isEmpty: Bool { settings.isEmpty }
}

extension String {
  /// Substring test on UTF-8, so that no two spellings of a character are confused.
  fileprivate func contains(utf8 part: String) -> Bool {
    let text = Array(utf8)
    let needle = Array(part.utf8)
    guard needle.count <= text.count else { return false }
    return (0...(text.count - needle.count)).contains { start in
      text[start..<(start + needle.count)].elementsEqual(needle)
    }
  }
}
